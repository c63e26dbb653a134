/**
 * What `/api/v1` takes and gives. The server validates with these schemas and describes itself by them; the page and the
 * command-line clients import the types alone. Times are milliseconds since the epoch. Ids are short, URL-safe and stable.
 * A list answers `{items, next}`: `next` is the cursor of the page behind it, null at the end. Errors are
 * `application/problem+json` (RFC 9457).
 */
import { type Static, type TEnum, type TSchema, Type } from "typebox";

const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const words = <Words extends string[]>(...values: Words): TEnum<Words> => Type.Enum<Words>(values);
const page = <Schema extends TSchema>(item: Schema) =>
  Type.Object({
    items: Type.Array(item),
    next: nullable(Type.String()),
    /** How many there are in all under the same filter; null where counting would cost too much. */
    total: nullable(Type.Integer()),
  });

export const Id = Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" });
const TimeMs = Type.Number({ description: "Milliseconds since the epoch" });
const Count = Type.Number({ minimum: 0 });
/** A share, 0 to 1. */
const Share = Type.Number({ minimum: 0, maximum: 1 });

export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String({ description: "What is wrong, what is allowed, what to do" })),
  problems: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  /** With 401: where single sign-on starts, where it is set up. */
  signInPath: Type.Optional(Type.String()),
});
export type Problem = Static<typeof Problem>;

// Who asks.

export const Role = words("viewer", "editor", "sensor");
export type Role = Static<typeof Role>;

export const Me = Type.Object({
  role: Role,
  name: Type.String(),
  version: Type.String(),
  /** How this person signed in; `open` where the server listens on loopback and asks nobody. */
  by: words("open", "token", "oidc", "certificate"),
  signInPath: nullable(
    Type.String({ description: "Where single sign-on starts, where it is set up" }),
  ),
});
export type Me = Static<typeof Me>;
/** Signs a person in with a token: the answer sets a cookie, which is the session from then on. */
export const SessionRequest = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
);
export type SessionRequest = Static<typeof SessionRequest>;

// APIs.

export const ApiStatus = words("new", "active", "changed", "unused", "ignored");
export type ApiStatus = Static<typeof ApiStatus>;
export const Origin = words("internal", "external", "both");
export type Origin = Static<typeof Origin>;
export const Severity = words("info", "low", "medium", "high");
export type Severity = Static<typeof Severity>;

export const ApiRow = Type.Object({
  id: Id,
  name: Type.String(),
  title: Type.String({
    description: "The name; where it is a host, with ports that tell it apart",
  }),
  status: ApiStatus,
  confirmed: Type.Boolean({ description: "A person said that it belongs here" }),
  owner: nullable(Type.String()),
  cluster: nullable(Type.String()),
  namespace: nullable(Type.String()),
  workloads: Type.Array(Type.String()),
  hosts: Type.Array(Type.String()),
  ports: Type.Array(Type.Integer()),
  /** Who called it: private addresses, public ones, or both. */
  origin: Origin,
  endpoints: Count,
  calls: Count,
  /** Calls answered with 4xx or 5xx, of all. */
  errorShare: Share,
  firstMs: TimeMs,
  lastMs: TimeMs,
  /** Kinds of credentials that were seen, such as `bearer-jwt`. */
  auth: Type.Array(Type.String()),
  /** Classes of sensitive data, such as `email`, `card`. */
  sensitive: Type.Array(Type.String()),
  /** 0 (harmless) to 10, from the weights in the settings. */
  score: Type.Number({ minimum: 0, maximum: 10 }),
  /** Open findings by severity. */
  findings: Type.Object({ info: Count, low: Count, medium: Count, high: Count }),
  labels: Type.Array(Type.String()),
  version: Type.Integer({ description: "Of its current document" }),
  /** Calls in each of the last 24 hours, oldest first. */
  recent: Type.Array(Count),
  hasImported: Type.Boolean({ description: "An imported description is compared with it" }),
});
export type ApiRow = Static<typeof ApiRow>;

