import type { Change } from "../../inventory/rows.ts";

/** One thing to be sent. */
export type Item =
  | {
      readonly kind: "document";
      readonly id: string;
      readonly api: string;
      readonly name: string;
      readonly version: number;
      /** Without a folder; safe. */
      readonly fileName: string;
      readonly yaml: string;
      readonly json: string;
    }
  | {
      readonly kind: "changes";
      readonly id: string;
      readonly api: string;
      readonly changes: readonly Change[];
    };

export type DocumentItem = Extract<Item, { kind: "document" }>;
