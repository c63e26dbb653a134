/**
 * The tables, as kysely sees them. Booleans are 0 and 1, times are milliseconds, lists and objects are JSON as text, sets
 * that are filtered by are `|a|b|`. Ids that order things (`changes`, `audit`, `deliveries`) grow with time.
 */

/** What the store itself is: `schema`, `hash-key`, `preferences`. */
export interface MetaTable {
  name: string;
  value: string;
}

/** A finest key. `home` is the API that it belongs to by rule, `api` the one that it belongs to now. */
export interface SourceTable {
  id: string;
  workload: string;
  host: string;
  port: number;
  scheme: "http" | "https";
  home: string;
  api: string;
  calls: number;
  first_ms: number;
  last_ms: number;
  node_count: number;
  /** Server addresses with calls, and what limits cost: JSON objects. */
  addresses: string;
  limits: string;
  /** Calls by the minute of the last hours (`minutes.ts`). */
  minutes: string;
}

/**
 * A node of a source's path trie without its children: the piece in which summaries are kept, so that a delta rewrites
 * only what it speaks of. `node` is the path, or a digest of one that is long.
 */
export interface NodeTable {
  source: string;
  node: string;
  path: string;
  data: Uint8Array;
}

/**
 * Figures of a node over time, by operation. The node `*` is its source as a whole, and that of the source `*` the whole
 * inventory.
 */
export interface TrafficTable {
  source: string;
  node: string;
  start_ms: number;
  width_ms: number;
  calls: number;
  errors: number;
  data: string;
}

/** What a sensor sent last, by sensor, epoch and shard. `missing` are lower numbers that have not come. */
export interface SequenceTable {
  id: string;
  sensor: string;
  last: number;
  missing: string;
  seen_ms: number;
}

export interface SensorTable {
  name: string;
  kind: string;
  version: string | null;
  first_ms: number;
  last_ms: number;
  calls: number;
  deltas: number;
  duplicates: number;
  coverage: string;
  status: string | null;
}

/** The first block is what people said, the second what inference concluded and `status` what time did. */
export interface ApiTable {
  id: string;
  name: string | null;
  owner: string | null;
  labels: string;
  note: string;
  confirmed: number;
  ignored: number;
  merged_into: string | null;
  hints: string;

  created_ms: number;
  title: string;
  status: string;
  /** Null where clusters have no names. */
  cluster: string | null;
  namespace: string | null;
  workloads: string;
  hosts: string;
  ports: string;
  origin: string;
  endpoints: number;
  calls: number;
  errors: number;
  error_share: number;
  first_ms: number;
  last_ms: number;
  auth: string;
  sensitive: string;
  score: number;
  info: number;
  low: number;
  medium: number;
  high: number;
  version: number;
  changed_ms: number | null;
  recent: string;
  has_imported: number;
  /** Name, hosts, workloads, labels and owner in lower case. */
  search: string;
  /** What only the detail shows: JSON. */
  detail: string;
  /** Set where it waits to be inferred, and greater with each delta; null where it does not. */
  dirty_ms: number | null;
}

export interface EndpointTable {
  id: string;
  api: string;
  method: string;
  path: string;
  search: string;
  calls: number;
  error_share: number;
  p95_ms: number;
  first_ms: number;
  last_ms: number;
}

/** What endpoints are not sorted or filtered by, apart, so that searching all of them reads little: JSON. */
export interface EndpointFactsTable {
  id: string;
  api: string;
  /** What lists show (`EndpointData`). */
  data: string;
  /** What the detail needs (`EndpointHeard`). */
  heard: string;
}

/** What is searched of all endpoints of an API, each in a line, so that a search looks into few APIs: one row each. */
export interface EndpointTextTable {
  api: string;
  text: string;
}

export interface VersionTable {
  api: string;
  version: number;
  created_ms: number;
  endpoints: number;
  hash: string;
  changes: number;
  breaking: number;
  /** Both documents without evidence. */
  data: Uint8Array;
}

export interface ChangeTable {
  id: string;
  at_ms: number;
  api: string;
  kind: string;
  code: string;
  breaking: number;
  method: string | null;
  path: string | null;
  place: string;
  message: string;
  version: number;
}

export interface FindingTable {
  id: string;
  rule: string;
  title: string;
  severity: string;
  /** 0 (info) to 3 (high). */
  weight: number;
  api: string;
  method: string | null;
  path: string | null;
  endpoint: string | null;
  evidence: string;
  advice: string;
  state: string;
  reason: string | null;
  first_ms: number;
  last_ms: number;
}

export interface ImportTable {
  api: string;
  title: string;
  version: string;
  imported_ms: number;
  /** The description as it was given. */
  data: Uint8Array;
  documented: number;
  /** Rows of the comparison: JSON, packed. */
  comparison: Uint8Array | null;
}

export interface TokenTable {
  id: string;
  name: string;
  role: string;
  hash: string;
  created_ms: number;
  used_ms: number | null;
}

/** Who signed in with a browser; `id` is a digest of the cookie's value. */
export interface SessionTable {
  id: string;
  name: string;
  role: string;
  by_what: string;
  token: string | null;
  basis: string;
  until_ms: number;
}

/** Sign-ins at a provider that were begun; `id` is a digest of their state. */
export interface SignInTable {
  id: string;
  verifier: string;
  nonce: string;
  until_ms: number;
}

export interface ForwarderTable {
  id: string;
  name: string;
  enabled: number;
  target: string;
  last_ms: number | null;
  last_problem: string | null;
}

export interface DeliveryTable {
  id: string;
  forwarder: string;
  api: string;
  subject: string;
  content: string;
  state: string;
  attempts: number;
  at_ms: number;
  next_ms: number | null;
  problem: string | null;
}

export interface AuditTable {
  id: string;
  at_ms: number;
  who: string;
  what: string;
  message: string;
  api: string | null;
  /** What takes it back: JSON; null where nothing can. */
  undo: string | null;
  undone_ms: number | null;
}

export interface Database {
  meta: MetaTable;
  sources: SourceTable;
  nodes: NodeTable;
  traffic: TrafficTable;
  sequences: SequenceTable;
  sensors: SensorTable;
  apis: ApiTable;
  endpoints: EndpointTable;
  endpoint_facts: EndpointFactsTable;
  endpoint_texts: EndpointTextTable;
  versions: VersionTable;
  changes: ChangeTable;
  findings: FindingTable;
  imports: ImportTable;
  tokens: TokenTable;
  sessions: SessionTable;
  sign_ins: SignInTable;
  forwarders: ForwarderTable;
  deliveries: DeliveryTable;
  audit: AuditTable;
}

/** Every table with its key. */
export const TABLE_KEYS = {
  meta: ["name"],
  sources: ["id"],
  nodes: ["source", "node"],
  traffic: ["source", "node", "start_ms"],
  sequences: ["id"],
  sensors: ["name"],
  apis: ["id"],
  endpoints: ["id"],
  endpoint_facts: ["id"],
  endpoint_texts: ["api"],
  versions: ["api", "version"],
  changes: ["id"],
  findings: ["id"],
  imports: ["api"],
  tokens: ["id"],
  sessions: ["id"],
  sign_ins: ["id"],
  forwarders: ["id"],
  deliveries: ["id"],
  audit: ["id"],
} as const satisfies Readonly<Record<keyof Database, readonly string[]>>;