export const ApiQuery = Type.Object({
  cursor: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  /** `calls`, `-calls`: a minus sorts down. */
  sort: Type.Optional(
    Type.String({ pattern: "^-?(name|calls|endpoints|errorShare|firstMs|lastMs|score|status)$" }),
  ),
  q: Type.Optional(
    Type.String({ maxLength: 200, description: "In name, host, workload, label or owner" }),
  ),
  /** Comma lists: any of them. */
  status: Type.Optional(Type.String()),
  cluster: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  host: Type.Optional(Type.String()),
  auth: Type.Optional(Type.String()),
  sensitive: Type.Optional(Type.String()),
  label: Type.Optional(Type.String()),
  owner: Type.Optional(Type.String()),
  origin: Type.Optional(Type.String()),
});
export type ApiQuery = Static<typeof ApiQuery>;
export const ApiPage = page(ApiRow);
export type ApiPage = Static<typeof ApiPage>;

/** What the filters of the list can be set to, with how many APIs have each. */
export const ApiFacets = Type.Record(
  words("status", "cluster", "namespace", "host", "auth", "sensitive", "label", "owner", "origin"),
  Type.Array(Type.Object({ value: Type.String(), count: Count })),
);
export type ApiFacets = Static<typeof ApiFacets>;

/** A finest key under which traffic was heard; an API is a set of them, and can be split along them. */
export const ApiSource = Type.Object({
  id: Id,
  workload: Type.String(),
  host: Type.String(),
  port: Type.Integer(),
  scheme: words("http", "https"),
  calls: Count,
});
export type ApiSource = Static<typeof ApiSource>;

export const ApiDetail = Type.Intersect([
  ApiRow,
  Type.Object({
    note: Type.String(),
    sources: Type.Array(ApiSource),
    services: Type.Array(
      Type.String({ description: "Service of a cluster that leads to it: cart.shop" }),
    ),
    servers: Type.Array(Type.String({ description: "Base URLs" })),
    securitySchemes: Type.Record(Type.String(), Type.Unknown()),
    /** What a limit or sampling cost the knowledge of this API, by the limit's name. */
    limits: Type.Record(Type.String(), Count),
    imported: nullable(
      Type.Object({ title: Type.String(), version: Type.String(), importedMs: TimeMs }),
    ),
  }),
]);
export type ApiDetail = Static<typeof ApiDetail>;

/** A change by a person; what is left out stays. */
export const ApiPatch = Type.Partial(
  Type.Object({
    name: Type.String({ minLength: 1, maxLength: 200 }),
    owner: nullable(Type.String({ maxLength: 200 })),
    labels: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 32 }),
    note: Type.String({ maxLength: 10_000 }),
    confirmed: Type.Boolean(),
    ignored: Type.Boolean(),
  }),
  { additionalProperties: false },
);
export type ApiPatch = Static<typeof ApiPatch>;
/** The same change to many APIs. */
export const Triage = Type.Object({
  apis: Type.Array(Id, { minItems: 1, maxItems: 1000 }),
  patch: ApiPatch,
});
export type Triage = Static<typeof Triage>;
export const MergeRequest = Type.Object({
  into: Id,
  apis: Type.Array(Id, { minItems: 1, maxItems: 100 }),
});
export type MergeRequest = Static<typeof MergeRequest>;
/** The sources leave the API and become one of their own. */
export const SplitRequest = Type.Object({
  sources: Type.Array(Id, { minItems: 1, maxItems: 100 }),
});
export type SplitRequest = Static<typeof SplitRequest>;

// Endpoints.

