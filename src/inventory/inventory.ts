/**
 * What exists, since when, and what changed. One inventory is one store: a SQLite file that one process writes, or a
 * PostgreSQL database. Its parts are grouped by what they are about; whatever is asked for and is not there, is wrong or
 * cannot be done now rejects with an `InventoryProblem`.
 *
 * `who` is the name of the person or token that asks: it stands in the audit log.
 */
import type { Delta } from "../sensor/delta.ts";
import type {
  AuditRow,
  BegunSignIn,
  Delivery,
  DeliveryQuery,
  DueDelivery,
  Forwarder,
  ForwarderRequest,
  ForwarderTarget,
  Preferences,
  Role,
  SignedIn,
  TokenRow,
} from "./administration.ts";
import type {
  ApiDetail,
  ApiFacets,
  ApiHints,
  ApiPatch,
  ApiQuery,
  ApiRow,
  Caller,
  Change,
  ChangeQuery,
  Comparison,
  DocumentOptions,
  DocumentText,
  EndpointDetail,
  EndpointQuery,
  EndpointRow,
  Finding,
  FindingQuery,
  HintsPreview,
  ImportResult,
  Overview,
  Page,
  SensorKind,
  SensorRow,
  ServiceMap,
  Version,
  VersionDiff,
} from "./rows.ts";
import type { ClusterNames } from "./services.ts";
import type { EndpointSeries, Traffic } from "./trafficrows.ts";

export interface InventoryOptions {
  /** `sqlite:PATH` (`sqlite::memory:` for one that is forgotten) or `postgres://…`. */
  readonly url: string;
  /** Tests set their own. */
  readonly now?: () => number;
  /** How long an API rests after a delta before it is inferred again; 2 s where it is left out. */
  readonly inferAfterMs?: number;
  /** Preferences of a new store that differ from the usual ones. */
  readonly preferences?: Partial<Preferences>;
  /** Who is who in the cluster that the server runs in. */
  readonly cluster?: ClusterNames;
}

export interface IngestResult {
  readonly accepted: number;
  readonly duplicates: number;
  /** That can never be merged, among others that were. */
  readonly refused: number;
}

/** Who sent deltas, where that is more than their own names say. */
export interface IngestOptions {
  readonly kind?: SensorKind;
  readonly version?: string;
}

export type InventoryEvent =
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "api"; readonly api: string }
  | { readonly kind: "sensor"; readonly sensor: string }
  | { readonly kind: "finding"; readonly finding: string }
  /** Rights changed, or events were missed: whoever listens is to ask anew. */
  | { readonly kind: "anew" };

export interface Inventory {
  /** The installation's key for hashes of identifiers, made with the store. */
  readonly hashKey: Uint8Array;
  /**
   * Merges deltas and notes their names in one transaction: when this resolves they are durable. A delta that is known by
   * its name is left out. Rejects with `busy`, `disk-full` or `unavailable`: then they may come again as they are; and with
   * `invalid` where the one delta can never be merged. Deltas must not be used afterwards.
   */
  ingest(deltas: readonly Delta[], options?: IngestOptions): Promise<IngestResult>;
  readonly apis: Apis;
  readonly endpoints: Endpoints;
  readonly documents: Documents;
  readonly hints: HintStore;
  readonly imports: Imports;
  readonly feed: Feed;
  readonly sensors: Sensors;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly forwarding: Forwarding;
  readonly preferences: PreferenceStore;
  readonly audit: Audit;
  /** What happens from now on; call the result to end it. A listener that throws is not heard. */
  onEvent(listener: (event: InventoryEvent) => void): () => void;
  /** Ages statuses, drops what is past its retention, takes up what waits. Call about once a minute. */
  tick(nowMs: number): Promise<void>;
  /** Resolves when nothing waits to be inferred. */
  settled(): Promise<void>;
  /** Counts for `/metrics`, by name in snake_case. */
  figures(): Promise<Record<string, number>>;
  /** Whether the store answers; rejects with `unavailable`. */
  ping(): Promise<void>;
  /** Writes the whole store to a file of its own, while it is in use. Gives its bytes. */
  backup(path: string): Promise<number>;
  close(): Promise<void>;
}

export interface Apis {
  list(query: ApiQuery): Promise<Page<ApiRow>>;
  facets(query: ApiQuery): Promise<ApiFacets>;
  detail(api: string): Promise<ApiDetail>;
  patch(api: string, patch: ApiPatch, who: string): Promise<ApiDetail>;
  triage(apis: readonly string[], patch: ApiPatch, who: string): Promise<ApiRow[]>;
  /** `apis` become part of `into`. */
  merge(into: string, apis: readonly string[], who: string): Promise<ApiDetail>;
  /** The sources leave and become an API of their own, which is answered. */
  split(api: string, sources: readonly string[], who: string): Promise<ApiDetail>;
  traffic(api: string, fromMs: number, toMs: number): Promise<Traffic>;
  callers(api: string): Promise<Caller[]>;
  map(): Promise<ServiceMap>;
  overview(sinceMs?: number): Promise<Overview>;
}

