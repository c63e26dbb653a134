/**
 * What changed from one description to another, and whether it breaks callers: a request may be asked for less, a
 * response may say more, never the other way round.
 */

import { specLimits } from "../base/limits.ts";
import { compareText } from "../infer/group.ts";
import { type ChangeCode, changeCodes } from "./changecodes.ts";
import {
  type DescribedBody,
  type DescribedOperation,
  type DescribedParameter,
  type Description,
  operationKey,
} from "./description.ts";
import { type Direction, diffSchemas } from "./schemadiff.ts";
import type { SchemaReader } from "./schemaview.ts";

export interface Change {
  readonly code: ChangeCode;
  /** Whether a caller that was right before may be wrong now. */
  readonly isBreaking: boolean;
  readonly method: string;
  /** Of the later description; of what was removed, of the earlier one. */
  readonly path: string;
  /** Where in the operation: `query limit`, `response 200 application/json items[].name`; empty for the whole. */
  readonly place: string;
  readonly text: string;
}

/** Changes sorted by path, method, code and place. */
export function diffDescriptions(before: Description, after: Description): Change[] {
  const old = operationsByKey(before);
  const changes: Change[] = [];
  const now = operationsByKey(after);
  for (const [key, operation] of old)
    if (!now.has(key)) changes.push(changeOf(operation, removalCode(operation), ""));
  for (const [key, operation] of now) {
    const known = old.get(key);
    if (known === undefined) changes.push(changeOf(operation, "operation.added", ""));
    else
      changes.push(...new OperationDiff(known, operation, before.schemas, after.schemas).changes());
  }
  return changes
    .sort(
      (a, b) =>
        compareText(a.path, b.path) ||
        compareText(a.method, b.method) ||
        compareText(a.code, b.code) ||
        compareText(a.place, b.place),
    )
    .slice(0, specLimits.differencesMax);
}

function removalCode({ isDeprecated }: DescribedOperation): ChangeCode {
  return isDeprecated ? "operation.removed-deprecated" : "operation.removed";
}

/** By method and full path; descriptions without a server in common are told apart by their paths alone. */
function operationsByKey({ operations, basePaths }: Description): Map<string, DescribedOperation> {
  const [base = ""] = basePaths;
  return new Map(
    operations.map((operation) => [
      operationKey(operation.method, `${base}${operation.path}`),
      operation,
    ]),
  );
}

function changeOf(
  { method, path }: DescribedOperation,
  code: ChangeCode,
  place: string,
  detail = "",
): Change {
  const { isBreaking, text } = changeCodes[code];
  return {
    code,
    isBreaking,
    method,
    path,
    place,
    text: detail === "" ? text : `${text}: ${detail}`,
  };
}

class OperationDiff {
  readonly #before: DescribedOperation;
  readonly #after: DescribedOperation;
  readonly #readers: { readonly before: SchemaReader; readonly after: SchemaReader };
  readonly #changes: Change[] = [];

  constructor(
    before: DescribedOperation,
    after: DescribedOperation,
    oldSchemas: SchemaReader,
    newSchemas: SchemaReader,
  ) {
    this.#before = before;
    this.#after = after;
    this.#readers = { before: oldSchemas, after: newSchemas };
  }