export const EndpointRow = Type.Object({
  id: Id,
  api: Id,
  apiName: Type.String(),
  method: Type.String(),
  path: Type.String({ description: "Template" }),
  operationId: Type.String(),
  summary: Type.String(),
  calls: Count,
  errorShare: Share,
  statusClasses: Type.Array(Count, { description: "1xx to 5xx" }),
  p50Ms: nullable(Type.Number()),
  p95Ms: nullable(Type.Number()),
  p99Ms: nullable(Type.Number()),
  firstMs: TimeMs,
  lastMs: TimeMs,
  auth: Type.Array(Type.String()),
  sensitive: Type.Array(Type.String()),
  findings: Count,
  deprecated: Type.Boolean(),
  /** Against the imported description; null where there is none. */
  compared: nullable(words("documented", "shadow", "orphan", "zombie", "drift")),
  recent: Type.Array(Count, { description: "Calls in each of the last 24 hours, oldest first" }),
});
export type EndpointRow = Static<typeof EndpointRow>;
export const EndpointQuery = Type.Object({
  cursor: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, default: 500 })),
  sort: Type.Optional(Type.String({ pattern: "^-?(path|calls|errorShare|p95Ms|firstMs|lastMs)$" })),
  q: Type.Optional(Type.String({ maxLength: 200 })),
  api: Type.Optional(Type.String()),
  method: Type.Optional(Type.String()),
});
export type EndpointQuery = Static<typeof EndpointQuery>;
export const EndpointPage = page(EndpointRow);
export type EndpointPage = Static<typeof EndpointPage>;

export const EndpointDetail = Type.Intersect([
  EndpointRow,
  Type.Object({
    /** Its operation object of the current document (3.1.0, with `x-nta` evidence). */
    operation: Type.Record(Type.String(), Type.Unknown()),
    /** `components.schemas` and `components.securitySchemes` of that document. */
    components: Type.Record(Type.String(), Type.Unknown()),
    /** How inference came to each parameter of the path. */
    decisions: Type.Array(Type.Object({ segment: Type.String(), reason: Type.String() })),
    callers: Type.Array(
      Type.Object({ address: Type.String(), workload: nullable(Type.String()), calls: Count }),
    ),
  }),
]);
export type EndpointDetail = Static<typeof EndpointDetail>;

export const Callers = Type.Array(
  Type.Object({ address: Type.String(), workload: nullable(Type.String()), calls: Count }),
);
export type Callers = Static<typeof Callers>;

/** The last day where it is left out. */
export const TrafficQuery = Type.Object({
  fromMs: Type.Optional(TimeMs),
  toMs: Type.Optional(TimeMs),
});
/** Figures over time, of an API or one of its endpoints. */
export const Traffic = Type.Object({
  widthMs: Type.Number({ description: "Of a bucket" }),
  buckets: Type.Array(
    Type.Object({
      startMs: TimeMs,
      calls: Count,
      /** 1xx to 5xx. */
      statusClasses: Type.Array(Count),
      /** Null, as latencies are, where buckets are minutes: the last two hours of an API. */
      requestBytes: nullable(Count),
      responseBytes: nullable(Count),
      p50Ms: nullable(Type.Number()),
      p95Ms: nullable(Type.Number()),
      p99Ms: nullable(Type.Number()),
    }),
  ),
});
export type Traffic = Static<typeof Traffic>;

/** Of all endpoints of an API that were called in a time; each list has `count` values, one a bucket, oldest first. */
export const EndpointSeries = Type.Object({
  startMs: TimeMs,
  widthMs: Type.Number({ description: "Of a bucket" }),
  count: Count,
  endpoints: Type.Array(
    Type.Object({
      id: Id,
      calls: Type.Array(Count),
      /** Calls answered with 4xx or 5xx. */
      errors: Type.Array(Count),
      p95Ms: Type.Array(nullable(Type.Number())),
    }),
  ),
});
export type EndpointSeries = Static<typeof EndpointSeries>;

// Documents and their versions.

export const DocumentQuery = Type.Object({
  openapi: Type.Optional(words("3.0", "3.1")),
  format: Type.Optional(words("yaml", "json")),
  /** The current one where it is left out. */
  version: Type.Optional(Type.Integer({ minimum: 1 })),
  evidence: Type.Optional(Type.Boolean()),
});
/** Of lists without filters of their own. */
export const PageQuery = Type.Object({
  cursor: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
});

