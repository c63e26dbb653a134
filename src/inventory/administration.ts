/** What an administrator keeps in the inventory: tokens, forwarders and what waits for them, preferences, the audit log. */

export type Role = "viewer" | "editor" | "sensor";

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdMs: number;
  readonly usedMs: number | null;
}

/** A person who signed in with a browser. */
export interface SignedIn {
  readonly name: string;
  readonly role: Role;
  readonly by: "token" | "oidc";
  /** The token that it began with: the session ends with it. Null where that is no row of the store. */
  readonly token: string | null;
  /** A digest of the settings that gave the role: where they changed, the session counts no more. */
  readonly basis: string;
}

/** What a sign-in at a provider needs when the browser comes back. */
export interface BegunSignIn {
  readonly verifier: string;
  readonly nonce: string;
}

export type ForwarderTarget =
  | { readonly kind: "directory"; readonly path: string }
  | {
      readonly kind: "git";
      readonly url: string;
      readonly branch: string;
      readonly folder: string;
    }
  | {
      readonly kind: "s3";
      readonly endpoint: string;
      readonly region: string;
      readonly bucket: string;
      readonly prefix: string;
      readonly accessKeyId: string;
      readonly secretAccessKey?: string;
    }
  | {
      readonly kind: "http";
      readonly method: "POST" | "PUT";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | {
      readonly kind: "webhook";
      readonly url: string;
      readonly secret?: string;
      /** Kinds of changes that are sent; empty for all. */
      readonly kinds: readonly string[];
    };

export interface ForwarderRequest {
  readonly name: string;
  readonly enabled: boolean;
  readonly target: ForwarderTarget;
}

export interface Forwarder extends ForwarderRequest {
  readonly id: string;
  readonly lastMs: number | null;
  readonly lastProblem: string | null;
  readonly waiting: number;
  readonly dead: number;
}

export interface Delivery {
  readonly id: string;
  readonly forwarder: string;
  /** What was to be sent, in words. */
  readonly subject: string;
  readonly state: "waiting" | "delivered" | "dead";
  readonly attempts: number;
  readonly nextMs: number | null;
  readonly atMs: number;
  readonly problem: string | null;
}

/** What a delivery is about: the current document of an API, or changes by their ids. */
export type DeliveryContent =
  | { readonly kind: "document"; readonly api: string }
  | { readonly kind: "changes"; readonly api: string; readonly changes: readonly string[] };

/** A delivery whose time has come; claimed for a while, so that no other asks for it meanwhile. */
export interface DueDelivery {
  readonly id: string;
  readonly forwarder: string;
  readonly attempts: number;
  /** With its secrets. */
  readonly target: ForwarderTarget;
  readonly content: DeliveryContent;
}

export interface DeliveryQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly forwarder?: string;
  readonly state?: string;
}

/** What people may set while the server runs. */
export interface Preferences {
  readonly unusedAfterDays: number;
  readonly newForDays: number;
  readonly trafficRetentionDays: number;
  readonly changeRetentionDays: number;
  readonly forwardMinEndpoints: number;
  /** Weights of the score by what they weigh; each 0 to 10. */
  readonly weights: Record<string, number>;
}

export interface AuditRow {
  readonly id: string;
  readonly atMs: number;
  readonly who: string;
  /** Stable, such as `api.merge`. */
  readonly what: string;
  readonly message: string;
  readonly api: string | null;
  readonly undoable: boolean;
  readonly undoneMs: number | null;
}
