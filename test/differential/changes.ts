/** Known changes made to a description, one an operation, for comparing what tools say of them. */
import type { Random } from "../support/random.ts";

export type Doc = Record<string, unknown>;

interface Operation extends Doc {
  readonly responses: Record<string, Doc>;
}

/** Where a change is made: an operation of a description whose parts it may change without changing any other's. */
export interface Site {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly item: Doc;
}

/** Makes the change at a site; false where there is nothing there to change in this way. */
type Edit = (site: Site, reader: Reader) => boolean;

const METHODS = ["get", "put", "post", "delete", "patch"];

/** Follows references, and puts a copy of their target in their place before it is changed. */
export class Reader {
  readonly #document: Doc;

  constructor(document: Doc) {
    this.#document = document;
  }

  follow(value: unknown): Doc | null {
    let target = value as Doc | undefined;
    for (let step = 0; step < 8 && typeof target?.["$ref"] === "string"; step += 1) {
      const names = target["$ref"].slice(2).split("/");
      target = names.reduce<Doc | undefined>(
        (holder, name) => holder?.[name.replaceAll("~1", "/").replaceAll("~0", "~")] as Doc,
        this.#document,
      );
    }
    return typeof target === "object" && target !== null ? target : null;
  }

  /** The target of `holder[key]`, as a copy that stands there from now on. */
  own(holder: Doc | undefined, key: string): Doc | null {
    const target = this.follow(holder?.[key]);
    if (target === null) return null;
    const copy = structuredClone(target);
    holder![key] = copy;
    return copy;
  }
}

const queryOf = (site: Site, reader: Reader, wanted: (parameter: Doc) => boolean): Doc | null => {
  const list = (site.operation["parameters"] ?? []) as Doc[];
  const at = list.findIndex((each) => {
    const parameter = reader.follow(each);
    return parameter?.["in"] === "query" && parameter["schema"] !== undefined && wanted(parameter);
  });
  if (at < 0) return null;
  const parameter = structuredClone(reader.follow(list[at])!);
  list[at] = parameter;
  return reader.own(parameter, "schema") === null ? null : parameter;
};

/** The object that is sent, or answered with success, as JSON. */
const objectOf = (site: Site, reader: Reader, side: "request" | "response"): Doc | null => {
  const status = Object.keys(site.operation.responses).find((each) => each.startsWith("2"));
  const body =
    side === "request"
      ? reader.own(site.operation, "requestBody")
      : reader.own(site.operation.responses, status ?? "");
  const content = body?.["content"] as Record<string, Doc> | undefined;
  const names = Object.keys(content ?? {});
  if (names.length !== 1 || names[0] !== "application/json") return null;
  const schema = reader.own(content!["application/json"], "schema");
  return schema?.["properties"] === undefined || schema["allOf"] !== undefined ? null : schema;
};

/** A field of plain type that is required or not. */
const fieldOf = (schema: Doc | null, reader: Reader, isRequired: boolean): string | null => {
  if (schema === null) return null;
  const properties = schema["properties"] as Record<string, Doc>;
  const required = (schema["required"] ?? []) as string[];
  const name = Object.keys(properties).find((each) => {
    const field = reader.follow(properties[each]);
    const type = field?.["type"];
    const isPlain = type === "string" || type === "integer" || type === "boolean";
    const isOneWay = field?.["readOnly"] === true || field?.["writeOnly"] === true;
    return (
      isPlain &&
      !isOneWay &&
      field?.["enum"] === undefined &&
      required.includes(each) === isRequired
    );
  });
  return name ?? null;
};

const withRequired = (schema: Doc, change: (names: string[]) => string[]): boolean => {
  const names = change((schema["required"] ?? []) as string[]);
  if (names.length > 0) schema["required"] = names;
  else delete schema["required"];
  return true;
};

const fieldEdit =
  (
    side: "request" | "response",
    isRequired: boolean,
    edit: (schema: Doc, name: string, reader: Reader) => boolean,
  ): Edit =>
  (site, reader) => {
    const schema = objectOf(site, reader, side);
    const name = fieldOf(schema, reader, isRequired);
    return name === null ? false : edit(schema!, name, reader);
  };

/** A field that was not there before. */
const newField =
  (side: "request" | "response", isRequired: boolean): Edit =>
  (site, reader) => {
    const schema = objectOf(site, reader, side);
    if (schema === null) return false;
    schema["properties"] = { ...(schema["properties"] as Doc), ntaAdded: { type: "string" } };
    return !isRequired || required(schema, "ntaAdded");
  };

const parameterEdit =
  (wanted: (parameter: Doc) => boolean, edit: (parameter: Doc, schema: Doc) => void): Edit =>
  (site, reader) => {
    const parameter = queryOf(site, reader, wanted);
    if (parameter === null) return false;
    edit(parameter, parameter["schema"] as Doc);
    return true;
  };