export const Version = Type.Object({
  version: Type.Integer(),
  createdMs: TimeMs,
  endpoints: Count,
  /** Of the document without evidence; the same content has the same hash anywhere. */
  hash: Type.String(),
  changes: Count,
  breaking: Count,
});
export type Version = Static<typeof Version>;
export const VersionPage = page(Version);
export type VersionPage = Static<typeof VersionPage>;

export const DifferenceRow = Type.Object({
  code: Type.String({ description: "Stable, such as `operation-removed`" }),
  breaking: Type.Boolean(),
  method: nullable(Type.String()),
  path: nullable(Type.String()),
  /** JSON pointer or field path inside the operation. */
  where: Type.String(),
  message: Type.String(),
});
export type DifferenceRow = Static<typeof DifferenceRow>;
export const VersionDiff = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  differences: Type.Array(DifferenceRow),
  /** Both documents as YAML without evidence, for a view side by side. */
  fromText: Type.String(),
  toText: Type.String(),
});
export type VersionDiff = Static<typeof VersionDiff>;

/** The form of `infer/hints.ts`; what is left out is empty. */
export const Hints = Type.Partial(
  Type.Object({
    pins: Type.Array(Type.String(), { maxItems: 1000 }),
    vetoes: Type.Array(Type.String(), { maxItems: 1000 }),
    renames: Type.Array(
      Type.Object({ path: Type.String(), from: Type.String(), to: Type.String() }),
      { maxItems: 1000 },
    ),
    ignores: Type.Array(Type.String(), { maxItems: 1000 }),
    ownHeaders: Type.Array(Type.String(), { maxItems: 1000 }),
  }),
  { additionalProperties: false },
);
export type Hints = Static<typeof Hints>;
/** What hints would change, before they are saved. */
export const HintsPreview = Type.Object({
  before: Type.Array(Type.Object({ method: Type.String(), path: Type.String(), calls: Count })),
  after: Type.Array(Type.Object({ method: Type.String(), path: Type.String(), calls: Count })),
});
export type HintsPreview = Static<typeof HintsPreview>;

// Comparison with an imported description.

export const ComparisonRow = Type.Object({
  kind: words("shadow", "orphan", "zombie", "drift"),
  code: Type.String(),
  method: Type.String(),
  path: Type.String(),
  where: Type.String(),
  message: Type.String(),
  count: Count,
  firstMs: nullable(TimeMs),
  lastMs: nullable(TimeMs),
});
export type ComparisonRow = Static<typeof ComparisonRow>;
export const Comparison = Type.Object({
  api: Id,
  title: Type.String(),
  importedMs: TimeMs,
  documented: Count,
  rows: Type.Array(ComparisonRow),
});
export type Comparison = Static<typeof Comparison>;
export const ImportResult = Type.Object({
  api: Id,
  title: Type.String(),
  operations: Count,
  problems: Type.Array(Type.Object({ path: Type.String(), message: Type.String() })),
});
export type ImportResult = Static<typeof ImportResult>;

// Changes and findings.

export const ChangeKind = words(
  "api-new",
  "endpoint-new",
  "endpoint-gone",
  "field-new",
  "status-new",
  "auth-changed",
  "breaking",
  "other",
);
export type ChangeKind = Static<typeof ChangeKind>;
export const Change = Type.Object({
  id: Id,
  atMs: TimeMs,
  api: Id,
  apiName: Type.String(),
  kind: ChangeKind,
  code: Type.String(),
  breaking: Type.Boolean(),
  method: nullable(Type.String()),
  path: nullable(Type.String()),
  where: Type.String(),
  message: Type.String(),
  version: Type.Integer(),
});
export type Change = Static<typeof Change>;
export const ChangeQuery = Type.Object({
  cursor: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  api: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  breaking: Type.Optional(Type.Boolean()),
  sinceMs: Type.Optional(Type.Number()),
});
export type ChangeQuery = Static<typeof ChangeQuery>;
export const ChangePage = page(Change);
export type ChangePage = Static<typeof ChangePage>;

