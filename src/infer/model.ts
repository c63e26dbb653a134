/**
 * What inference concluded of the APIs: plain values, apart from how a document spells them. `spec/` turns a
 * model into OpenAPI, and compares models; nothing here knows a version of that format.
 */

export interface Model {
  readonly apis: readonly Api[];
}

/** The endpoints that one service answers. */
export interface Api {
  readonly title: string;
  /** Host names that were joined, the one with most calls first. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly servers: readonly Server[];
  /** By the name under `components/securitySchemes`. */
  readonly securitySchemes: ReadonlyMap<string, SecurityScheme>;
  readonly tags: readonly Tag[];
  /** Sorted by path, then method. */
  readonly endpoints: readonly Endpoint[];
  /** What any operation may answer when it fails, as far as errors of the API are alike; null where too few were seen. */
  readonly errors: readonly Content[] | null;
  /** Recurring structures by name, sorted. */
  readonly components: ReadonlyMap<string, Schema>;
  readonly evidence: Evidence;
  readonly decisions: readonly Decision[];
}

export interface Server {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

export interface Tag {
  readonly name: string;
  readonly description: string;
}

/** How much traffic a conclusion rests on. */
export interface Evidence {
  /** Exchanges (for a field: objects) that showed it. */
  readonly count: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Part of the exchanges (objects) that could have shown it and did; 1 for what is always there. */
  readonly share: number;
  /** 0 to 1: lower bound, at 95 %, on how often a further exchange will agree. */
  readonly confidence: number;
}

export interface Endpoint {
  readonly method: string;
  readonly path: PathTemplate;
  readonly operation: Operation;
}

export interface PathTemplate {
  /** `/users/{userId}`; parameter names are unique in it. */
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** A segment is its parts side by side: literal text, and parameters by name. */
export interface Segment {
  readonly parts: readonly SegmentPart[];
}

export type SegmentPart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string };

export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  readonly request: Body | null;
  /** By status, ascending. */
  readonly responses: readonly Response[];
  /**
   * Alternatives, each a set of scheme names that are needed together; the empty set means that calls without
   * credentials succeeded. Empty where no credential was ever seen.
   */
  readonly security: readonly (readonly string[])[];
  readonly evidence: Evidence;
  /** What the call is, where the path alone does not say it. */
  readonly protocol: Protocol | null;
  /** What its messages are laid out by, where that is known under a name. */
  readonly convention: Convention | null;
}

export type Convention = "json-api" | "hal" | "odata";

/** Operations that share a path and a method: the selector tells them apart. */
export interface Protocol {
  readonly kind: "graphql" | "json-rpc" | "soap";
  readonly operations: readonly ProtocolOperation[];
}

export interface ProtocolOperation {
  /** `query:GetUser`, `user.get`, `GetPrice`. */
  readonly selector: string;
  readonly request: Body | null;
  readonly responses: readonly Response[];
  readonly evidence: Evidence;
}

export interface Parameter {
  readonly name: string;
  readonly place: "path" | "query" | "header" | "cookie";
  readonly required: boolean;
  readonly schema: Schema;
  readonly style: ParameterStyle;
  readonly evidence: Evidence;
}

/** `single`: one value. `repeated`: `a=1&a=2`. The lists: one value with a separator. `deep`: `a[b]=1`. */
export type ParameterStyle =
  | "single"
  | "repeated"
  | "comma-list"
  | "space-list"
  | "pipe-list"
  | "deep";

export interface Body {
  readonly required: boolean;
  /** By media type, sorted. */
  readonly contents: readonly Content[];
}

export interface Content {
  readonly mediaType: string;
  readonly schema: Schema;
  readonly evidence: Evidence;
}

export interface Response {
  readonly status: number;
  readonly contents: readonly Content[];
  readonly headers: readonly Parameter[];
  /** Operations that take what stands in the body; by operation id. */
  readonly links: readonly Link[];
  readonly evidence: Evidence;
}

export interface Link {
  readonly operationId: string;
  /** By name of a parameter of that operation: where its value comes from, as a runtime expression of OpenAPI. */
  readonly parameters: readonly (readonly [name: string, expression: string])[];
}

export type SecurityScheme =
  | { readonly kind: "http"; readonly scheme: string; readonly bearerFormat: string | null }
  | {
      readonly kind: "apiKey";
      readonly place: "header" | "query" | "cookie";
      readonly name: string;
    }
  | {
      readonly kind: "oauth2";
      /** Path of the token endpoint. */
      readonly tokenPath: string;
      readonly flows: readonly OauthFlow[];
    };

/** Those that a token endpoint alone describes. */
export type OauthFlow = "clientCredentials" | "password";

/** A set of JSON values. `nullable` adds null to whatever the kind says. */
export type Schema =
  | { readonly kind: "any"; readonly nullable: boolean }
  | { readonly kind: "boolean"; readonly nullable: boolean }
  | {
      readonly kind: "integer";
      readonly nullable: boolean;
      /** Null where values pass 64 bits. */
      readonly format: "int32" | "int64" | null;
    }
  | { readonly kind: "number"; readonly nullable: boolean }
  | {
      readonly kind: "string";
      readonly nullable: boolean;
      readonly format: string | null;
      /** All words, sorted; null where it is no enumeration. */
      readonly words: readonly string[] | null;
    }
  | { readonly kind: "array"; readonly nullable: boolean; readonly items: Schema }
  | ObjectSchema
  | {
      readonly kind: "union";
      readonly nullable: boolean;
      readonly options: readonly Schema[];
      readonly discriminator: Discriminator | null;
    }
  | { readonly kind: "ref"; readonly nullable: boolean; readonly name: string };

export interface ObjectSchema {
  readonly kind: "object";
  readonly nullable: boolean;
  /** Sorted by name. */
  readonly fields: readonly Field[];
  /** Schema of the values under names that are data, not structure; null where there are none. */
  readonly additional: Schema | null;
}

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
  /** Whether null is allowed here although it was only seen elsewhere. */
  readonly isNullAssumed: boolean;
  /** Whether it is a number although only integers were seen here. */
  readonly isFractionAssumed: boolean;
  readonly evidence: Evidence;
}

export interface Discriminator {
  readonly property: string;
  /** Word of the property to the component that describes it. */
  readonly mapping: ReadonlyMap<string, string>;
}

/** Why segments that stand at one place are literal or a parameter: the answer to `--explain`. */
export interface Decision {
  /** Template of what stands before the segment, `/repos/{}`. */
  readonly parent: string;
  /** The words and classes that it was about. */
  readonly subjects: readonly Subject[];
  /** `parameter` where those subjects that fit became one. */
  readonly outcome: "literal" | "parameter";
  /** Evidence of the group as a whole. */
  readonly reasons: readonly Reason[];
}

export interface Subject {
  readonly text: string;
  readonly outcome: "literal" | "parameter";
  readonly reasons: readonly Reason[];
}

/** A piece of evidence; a positive weight speaks for a parameter. */
export interface Reason {
  readonly text: string;
  readonly weight: number;
}
