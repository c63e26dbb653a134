/**
 * What the inventory answers: plain values, fresh for each call. Times are milliseconds since the epoch, ids are short and
 * URL-safe, shares are 0 to 1. The server's contract has the same forms, so its routes hand them on as they are.
 */

export interface Page<Row> {
  readonly items: Row[];
  /** Cursor of the page behind this one; null at the end. */
  readonly next: string | null;
  /** How many there are in all under the same filter; null where counting would cost too much. */
  readonly total: number | null;
}

export type ApiStatus = "new" | "active" | "changed" | "unused" | "ignored";
/** Who called: private addresses, public ones, or both. */
export type Origin = "internal" | "external" | "both";
export type Severity = "info" | "low" | "medium" | "high";
export type SeverityCounts = Record<Severity, number>;

export interface ApiRow {
  readonly id: string;
  readonly name: string;
  /** The name; where it is a host, with ports that tell it apart. */
  readonly title: string;
  readonly status: ApiStatus;
  /** A person said that it belongs here. */
  readonly confirmed: boolean;
  readonly owner: string | null;
  readonly cluster: string | null;
  readonly namespace: string | null;
  readonly workloads: string[];
  readonly hosts: string[];
  readonly ports: number[];
  readonly origin: Origin;
  readonly endpoints: number;
  readonly calls: number;
  /** Calls answered with 4xx or 5xx, of all. */
  readonly errorShare: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Kinds of credentials that were seen, such as `bearer-jwt`. */
  readonly auth: string[];
  /** Classes of sensitive data, such as `email`, `card`. */
  readonly sensitive: string[];
  /** 0 (harmless) to 10. */
  readonly score: number;
  /** Open findings. */
  readonly findings: SeverityCounts;
  readonly labels: string[];
  /** Of its current document; 0 before the first. */
  readonly version: number;
  /** Calls in each of the last 24 hours, oldest first. */
  readonly recent: number[];
  readonly hasImported: boolean;
}

/** A finest key under which traffic was heard. */
export interface ApiSource {
  readonly id: string;
  readonly workload: string;
  readonly host: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly calls: number;
}

export interface ApiDetail extends ApiRow {
  readonly note: string;
  readonly sources: ApiSource[];
  /** Services of a cluster that lead to it: `cart.shop`. */
  readonly services: string[];
  /** Base URLs. */
  readonly servers: string[];
  readonly securitySchemes: Record<string, unknown>;
  /** What a limit or sampling cost, by the limit's name. */
  readonly limits: Record<string, number>;
  readonly imported: { title: string; version: string; importedMs: number } | null;
}

export type FacetName =
  | "status"
  | "cluster"
  | "namespace"
  | "host"
  | "auth"
  | "sensitive"
  | "label"
  | "owner"
  | "origin";
export type ApiFacets = Record<FacetName, { value: string; count: number }[]>;

/** Filters of the list; comma lists mean any of them. */
export interface ApiQuery {
  readonly cursor?: string;
  readonly limit?: number;
  /** `calls`, `-calls`: a minus sorts down. */
  readonly sort?: string;
  /** In name, host, workload, label or owner. */
  readonly q?: string;
  readonly status?: string;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly host?: string;
  readonly auth?: string;
  readonly sensitive?: string;
  readonly label?: string;
  readonly owner?: string;
  readonly origin?: string;
}

/** A change by a person; what is left out stays. */
export interface ApiPatch {
  readonly name?: string;
  readonly owner?: string | null;
  readonly labels?: readonly string[];
  readonly note?: string;
  readonly confirmed?: boolean;
  readonly ignored?: boolean;
}

export type Compared = "documented" | "shadow" | "orphan" | "zombie" | "drift";

export interface EndpointRow {
  readonly id: string;
  readonly api: string;
  readonly apiName: string;
  readonly method: string;
  /** Template. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly calls: number;
  readonly errorShare: number;
  /** 1xx to 5xx. */
  readonly statusClasses: number[];
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly auth: string[];
  readonly sensitive: string[];
  readonly findings: number;
  readonly deprecated: boolean;
  /** Against the imported description; null where there is none. */
  readonly compared: Compared | null;
  readonly recent: number[];
}

export interface EndpointQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly sort?: string;
  readonly q?: string;
  readonly api?: string;
  readonly method?: string;
}

export interface Caller {
  readonly address: string;
  /** Workload that has this address, where it is known. */
  readonly workload: string | null;
  readonly calls: number;
}

export interface EndpointDetail extends EndpointRow {
  /** Its operation object of the current document (3.1.0, with `x-nta` evidence). */
  readonly operation: Record<string, unknown>;
  /** `schemas`, `securitySchemes` and `responses` of that document. */
  readonly components: Record<string, unknown>;
  readonly decisions: { segment: string; reason: string }[];
  readonly callers: Caller[];
}

export interface DocumentOptions {
  readonly openapi: "3.0" | "3.1";
  readonly format: "yaml" | "json";
  /** The current one where it is left out. */
  readonly version?: number;
  /** Adds `x-nta` to the current version; past versions have none. */
  readonly evidence: boolean;
}