export const FindingState = words("open", "accepted", "resolved");
export type FindingState = Static<typeof FindingState>;
export const Finding = Type.Object({
  id: Id,
  rule: Type.String({ description: "Stable, such as `unauthenticated-sibling`" }),
  title: Type.String(),
  severity: Severity,
  api: Id,
  apiName: Type.String(),
  method: nullable(Type.String()),
  path: nullable(Type.String()),
  endpoint: nullable(Id),
  /** Lines that say what was seen, in counts and names. */
  evidence: Type.Array(Type.String()),
  advice: Type.String(),
  state: FindingState,
  reason: nullable(Type.String()),
  firstMs: TimeMs,
  lastMs: TimeMs,
});
export type Finding = Static<typeof Finding>;
export const FindingQuery = Type.Object({
  cursor: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  api: Type.Optional(Type.String()),
  rule: Type.Optional(Type.String()),
  severity: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
});
export type FindingQuery = Static<typeof FindingQuery>;
export const FindingPage = page(Finding);
export type FindingPage = Static<typeof FindingPage>;
export const FindingPatch = Type.Object({
  state: words("open", "accepted"),
  reason: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type FindingPatch = Static<typeof FindingPatch>;

// The whole.

export const Overview = Type.Object({
  apis: Count,
  endpoints: Count,
  calls: Count,
  errorShare: Share,
  byStatus: Type.Record(ApiStatus, Count),
  findings: Type.Object({ info: Count, low: Count, medium: Count, high: Count }),
  /** Calls an hour over the last seven days, oldest first. */
  recent: Type.Array(Type.Object({ startMs: TimeMs, calls: Count, errors: Count })),
  /** Calls a minute over the last hour, oldest first; empty where something was heard more than two hours ago. */
  lastHour: Type.Array(Type.Object({ startMs: TimeMs, calls: Count, errors: Count })),
  newApis: Type.Array(ApiRow),
  changes: Type.Array(Change),
  topFindings: Type.Array(Finding),
  sensors: Type.Object({ total: Count, healthy: Count, silent: Count, losing: Count }),
});
export type Overview = Static<typeof Overview>;
export const OverviewQuery = Type.Object({ sinceMs: Type.Optional(Type.Number()) });

/** Who calls whom. */
export const ServiceMap = Type.Object({
  nodes: Type.Array(
    Type.Object({
      id: Type.String(),
      label: Type.String(),
      kind: words("api", "workload", "internal", "external"),
      namespace: nullable(Type.String()),
      api: nullable(Id),
      calls: Count,
      errorShare: Share,
      findings: Count,
    }),
  ),
  edges: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String(),
      /**
       * The API that passed the calls on, as ids of requests show: estimated from a sample. The same calls stand on the edges
       * to and from it as well.
       */
      via: nullable(Type.String()),
      calls: Count,
      errorShare: Share,
    }),
  ),
});
export type ServiceMap = Static<typeof ServiceMap>;

// Sensors.

export const SensorRow = Type.Object({
  name: Type.String(),
  kind: words("tap", "collect", "import", "door"),
  version: nullable(Type.String()),
  firstMs: TimeMs,
  lastMs: TimeMs,
  health: words("healthy", "silent", "losing"),
  calls: Count,
  deltas: Count,
  duplicates: Count,
  /** Packets, drops and refusals by reason, summed over its deltas. */
  coverage: Type.Record(Type.String(), Count),
  /** What its own status page said last (`sensor/status.ts`), null where it sends none. */
  status: nullable(Type.Record(Type.String(), Type.Unknown())),
  /** What that means, in words: the doctor's lines. */
  explanation: Type.Array(Type.String()),
});
export type SensorRow = Static<typeof SensorRow>;
export const SensorPage = page(SensorRow);
export type SensorPage = Static<typeof SensorPage>;

/** What a sensor gets back for its deltas. */
export const DeltaAnswer = Type.Object({
  v: Type.Literal(1),
  accepted: Count,
  duplicates: Count,
  hashKey: Type.Optional(Type.String({ description: "Base64" })),
  coveredAddresses: Type.Optional(Type.Array(Type.String())),
  hints: Type.Optional(Type.Unknown()),
});
export type DeltaAnswer = Static<typeof DeltaAnswer>;

