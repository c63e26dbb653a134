/** An open inventory: its parts put together around one store. */

import { keyIdOf } from "../sensor/hashkey.ts";
import { apiCallers, apiDetail, apiTraffic } from "./apidetail.ts";
import { facetsOf, listApis } from "./apilist.ts";
import { addAudit, createAudit } from "./auditlog.ts";
import type { Context } from "./context.ts";
import { backupStore } from "./copying.ts";
import { createDocuments } from "./documents.ts";
import { createEndpoints } from "./endpointlist.ts";
import { createFeed } from "./feed.ts";
import { createForwarding } from "./forwarding.ts";
import { createHints } from "./hintstore.ts";
import { createImports } from "./imports.ts";
import { Inference } from "./inference.ts";
import { Ingest } from "./ingest.ts";
import type {
  Apis,
  Inventory,
  InventoryEvent,
  InventoryOptions,
  PreferenceStore,
} from "./inventory.ts";
import { Learner } from "./learner.ts";
import { overviewOf, serviceMap } from "./overview.ts";
import { PreferenceCache } from "./preferences.ts";
import { Replicas } from "./replicas.ts";
import { Retention } from "./retention.ts";
import { createSensors } from "./sensors.ts";
import { createSessions } from "./sessions.ts";
import { summed } from "./statements.ts";
import { openStore, type Store } from "./store.ts";
import { createTokens } from "./tokens.ts";
import { mergeApis, patchApi, splitApi, triage } from "./triage.ts";

const REST_MS = 2_000;

export async function open(options: InventoryOptions): Promise<Inventory> {
  const store = await openStore(options.url);
  const context = await contextOf(store, options);
  await context.inference.resume();
  const retention = new Retention(context);
  await retention.prepare(context.now());
  return {
    hashKey: context.hashKey,
    ingest: (deltas, ingestOptions) => context.ingest.ingest(deltas, ingestOptions ?? {}),
    apis: createApis(context),
    endpoints: createEndpoints(context),
    documents: createDocuments(context),
    hints: createHints(context),
    imports: createImports(context),
    feed: createFeed(context),
    sensors: createSensors(context),
    tokens: createTokens(context),
    sessions: createSessions(context),
    forwarding: createForwarding(context),
    preferences: createPreferences(context),
    audit: createAudit(context),
    onEvent: context.listen,
    tick: (nowMs) => retention.tick(nowMs),
    settled: async () => {
      await context.ingest.idle();
      await context.inference.settled();
    },
    figures: () => figuresOf(context),
    ping: () =>
      store.read(
        async (db) => void (await db.selectFrom("meta").select("name").limit(1).execute()),
      ),
    backup: (path) => backupStore(store, path),
    close: () => close(context),
  };
}

type OpenContext = Context & {
  readonly replicas: Replicas;
  listen(listener: (event: InventoryEvent) => void): () => void;
};

async function contextOf(store: Store, options: InventoryOptions): Promise<OpenContext> {
  const now = options.now ?? Date.now;
  const cluster = options.cluster ?? null;
  const { value } = await store.read((db) =>
    db.selectFrom("meta").select("value").where("name", "=", "hash-key").executeTakeFirstOrThrow(),
  );
  const hashKey = Buffer.from(value, "base64");
  const learner = new Learner();
  const preferences = new PreferenceCache(store, options.preferences ?? {});
  const listeners = new Set<(event: InventoryEvent) => void>();
  const hear = (event: InventoryEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        // Who listens answers for itself; what happened stays.
      }
    }
  };
  const replicas = new Replicas(store, options.url, hear);
  await replicas.listen();
  const emit = (event: InventoryEvent): void => {
    hear(event);
    replicas.tell(event);
  };
  const ingest = new Ingest(store, keyIdOf(hashKey), now, ({ apis, sensors }) => {
    for (const [api, isNovel] of apis) inference.want(api, isNovel ? "soon" : "some time");
    for (const sensor of sensors) emit({ kind: "sensor", sensor });
  });
  const inference: Inference = new Inference({
    store,
    learner,
    hashKey,
    now,
    cluster,
    restMs: options.inferAfterMs ?? REST_MS,
    preferences: () => preferences.get(),
    onConcluded: (api, { changes, findings }) => {
      for (const change of changes) emit({ kind: "change", change });
      for (const finding of findings) emit({ kind: "finding", finding });
      emit({ kind: "api", api });
    },
    onTidied: () => ingest.forget(),
  });
  return {
    store,
    now,
    hashKey,
    learner,
    ingest,
    inference,
    preferences,
    cluster,
    replicas,
    emit,
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const createApis = (context: Context): Apis => ({
  list: (query) => listApis(context, query),
  facets: (query) => facetsOf(context, query),
  detail: (api) => apiDetail(context, api),
  patch: (api, patch, who) => patchApi(context, api, patch, who),
  triage: (apis, patch, who) => triage(context, apis, patch, who),
  merge: (into, apis, who) => mergeApis(context, into, apis, who),
  split: (api, sources, who) => splitApi(context, api, sources, who),
  traffic: (api, fromMs, toMs) => apiTraffic(context, api, fromMs, toMs),
  callers: (api) => apiCallers(context, api),
  map: () => serviceMap(context),
  overview: (sinceMs) => overviewOf(context, sinceMs),
});

const createPreferences = ({ preferences, store, now, inference }: Context): PreferenceStore => ({
  get: () => preferences.get(),
  put: async (value, who) => {
    const before = await preferences.get();
    await preferences.put(value);
    await store.write((tx) =>
      addAudit(tx, {
        nowMs: now(),
        who,
        what: "preferences.change",
        message: "the preferences were changed",
        api: null,
        undo: null,
      }),
    );
    if (JSON.stringify(before.weights) !== JSON.stringify(value.weights)) {
      const rows = await store.read((db) =>
        db.selectFrom("apis").select("id").where("version", ">", 0).execute(),
      );
      for (const { id } of rows) inference.want(id);
    }
    return preferences.get();
  },
});

async function figuresOf({
  store,
  ingest,
  inference,
  learner,
}: Context): Promise<Record<string, number>> {
  const counts = await store.read(async (db) => {
    const { apis, endpoints, calls } = await db
      .selectFrom("apis")
      .where("merged_into", "is", null)
      .select((eb) => [
        eb.fn.countAll<number>().as("apis"),
        eb.fn.sum<number>("endpoints").as("endpoints"),
        summed("calls").as("calls"),
      ])
      .executeTakeFirstOrThrow();
    const sensors = await db
      .selectFrom("sensors")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return {
      apis: Number(apis),
      endpoints: Number(endpoints),
      calls: Number(calls),
      sensors: Number(sensors.count),
    };
  });
  return {
    ...counts,
    operations_merged_total: ingest.operationsMerged,
    operations_waiting: ingest.waitingOperations,
    deltas_refused_busy_total: ingest.deltasRefused,
    deltas_unmergeable_total: ingest.deltasUnmergeable,
    deltas_under_another_key_total: ingest.deltasUnderAnotherKey,
    inferences_total: inference.inferred,
    inferences_failed_total: inference.failed,
    inferences_waiting: inference.waiting,
    lessons_waiting: learner.waiting,
  };
}

async function close({ ingest, inference, learner, store, replicas }: OpenContext): Promise<void> {
  await ingest.idle();
  const stopped = inference.close();
  await learner.close();
  await stopped;
  await replicas.close();
  await store.close();
}
