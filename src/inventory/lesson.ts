/** What is handed to the thread that infers, and what comes back: plain values and bytes. */
import type { ApiKey } from "../telemetry/summary.ts";
import type {
  ApiHints,
  Compared,
  ComparisonRow,
  DifferenceRow,
  HintsPreview,
  Origin,
  Severity,
} from "./rows.ts";

/** All pieces of a source. */
export interface LessonSource {
  readonly id: string;
  readonly key: ApiKey;
  readonly pieces: readonly { readonly path: string; readonly data: Uint8Array }[];
}

export interface Lesson {
  readonly api: string;
  readonly sources: readonly LessonSource[];
  readonly hints: ApiHints;
  readonly hashKey: Uint8Array;
  /** The description that a person imported, packed. */
  readonly imported: Uint8Array | null;
  /** What was last seen before is an orphan. */
  readonly orphanBeforeMs: number;
}

export interface LearnLesson extends Lesson {
  /** The version before: both documents, packed (`DocumentPair`), and their hash. */
  readonly previous: { readonly data: Uint8Array; readonly hash: string } | null;
  readonly weights: Readonly<Record<string, number>>;
}

/** Both documents without evidence, as JSON. */
export interface DocumentPair {
  readonly "3.0": unknown;
  readonly "3.1": unknown;
}

export interface LearnedEndpoint {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly calls: number;
  readonly errors: number;
  readonly statusClasses: readonly number[];
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly auth: readonly string[];
  readonly sensitive: readonly string[];
  readonly deprecated: boolean;
  readonly compared: Compared | null;
  readonly nodes: readonly {
    readonly source: string;
    readonly node: string;
    readonly operation: string;
  }[];
  readonly callers: readonly (readonly [address: string, calls: number])[];
}

export interface LearnedFinding {
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly method: string | null;
  readonly path: string | null;
  readonly endpoint: string | null;
  readonly evidence: readonly string[];
  readonly advice: string;
}

export interface Learned {
  /** Null where no endpoint was concluded. */
  readonly title: string | null;
  readonly hosts: readonly string[];
  readonly servers: readonly string[];
  readonly securitySchemes: Readonly<Record<string, unknown>>;
  readonly endpoints: readonly LearnedEndpoint[];
  readonly auth: readonly string[];
  readonly sensitive: readonly string[];
  readonly origin: Origin;
  readonly score: number;
  readonly callers: readonly (readonly [address: string, calls: number, errors: number])[];
  /** Requests that it answered, as keyed hashes, with who sent them. */
  readonly traces: readonly (readonly [hash: number, caller: string])[];
  readonly findings: readonly LearnedFinding[];
  readonly hash: string;
  /** Null where they are those of the version before. */
  readonly documents: Uint8Array | null;
  readonly differences: readonly DifferenceRow[];
  /** Null where nothing is imported. */
  readonly comparison: {
    readonly documented: number;
    readonly rows: readonly ComparisonRow[];
  } | null;
  /** Sources that have more than telemetry's limits allow. */
  readonly overfull: readonly string[];
}

/** A source cut down to telemetry's limits, by its rules: all pieces that are left. */
export interface Tidied {
  readonly pieces: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface DocumentLesson extends Lesson {
  readonly openapi: "3.0" | "3.1";
  readonly format: "yaml" | "json";
  readonly title: string | null;
}

export interface EndpointLesson extends Lesson {
  readonly method: string;
  readonly path: string;
}

export interface LearnedOperation {
  readonly operation: Readonly<Record<string, unknown>>;
  readonly components: Readonly<Record<string, unknown>>;
  readonly decisions: readonly { readonly segment: string; readonly reason: string }[];
}

export interface PreviewLesson extends Lesson {
  readonly proposed: ApiHints;
}

/** What the thread does, by name. */
export interface Tasks {
  learn(lesson: LearnLesson): Learned;
  tidy(source: LessonSource): Tidied;
  /** The document with evidence. */
  document(lesson: DocumentLesson): string;
  endpoint(lesson: EndpointLesson): LearnedOperation;
  preview(lesson: PreviewLesson): HintsPreview;
  /** A document of a version as text. */
  text(lesson: {
    documents: Uint8Array;
    openapi: "3.0" | "3.1";
    format: "yaml" | "json";
    title: string | null;
  }): string;
  diff(lesson: { from: Uint8Array; to: Uint8Array }): {
    differences: DifferenceRow[];
    fromText: string;
    toText: string;
  };
  describe(lesson: { text: string }): Described;
}

/** What an imported description is, or why it is none. */
export interface Described {
  readonly title: string;
  readonly version: string;
  readonly hosts: readonly string[];
  readonly operations: number;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly isUsable: boolean;
}