  changes(): Change[] {
    if (this.#after.isDeprecated && !this.#before.isDeprecated)
      this.#add("operation.deprecated", "");
    if (this.#before.id !== null && this.#after.id !== null && this.#before.id !== this.#after.id)
      this.#add("operation.renamed", "", `${this.#before.id} is ${this.#after.id}`);
    this.#parameters();
    this.#request();
    this.#responses();
    this.#security();
    return this.#changes;
  }

  #add(code: ChangeCode, place: string, detail = ""): void {
    this.#changes.push(changeOf(this.#after, code, place, detail));
  }

  #parameters(): void {
    const before = parametersByKey(this.#before);
    const after = parametersByKey(this.#after);
    for (const [key, { place, name }] of before)
      if (!after.has(key)) this.#add("parameter.removed", `${place} ${name}`);
    for (const [key, parameter] of after) {
      const known = before.get(key);
      const place = `${parameter.place} ${parameter.name}`;
      if (known === undefined) {
        this.#add(parameter.isRequired ? "parameter.added-required" : "parameter.added", place);
        continue;
      }
      if (parameter.isRequired && !known.isRequired) this.#add("parameter.now-required", place);
      if (!parameter.isRequired && known.isRequired) this.#add("parameter.now-optional", place);
      if (parameter.isDeprecated && !known.isDeprecated) this.#add("parameter.deprecated", place);
      this.#schemas("parameter", place, known.schema, parameter.schema);
    }
  }

  #request(): void {
    const before = this.#before.request;
    const after = this.#after.request;
    if (before === null && after === null) return;
    if (before === null)
      this.#add(after!.isRequired ? "request.added-required" : "request.added", "request");
    else if (after === null) this.#add("request.removed", "request");
    else {
      if (after.isRequired && !before.isRequired) this.#add("request.now-required", "request");
      if (!after.isRequired && before.isRequired) this.#add("request.now-optional", "request");
      this.#contents("request", "request", before, after);
    }
  }

  #responses(): void {
    const before = this.#before.responses;
    const after = this.#after.responses;
    for (const status of before.keys()) {
      if (after.has(status)) continue;
      const isSuccess = /^[23]/.test(status);
      this.#add(isSuccess ? "response.removed" : "response.removed-error", `response ${status}`);
    }
    for (const [status, body] of after) {
      const known = before.get(status);
      const place = `response ${status}`;
      if (known === undefined) this.#add("response.added", place);
      else this.#contents("response", place, known, body);
    }
  }

  #contents(
    direction: "request" | "response",
    place: string,
    before: DescribedBody,
    after: DescribedBody,
  ): void {
    for (const mediaType of before.contents.keys())
      if (!after.contents.has(mediaType))
        this.#add(`${direction}.media-type-removed`, `${place} ${mediaType}`);
    for (const [mediaType, schema] of after.contents) {
      const known = before.contents.get(mediaType);
      const where = `${place} ${mediaType}`;
      if (known === undefined) this.#add(`${direction}.media-type-added`, where);
      else this.#schemas(direction, where, known, schema);
    }
  }

  #schemas(
    direction: Direction,
    place: string,
    before: DescribedParameter["schema"],
    after: DescribedParameter["schema"],
  ): void {
    diffSchemas(
      { reader: this.#readers.before, alternatives: [before] },
      { reader: this.#readers.after, alternatives: [after] },
      direction,
      (code, inner, detail) => this.#add(code, inner === "" ? place : `${place} ${inner}`, detail),
    );
  }

  #security(): void {
    const before = alternativesOf(this.#before);
    const after = alternativesOf(this.#after);
    for (const names of after)
      if (!before.has(names))
        this.#add(names === "" ? "security.optional" : "security.added", "security", names);
    for (const names of before)
      if (!after.has(names))
        this.#add(names === "" ? "security.required" : "security.removed", "security", names);
  }
}

/** Sets of schemes that suffice; the empty text where none is needed. */
function alternativesOf({ security }: DescribedOperation): Set<string> {
  return security.length === 0
    ? new Set([""])
    : new Set(security.map((names) => names.join(" and ")));
}

/** Parameters of a path by their position, which their names do not change. */
function parametersByKey({
  parameters,
  path,
}: DescribedOperation): Map<string, DescribedParameter> {
  const names = [...path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]!);
  return new Map(
    parameters.map((parameter) => {
      const { place, name } = parameter;
      if (place === "path") return [`path ${names.indexOf(name)}`, parameter];
      return [`${place} ${place === "header" ? name.toLowerCase() : name}`, parameter];
    }),
  );
}
