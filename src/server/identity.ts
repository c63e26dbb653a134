import type { Role } from "./contract.ts";

/** Who asks, once it is known. */
export interface Identity {
  readonly role: Role;
  readonly name: string;
  /** `open` where the server listens on loopback and asks nobody. */
  readonly by: "open" | "token" | "oidc" | "certificate";
  readonly tokenId: string | null;
}