const addParameter =
  (required: boolean): Edit =>
  ({ operation }) => {
    const schema = { type: "string" };
    operation["parameters"] = [
      ...((operation["parameters"] ?? []) as Doc[]),
      { name: "ntaAdded", in: "query", required, schema },
    ];
    return true;
  };

const removeStatus =
  (pattern: RegExp): Edit =>
  ({ operation }) => {
    const statuses = Object.keys(operation.responses);
    const found = statuses.find((status) => pattern.test(status));
    if (found === undefined || statuses.length < 2) return false;
    delete operation.responses[found];
    return true;
  };

const otherType = (schema: Doc, name: string): boolean => {
  const fields = schema["properties"] as Record<string, Doc>;
  fields[name] = { type: "array", items: { type: "string" } };
  return true;
};

const required = (schema: Doc, name: string): boolean =>
  withRequired(schema, (names) => [...names, name]);
const optional = (schema: Doc, name: string): boolean =>
  withRequired(schema, (names) => names.filter((each) => each !== name));

/** By what it does. */
export const EDITS: Readonly<Record<string, Edit>> = {
  "operation removed": ({ item, method }) => delete item[method],
  "operation deprecated": ({ operation }) => {
    if (operation["deprecated"] === true) return false;
    operation["deprecated"] = true;
    return true;
  },
  "status of success removed": removeStatus(/^2/),
  "status of failure removed": removeStatus(/^4/),
  "status added": ({ operation }) => {
    if (operation.responses["418"] !== undefined) return false;
    operation.responses["418"] = { description: "added" };
    return true;
  },
  "optional parameter added": addParameter(false),
  "required parameter added": addParameter(true),
  "parameter made required": parameterEdit(
    (parameter) => parameter["required"] !== true,
    (parameter) => {
      parameter["required"] = true;
    },
  ),
  "parameter made optional": parameterEdit(
    (parameter) => parameter["required"] === true,
    (parameter) => {
      parameter["required"] = false;
    },
  ),
  "parameter of another type": parameterEdit(
    () => true,
    (parameter) => {
      parameter["schema"] = { type: "array", items: { type: "boolean" } };
    },
  ),
  "parameter removed": (site, reader) => {
    const parameter = queryOf(site, reader, () => true);
    if (parameter === null) return false;
    const list = site.operation["parameters"] as Doc[];
    site.operation["parameters"] = list.filter((each) => each !== parameter);
    return true;
  },
  "parameter with fewer words": parameterEdit(
    ({ schema }) => (((schema as Doc)["enum"] ?? []) as unknown[]).length > 1,
    (_, schema) => {
      schema["enum"] = (schema["enum"] as unknown[]).slice(1);
    },
  ),
  "parameter with more words": parameterEdit(
    ({ schema }) => (((schema as Doc)["enum"] ?? []) as unknown[]).length > 1,
    (_, schema) => {
      schema["enum"] = [...(schema["enum"] as unknown[]), "ntaAdded"];
    },
  ),
  "field sent becomes required": fieldEdit("request", false, required),
  "field sent becomes optional": fieldEdit("request", true, optional),
  "field sent of another type": fieldEdit("request", false, otherType),
  "new required field to send": newField("request", true),
  "new optional field to send": newField("request", false),
  "field answered of another type": fieldEdit("response", true, otherType),
  "field answered is gone": fieldEdit("response", true, (schema, name) => {
    delete (schema["properties"] as Doc)[name];
    return optional(schema, name);
  }),
  "field answered may be absent": fieldEdit("response", true, optional),
  "field answered is always there": fieldEdit("response", false, required),
  "new required field answered": newField("response", true),
  "new field answered": newField("response", false),
};

export interface MadeChange {
  readonly what: string;
  readonly method: string;
  readonly path: string;
}

/** Makes each change at up to `sitesMax` operations of `document`, each operation at most once. */
export function makeChanges(
  document: Doc,
  random: Random,
  sitesMax: number,
  whats: readonly string[] = Object.keys(EDITS),
): MadeChange[] {
  const reader = new Reader(document);
  const free: Site[] = [];
  for (const [path, item] of Object.entries(document["paths"] as Record<string, Doc>)) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (operation?.responses !== undefined) free.push({ path, method, operation, item });
    }
  }
  const made: MadeChange[] = [];
  for (const what of whats) {
    const edit = EDITS[what]!;
    let count = 0;
    for (let left = free.length; left > 0 && count < sitesMax; left -= 1) {
      const [site] = free.splice(random.integer(0, free.length), 1);
      if (edit(site!, reader)) {
        made.push({ what, method: site!.method.toUpperCase(), path: site!.path });
        count += 1;
      } else free.push(site!);
    }
  }
  return made;
}
