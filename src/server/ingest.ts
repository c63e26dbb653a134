/** The way of deltas into the inventory, the same for sensors far away and for those within this process. */
import { serverLimits } from "../base/limits.ts";
import type {
  HintsOfServers,
  IngestOptions,
  IngestResult,
  Inventory,
} from "../inventory/inventory.ts";
import { InventoryProblem } from "../inventory/problem.ts";
import type { SensorRow } from "../inventory/rows.ts";
import { parseCorrections } from "../sensor/corrections.ts";
import { type Batch, type Delta, decodeBatch, decodeDelta } from "../sensor/delta.ts";
import type { Outcome, ServerAnswer, Transport } from "../sensor/transport.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { inCluster, isOfCluster } from "../telemetry/workload.ts";
import type { DeltaAnswer } from "./contract.ts";
import { Refusal } from "./problem.ts";
import { ProxyCopies } from "./proxycopies.ts";

const BUSY_RETRY_S = 2;
/** What sensors are told is looked up anew after this. */
const TOLD_MS = 10_000;

/** What the server's own cluster tells of addresses; those of other clusters may be the same. */
export interface Routes {
  /** Its name, with which the names of its nodes and sensors begin; empty where there is but one. */
  readonly cluster: string;
  /** Addresses of Services behind which all that listen are reported. */
  servicesBefore(reported: ReadonlySet<string>): readonly string[];
  /** Nodes of all that may answer at an address; none where that is not known. */
  nodesBehind(ip: string, port: number): readonly string[];
}

const isLively = ({ kind, health }: SensorRow): boolean => kind === "tap" && health !== "silent";

/** Takes batches in, as many at a time as memory allows; who comes beyond that is asked to come again. */
export class Ingest {
  readonly #inventory: Inventory;
  #sensors: Set<string> | null = null;
  #requests = 0;
  #bytes = 0;
  /** Batches that were turned away. */
  refused = 0;
  deltas = 0;
  duplicates = 0;
  /** Summaries of calls that another sensor heard arrive. */
  copies = 0;
  /** Where the server runs in a cluster. */
  routes: Routes | null = null;
  readonly #proxyCopies = new ProxyCopies();
  #lively: { readonly atMs: number; readonly names: Promise<ReadonlySet<string>> } | null = null;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** Runs `work` for a request of `bytes`, or refuses it where too much is under way. */
  async admit<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    if (
      this.#requests >= serverLimits.deltaRequestsMax ||
      this.#bytes + bytes > serverLimits.deltaWaitingBytesMax
    ) {
      this.refused += 1;
      throw new Refusal(429, "too many deltas wait to be stored", {
        headers: { "retry-after": String(BUSY_RETRY_S) },
      });
    }
    this.#requests += 1;
    this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#requests -= 1;
      this.#bytes -= bytes;
    }
  }

  /** `value` is the JSON of a batch. Throws a `Refusal` where it is none. */
  async take(value: unknown, options: IngestOptions): Promise<DeltaAnswer> {
    const deltas = decodeBatch(value);
    if (typeof deltas === "string") throw new Refusal(422, deltas);
    const { accepted, duplicates, refused } = await this.store(deltas, options);
    if (refused > 0) throw new Refusal(422, someRefused(refused));
    return { ...(await this.answer(deltas[0]?.sensor)), accepted, duplicates };
  }

  /** What a sensor is told whether it sent deltas or not. */
  async answer(sensor: string | undefined): Promise<DeltaAnswer> {
    const covered = await this.#covered(sensor);
    const hints = await this.hints();
    return {
      v: 1,
      accepted: 0,
      duplicates: 0,
      hashKey: Buffer.from(this.#inventory.hashKey).toString("base64"),
      ...(covered === null ? {} : { coveredAddresses: covered }),
      ...(hints.length === 0 ? {} : { hints }),
    };
  }

  /** Throws a `Refusal` where there would be too many sensors; they keep what they know meanwhile. */
  async admitSensor(name: string): Promise<void> {
    if (this.#sensors === null) {
      const rows = await this.#inventory.sensors.list();
      this.#sensors ??= new Set(rows.map((row) => row.name));
    }
    if (this.#sensors.has(name)) return;
    if (this.#sensors.size >= serverLimits.sensorsMax) {
      throw new Refusal(503, "there are too many sensors; remove some that are gone", {
        headers: { "retry-after": "600" },
      });
    }
    this.#sensors.add(name);
  }

  /** Names of sensors are read anew. */
  forgetSensors(): void {
    this.#sensors = null;
  }

  async store(deltas: readonly Delta[], options: IngestOptions): Promise<IngestResult> {
    if (deltas.length === 0) return { accepted: 0, duplicates: 0, refused: 0 };
    for (const { sensor } of deltas) await this.admitSensor(sensor);
    const isProxy = options.kind === "collect";
    const counted = (await this.#withoutCopies(deltas)).map((delta) => ({
      ...delta,
      summaries: this.#proxyCopies.take(delta.summaries, isProxy, Date.now()),
    }));
    const result = await this.#inventory.ingest(counted, options);
    this.deltas += result.accepted;
    this.duplicates += result.duplicates;
    return result;
  }

  /**
   * Without the client's side of calls to a node whose own tap hears them arrive. That tap knows the workload; a sensor on
   * another node saw an address only, under which the call would count once more.
   */
  async #withoutCopies(deltas: readonly Delta[]): Promise<readonly Delta[]> {
    const { routes } = this;
    const isNameless = ({ key }: ApiSummary): boolean => key.workload === "";
    if (routes === null || !deltas.some(({ summaries }) => summaries.some(isNameless)))
      return deltas;
    const lively = await this.#livelySensors();
    const isCopy = (summary: ApiSummary, sensor: string): boolean => {
      const { key, serverAddresses } = summary;
      if (!isNameless(summary) || serverAddresses.size === 0) return false;
      if (!isOfCluster(sensor, routes.cluster)) return false;
      return [...serverAddresses.keys()].every((address) => {
        const nodes = routes.nodesBehind(address, key.port);
        return nodes.some((node) => node !== sensor) && nodes.every((node) => lively.has(node));
      });
    };
    return deltas.map((delta) => {
      const summaries = delta.summaries.filter((summary) => !isCopy(summary, delta.sensor));
      this.copies += delta.summaries.length - summaries.length;
      return summaries.length === delta.summaries.length ? delta : { ...delta, summaries };
    });
  }

  #livelySensors(): Promise<ReadonlySet<string>> {
    const nowMs = Date.now();
    if (this.#lively === null || nowMs - this.#lively.atMs > TOLD_MS) {
      const names = this.#inventory.sensors
        .list()
        .then((rows) => new Set(rows.filter(isLively).map(({ name }) => name)));
      this.#lively = { atMs: nowMs, names };
      names.catch(() => {
        this.#lively = null;
      });
    }
    return this.#lively.names;
  }

  #hintsCache: { readonly atMs: number; readonly hints: readonly HintsOfServers[] } | null = null;

  /** Of all APIs, as sensors are told. */
  async hints(): Promise<readonly HintsOfServers[]> {
    const nowMs = Date.now();
    if (this.#hintsCache === null || nowMs - this.#hintsCache.atMs >= TOLD_MS) {
      this.#hintsCache = { atMs: nowMs, hints: await this.#inventory.hints.all() };
    }
    return this.#hintsCache.hints;
  }

  readonly #coveredCache = new Map<
    string,
    { readonly atMs: number; readonly addresses: string[] }
  >();

  async #covered(sensor: string | undefined): Promise<string[] | null> {
    if (sensor === undefined) return null;
    const nowMs = Date.now();
    const cached = this.#coveredCache.get(sensor);
    if (cached !== undefined && nowMs - cached.atMs < TOLD_MS) return cached.addresses;
    const { sensors } = this.#inventory;
    const addresses = [...(await sensors.coveredAddresses(sensor))];
    const { routes } = this;
    if (routes !== null && isOfCluster(sensor, routes.cluster)) {
      const reported = await sensors.coveredAddresses(inCluster(routes.cluster, ""));
      addresses.push(...routes.servicesBefore(new Set(reported)));
    }
    if (this.#coveredCache.size >= COVERED_SENSORS_MAX) this.#coveredCache.clear();
    this.#coveredCache.set(sensor, { atMs: nowMs, addresses });
    return addresses;
  }
}