export interface Endpoints {
  /** Of all APIs, or of one. */
  list(query: EndpointQuery): Promise<Page<EndpointRow>>;
  detail(api: string, endpoint: string): Promise<EndpointDetail>;
  traffic(api: string, endpoint: string, fromMs: number, toMs: number): Promise<Traffic>;
  /** Of all endpoints of an API that were called in this time. */
  series(api: string, fromMs: number, toMs: number): Promise<EndpointSeries>;
}

export interface Documents {
  text(api: string, options: DocumentOptions): Promise<DocumentText>;
  versions(api: string, query?: { cursor?: string; limit?: number }): Promise<Page<Version>>;
  diff(api: string, from: number, to: number): Promise<VersionDiff>;
}

export interface HintStore {
  get(api: string): Promise<ApiHints>;
  put(api: string, hints: ApiHints, who: string): Promise<ApiHints>;
  /** What the hints would change; nothing is kept. */
  preview(api: string, hints: ApiHints): Promise<HintsPreview>;
  /** Those of all APIs, by the servers that they are for: what sensors may obey while they listen. */
  all(): Promise<readonly HintsOfServers[]>;
}

/** Hints with the servers of one API. */
export interface HintsOfServers extends ApiHints {
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
}

export interface Imports {
  /** Compares the API with this description from now on; where `api` is null it is found by the servers. */
  put(api: string | null, text: string, who: string): Promise<ImportResult>;
  /** Rejects with `not-found` where nothing was imported. */
  comparison(api: string): Promise<Comparison>;
  remove(api: string, who: string): Promise<void>;
}

export interface Feed {
  /** The newest first; with a cursor, those before it. */
  changes(query: ChangeQuery): Promise<Page<Change>>;
  /** The oldest first: what came after the change with this id, for a reader that was away. */
  changesAfter(id: string, limit: number): Promise<Change[]>;
  /** The heaviest first. */
  findings(query: FindingQuery): Promise<Page<Finding>>;
  judge(
    finding: string,
    state: "open" | "accepted",
    reason: string | undefined,
    who: string,
  ): Promise<Finding>;
}

export interface Sensors {
  list(): Promise<SensorRow[]>;
  /** What the sensor said about itself: the JSON of its status page. */
  report(name: string, status: Record<string, unknown>): Promise<void>;
  remove(name: string, who: string): Promise<void>;
  /** Addresses that others than this sensor report lately as servers. */
  coveredAddresses(exceptSensor: string): Promise<string[]>;
}

export interface Tokens {
  list(): Promise<TokenRow[]>;
  /** The only time that the token itself is shown. */
  create(name: string, role: Role, who: string): Promise<TokenRow & { token: string }>;
  remove(id: string, who: string): Promise<void>;
  /** Whose token this is; null where it is none. Takes the same time for any that is none. */
  verify(token: string): Promise<TokenRow | null>;
}

/** Known at every server of the same store. Secrets are kept as digests; where there are too many, the oldest end. */
export interface Sessions {
  begin(secret: string, session: SignedIn, untilMs: number): Promise<void>;
  find(secret: string): Promise<SignedIn | null>;
  end(secret: string): Promise<void>;
  beginSignIn(state: string, begun: BegunSignIn, untilMs: number): Promise<void>;
  /** Only once, whichever server is asked. */
  takeSignIn(state: string): Promise<BegunSignIn | null>;
}

export interface Forwarding {
  /** Without secrets. */
  list(): Promise<Forwarder[]>;
  create(request: ForwarderRequest, who: string): Promise<Forwarder>;
  /** A secret that is left out stays as it was, where the target's kind does. */
  update(id: string, request: ForwarderRequest, who: string): Promise<Forwarder>;
  remove(id: string, who: string): Promise<void>;
  /** With its secrets, for who sends to it. */
  target(id: string): Promise<ForwarderTarget>;
  deliveries(query: DeliveryQuery): Promise<Page<Delivery>>;
  /** Claims deliveries for a minute; whoever sends answers with one of the two below. */
  due(nowMs: number, limit: number): Promise<DueDelivery[]>;
  /** Claims them for a minute more. Gives the ids of those that are still this claim's, and no other server's. */
  hold(claimed: readonly Pick<DueDelivery, "id" | "attempts">[]): Promise<ReadonlySet<string>>;
  delivered(id: string): Promise<void>;
  /** `retryAtMs` null: it is dead until a person sends it again. */
  failed(id: string, problem: string, retryAtMs: number | null): Promise<void>;
  /** Sends a delivered or dead one again. */
  retry(id: string, who: string): Promise<Delivery>;
  /** The changes of a delivery, those that still exist. */
  changes(ids: readonly string[]): Promise<Change[]>;
}

export interface PreferenceStore {
  get(): Promise<Preferences>;
  put(preferences: Preferences, who: string): Promise<Preferences>;
}

export interface Audit {
  /** The newest first. */
  list(query: { cursor?: string; limit?: number; api?: string }): Promise<Page<AuditRow>>;
  undo(entry: string, who: string): Promise<AuditRow>;
  /** What a person did elsewhere than in the store, and nothing takes back. */
  note(what: string, message: string, who: string): Promise<void>;
}

/** Opens the store, and makes or migrates it first. Refuses, as a `UsageError`, one that is newer than this program. */
export async function openInventory(options: InventoryOptions): Promise<Inventory> {
  const { open } = await import("./open.ts");
  return open(options);
}