// Uploads of captures, HAR files and descriptions.

export const Upload = Type.Object({
  id: Id,
  name: Type.String(),
  kind: words("capture", "har", "openapi"),
  state: words("running", "done", "failed", "cancelled"),
  bytes: Count,
  bytesDone: Count,
  exchanges: Count,
  apis: Type.Array(Id),
  problem: nullable(Type.String()),
  startedMs: TimeMs,
});
export type Upload = Static<typeof Upload>;
export const UploadPage = page(Upload);
export type UploadPage = Static<typeof UploadPage>;

// Administration.

export const TokenRow = Type.Object({
  id: Id,
  name: Type.String(),
  role: Role,
  createdMs: TimeMs,
  usedMs: nullable(TimeMs),
});
export type TokenRow = Static<typeof TokenRow>;
export const TokenPage = page(TokenRow);
export type TokenPage = Static<typeof TokenPage>;
export const TokenRequest = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  role: Role,
});
export type TokenRequest = Static<typeof TokenRequest>;
/** The only time that the token itself is shown. */
export const TokenMade = Type.Intersect([TokenRow, Type.Object({ token: Type.String() })]);
export type TokenMade = Static<typeof TokenMade>;

export const ForwarderTarget = Type.Union([
  Type.Object({ kind: Type.Literal("directory"), path: Type.String() }),
  Type.Object({
    kind: Type.Literal("git"),
    url: Type.String(),
    branch: Type.String(),
    folder: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal("s3"),
    endpoint: Type.String(),
    region: Type.String(),
    bucket: Type.String(),
    prefix: Type.String(),
    accessKeyId: Type.String(),
    /** Written, never read back. */
    secretAccessKey: Type.Optional(Type.String()),
  }),
  Type.Object({
    kind: Type.Literal("http"),
    method: words("POST", "PUT"),
    /** `{api}`, `{name}`, `{version}` and `{document}` are filled in, here and in the body. */
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    body: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal("webhook"),
    url: Type.String(),
    /** Signs each body (HMAC-SHA256). Written, never read back. */
    secret: Type.Optional(Type.String()),
    /** Kinds of changes that are sent; empty for all. */
    kinds: Type.Array(Type.String()),
  }),
]);
export type ForwarderTarget = Static<typeof ForwarderTarget>;
export const ForwarderRequest = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  enabled: Type.Boolean(),
  target: ForwarderTarget,
});
export type ForwarderRequest = Static<typeof ForwarderRequest>;
export const Forwarder = Type.Intersect([
  ForwarderRequest,
  Type.Object({
    id: Id,
    lastMs: nullable(TimeMs),
    lastProblem: nullable(Type.String()),
    waiting: Count,
    dead: Count,
  }),
]);
export type Forwarder = Static<typeof Forwarder>;
export const ForwarderPage = page(Forwarder);
export type ForwarderPage = Static<typeof ForwarderPage>;
export const Delivery = Type.Object({
  id: Id,
  forwarder: Id,
  subject: Type.String({ description: "What was to be sent" }),
  state: words("waiting", "delivered", "dead"),
  attempts: Count,
  nextMs: nullable(TimeMs),
  atMs: TimeMs,
  problem: nullable(Type.String()),
});
export type Delivery = Static<typeof Delivery>;
export const DeliveryQuery = Type.Object({
  ...PageQuery.properties,
  forwarder: Type.Optional(Type.String()),
  state: Type.Optional(words("waiting", "delivered", "dead")),
});
export const DeliveryPage = page(Delivery);
export type DeliveryPage = Static<typeof DeliveryPage>;

/** A delta that no server merged, put aside by the one that had it from the broker. */
export const DeadLetter = Type.Object({
  id: Id,
  atMs: TimeMs,
  /** Of the delta: sensor, epoch, shard and number; null where its sender did not say. */
  name: nullable(Type.String()),
  reason: Type.String(),
  bytes: Count,
});
export type DeadLetter = Static<typeof DeadLetter>;
export const DeadLetterPage = page(DeadLetter);
export type DeadLetterPage = Static<typeof DeadLetterPage>;