/** Addresses of a sensor that are remembered for a moment: 4 MB each at most, few in practice. */
const COVERED_SENSORS_MAX = 64;

const someRefused = (count: number): string =>
  `${count === 1 ? "one of the deltas" : `${count} of the deltas`} cannot be merged; send each alone`;

/** From a sensor within this process: no network, the same deltas. */
export class InProcessTransport implements Transport {
  readonly target: string;
  readonly #ingest: Ingest;
  readonly #inventory: Inventory;
  readonly #options: IngestOptions;
  constructor(ingest: Ingest, inventory: Inventory, options: IngestOptions) {
    this.target = "this server";
    this.#ingest = ingest;
    this.#inventory = inventory;
    this.#options = options;
  }

  async publish(batch: Batch): Promise<Outcome> {
    const deltas: Delta[] = [];
    for (const { text } of batch.deltas) {
      const delta = decodeDelta(JSON.parse(text));
      if (typeof delta === "string") return { kind: "refused", reason: delta };
      deltas.push(delta);
    }
    try {
      const { accepted, refused } = await this.#ingest.store(deltas, this.#options);
      if (refused > 0) return { kind: "refused", reason: someRefused(refused) };
      const isDuplicate = deltas.length > 0 && accepted === 0;
      const answer: ServerAnswer = {
        hashKey: this.#inventory.hashKey,
        coveredAddresses: null,
        hints: parseCorrections(await this.#ingest.hints()),
      };
      return { kind: isDuplicate ? "duplicate" : "accepted", answer };
    } catch (error) {
      if (!(error instanceof InventoryProblem)) {
        return { kind: "unreachable", reason: (error as Error).message };
      }
      const { kind, message, retryAfterMs } = error;
      if (kind === "invalid") return { kind: "refused", reason: message };
      return { kind: "retry", afterMs: retryAfterMs, reason: message };
    }
  }

  async report(sensor: string, status: string): Promise<void> {
    try {
      await this.#inventory.sensors.report(sensor, JSON.parse(status) as Record<string, unknown>);
    } catch {
      // The next one comes soon.
    }
  }

  close(): void {}
}
