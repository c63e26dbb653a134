/**
 * A description from outside, whatever version of OpenAPI it is written in: what an operation takes, answers and
 * asks for. Schemas stay as they are written, and are looked at through `schemas` (`schemaview.ts`).
 */

import type { Authority } from "../infer/authority.ts";
import { frameOf } from "../infer/frame.ts";
import type { Json } from "./document.ts";
import type { SchemaReader } from "./schemaview.ts";

export interface Description {
  readonly version: "2.0" | "3.0" | "3.1";
  readonly title: string;
  /** `host` or `host:port` of its servers, in lower case; those that are templates or relative are left out. */
  readonly hosts: readonly string[];
  /** Paths that its servers have in front of every path, without a slash at the end; at least one. */
  readonly basePaths: readonly string[];
  /** Sorted by path, then method. */
  readonly operations: readonly DescribedOperation[];
  readonly schemas: SchemaReader;
  /** What inference takes from it: `infer(summaries, { authorityOf })`. */
  readonly authority: Authority;
}

export interface DescribedOperation {
  /** In capitals. */
  readonly method: string;
  /** Template as written, without base path. */
  readonly path: string;
  readonly id: string | null;
  readonly isDeprecated: boolean;
  readonly parameters: readonly DescribedParameter[];
  readonly request: DescribedBody | null;
  /** By what stands there: `200`, `4XX`, `default`. */
  readonly responses: ReadonlyMap<string, DescribedBody>;
  /** Alternatives, each a set of scheme names; the empty set is "without". Empty where none is asked for. */
  readonly security: readonly (readonly string[])[];
  /** How often it was seen, in documents of this program. */
  readonly seenCount: number | null;
}

export interface DescribedParameter {
  readonly place: "path" | "query" | "header" | "cookie";
  readonly name: string;
  readonly isRequired: boolean;
  readonly isDeprecated: boolean;
  readonly schema: Json;
  /** Messages that bore it, and all, in documents of this program. */
  readonly seenCount: number | null;
}

export interface DescribedBody {
  readonly isRequired: boolean;
  /** Schema by media type, in lower case and without parameters. */
  readonly contents: ReadonlyMap<string, Json>;
}

/** Operations whose templates differ in names of parameters alone are one. */
export function operationKey(method: string, path: string): string {
  return `${method} ${frameOf(path)}`;
}
