/**
 * Writes what is true of a set of captures: `node bench/accuracytruth.ts CAPTURE FOLDER`. It is the description that
 * the server's authors published, cut to the operations that the capture exercises; what that lacks is a bare path.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Item {
  readonly [method: string]: unknown;
}

interface Description {
  readonly servers?: readonly { readonly url?: string }[];
  paths: Record<string, Item>;
}

interface Truth {
  readonly operations: readonly { readonly method: string; readonly template: string }[];
}

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];
const bare: Description = { paths: {} };

const read = <Value>(file: string): Value => JSON.parse(readFileSync(file, "utf8")) as Value;

/** Templates that differ only in the names of their parameters are one. */
const keyOf = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, "{}").replace(/\/+$/, "")}`;

const basePath = ({ servers }: Description): string =>
  (servers?.[0]?.url ?? "").replace(/^[a-z+]*:?\/\/[^/]*/i, "").replace(/\/+$/, "");

const [capture = "", folder = ""] = process.argv.slice(2);
const set = dirname(capture);
const reference = join(set, "reference.json");
const published = existsSync(reference) ? read<Description>(reference) : bare;
const { operations } = read<Truth>(join(set, "truth.json"));
const missing = new Map(
  operations.map((operation) => [keyOf(operation.method, operation.template), operation]),
);
const paths: Record<string, Item> = {};
for (const [written, item] of Object.entries(published.paths)) {
  // Some descriptions tell operations of one path apart by a fragment, which no request has.
  const path = written.replace(/[?#].*$/, "");
  const kept = Object.entries(item).filter(
    ([name]) => !METHODS.includes(name) || missing.delete(keyOf(name, basePath(published) + path)),
  );
  if (kept.some(([name]) => METHODS.includes(name)))
    paths[path] = { ...paths[path], ...Object.fromEntries(kept) };
}
const left: Record<string, Item> = {};
for (const { method, template } of missing.values()) {
  const names = [...template.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]);
  const parameters = names.map((name) => ({
    ...{ name, in: "path", required: true },
    schema: { type: "string" },
  }));
  const operation = { parameters, responses: { default: { description: "" } } };
  left[template] = { ...left[template], [method.toLowerCase()]: operation };
}
const write = (name: string, document: object): void =>
  writeFileSync(join(folder, name), JSON.stringify(document));
write("published.json", { ...published, paths });
const head = { openapi: "3.0.3", info: { title: "paths alone", version: "1" } };
if (missing.size > 0) write("paths.json", { ...head, paths: left });