export interface DocumentText {
  readonly text: string;
  readonly version: number;
  /** Changes whenever the text does; without quotes. */
  readonly etag: string;
}

export interface Version {
  readonly version: number;
  readonly createdMs: number;
  readonly endpoints: number;
  /** Of the document without evidence. */
  readonly hash: string;
  readonly changes: number;
  readonly breaking: number;
}

export interface DifferenceRow {
  readonly code: string;
  readonly breaking: boolean;
  readonly method: string | null;
  readonly path: string | null;
  readonly where: string;
  readonly message: string;
}

export interface VersionDiff {
  readonly from: number;
  readonly to: number;
  readonly differences: DifferenceRow[];
  /** Both documents as YAML without evidence. */
  readonly fromText: string;
  readonly toText: string;
}

/** Hints of one API: those of `infer/hints.ts` that concern no other. */
export interface ApiHints {
  readonly pins?: readonly string[];
  readonly vetoes?: readonly string[];
  readonly renames?: readonly { path: string; from: string; to: string }[];
  readonly ignores?: readonly string[];
  readonly ownHeaders?: readonly string[];
}

export interface HintsPreview {
  readonly before: { method: string; path: string; calls: number }[];
  readonly after: { method: string; path: string; calls: number }[];
}

export interface ComparisonRow {
  readonly kind: "shadow" | "orphan" | "zombie" | "drift";
  readonly code: string;
  readonly method: string;
  readonly path: string;
  readonly where: string;
  readonly message: string;
  readonly count: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

export interface Comparison {
  readonly api: string;
  readonly title: string;
  readonly importedMs: number;
  /** Operations of the description that were seen. */
  readonly documented: number;
  readonly rows: ComparisonRow[];
}

export interface ImportResult {
  readonly api: string;
  readonly title: string;
  readonly operations: number;
  readonly problems: { path: string; message: string }[];
}

export type ChangeKind =
  | "api-new"
  | "endpoint-new"
  | "endpoint-gone"
  | "field-new"
  | "status-new"
  | "auth-changed"
  | "breaking"
  | "other";

export interface Change {
  /** Ids grow: what is newer has the greater one, compared as text. */
  readonly id: string;
  readonly atMs: number;
  readonly api: string;
  readonly apiName: string;
  readonly kind: ChangeKind;
  readonly code: string;
  readonly breaking: boolean;
  readonly method: string | null;
  readonly path: string | null;
  readonly where: string;
  readonly message: string;
  readonly version: number;
}

export interface ChangeQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly api?: string;
  readonly kind?: string;
  readonly breaking?: boolean;
  readonly sinceMs?: number;
}

export type FindingState = "open" | "accepted" | "resolved";

export interface Finding {
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly api: string;
  readonly apiName: string;
  readonly method: string | null;
  readonly path: string | null;
  readonly endpoint: string | null;
  /** Lines that say what was seen, in counts and names. */
  readonly evidence: string[];
  readonly advice: string;
  readonly state: FindingState;
  readonly reason: string | null;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface FindingQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly api?: string;
  readonly rule?: string;
  readonly severity?: string;
  readonly state?: string;
}

export interface Overview {
  readonly apis: number;
  readonly endpoints: number;
  readonly calls: number;
  readonly errorShare: number;
  readonly byStatus: Record<ApiStatus, number>;
  readonly findings: SeverityCounts;
  /** Calls an hour over the last seven days, oldest first. */
  readonly recent: { startMs: number; calls: number; errors: number }[];
  /** Calls a minute over the last hour, oldest first; empty where something was heard more than two hours ago. */
  readonly lastHour: { startMs: number; calls: number; errors: number }[];
  readonly newApis: ApiRow[];
  readonly changes: Change[];
  readonly topFindings: Finding[];
  readonly sensors: { total: number; healthy: number; silent: number; losing: number };
}

export interface ServiceMap {
  readonly nodes: {
    id: string;
    label: string;
    kind: "api" | "workload" | "internal" | "external";
    namespace: string | null;
    api: string | null;
    calls: number;
    errorShare: number;
    findings: number;
  }[];
  /** `via`: the proxy that passed the calls on; they are counted on its own edges as well. */
  readonly edges: {
    from: string;
    to: string;
    via: string | null;
    calls: number;
    errorShare: number;
  }[];
}

export type SensorKind = "tap" | "collect" | "import" | "door";

export interface SensorRow {
  readonly name: string;
  readonly kind: SensorKind;
  readonly version: string | null;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly health: "healthy" | "silent" | "losing";
  readonly calls: number;
  readonly deltas: number;
  readonly duplicates: number;
  /** Packets, drops and refusals by reason, summed over its deltas. */
  readonly coverage: Record<string, number>;
  /** What it said last about itself (`sensor/status.ts`), null where it never did. */
  readonly status: Record<string, unknown> | null;
  readonly explanation: string[];
}