/** What people may set while the server runs. */
export const Preferences = Type.Object({
  unusedAfterDays: Type.Integer({ minimum: 1, maximum: 365 }),
  newForDays: Type.Integer({ minimum: 0, maximum: 365 }),
  trafficRetentionDays: Type.Integer({ minimum: 1, maximum: 3650 }),
  changeRetentionDays: Type.Integer({ minimum: 1, maximum: 3650 }),
  forwardMinEndpoints: Type.Integer({ minimum: 1, maximum: 1000 }),
  /** Weights of the score by what they weigh; each 0 to 10. */
  weights: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 10 })),
});
export type Preferences = Static<typeof Preferences>;

export const AuditRow = Type.Object({
  id: Id,
  atMs: TimeMs,
  who: Type.String(),
  what: Type.String({ description: "Stable, such as `api.merge`" }),
  message: Type.String(),
  api: nullable(Id),
  undoable: Type.Boolean(),
  undoneMs: nullable(TimeMs),
});
export type AuditRow = Static<typeof AuditRow>;
export const AuditQuery = Type.Object({
  ...PageQuery.properties,
  api: Type.Optional(Type.String()),
});
export const AuditPage = page(AuditRow);
export type AuditPage = Static<typeof AuditPage>;

// Live.

/** Server-sent events of `/api/v1/events`: the event's name is `kind`, its data is this as JSON. */
export type ServerEvent =
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "api"; readonly api: string }
  | { readonly kind: "sensor"; readonly sensor: string }
  | { readonly kind: "upload"; readonly upload: Upload }
  | { readonly kind: "finding"; readonly finding: string };

/**
 * Paths under `/api/v1`, one name each. `:x` stands for an id. Writing needs the role `editor`, deltas and status the role
 * `sensor`.
 *
 *     GET    /me  /overview  /map
 *     POST   /session ({token}: sets a cookie)     DELETE /session (signs out)
 *     GET    /apis  /apis/facets  /apis.csv  /apis/:api          PATCH /apis/:api      POST /apis/triage  /apis/merge  /apis/:api/split
 *     GET    /apis/:api/endpoints  /apis/:api/endpoints/:endpoint  /endpoints
 *     GET    /apis/:api/traffic  /apis/:api/endpoints/:endpoint/traffic     (?fromMs&toMs)
 *     GET    /apis/:api/callers
 *     GET    /apis/:api/document     (?openapi=3.0|3.1&format=yaml|json&version=N&evidence=true|false; ETag)
 *     GET    /apis/:api/versions  /apis/:api/versions/:from/diff/:to
 *     GET    /apis/:api/hints        PUT the same       POST /apis/:api/hints/preview
 *     GET    /apis/:api/comparison   DELETE /apis/:api/imported   PUT /apis/:api/imported (body: the description)
 *     POST   /imports (body: an OpenAPI description; the API is found by its servers, or ?api=)
 *     GET    /changes  /findings     PATCH /findings/:finding
 *     GET    /sensors                PUT /sensors/:sensor/status     DELETE /sensors/:sensor
 *     POST   /deltas
 *     POST   /uploads?name=… (body: the file)     GET /uploads  /uploads/:upload     DELETE /uploads/:upload (cancels)
 *     GET    /backup (the whole store as a file)
 *     GET    /tokens  /forwarders  /deliveries  /audit  /preferences  /archive  /apis.json  /backstage
 *     POST   /tokens  /forwarders  /forwarders/:forwarder/test  /deliveries/:delivery/retry  /audit/:entry/undo
 *     PUT    /forwarders/:forwarder  /preferences       DELETE /tokens/:token  /forwarders/:forwarder
 *     GET    /dead-letters  POST /dead-letters/:letter/send-again  DELETE /dead-letters/:letter
 *     GET    /events (server-sent events; ?after=changeId)
 *     GET    /openapi.json
 */
export const API_PREFIX = "/api/v1";
