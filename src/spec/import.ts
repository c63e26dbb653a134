/** Descriptions from outside, of OpenAPI 2.0, 3.0 or 3.1, as JSON or YAML, to what inference and comparison read. */

import { parseDocument } from "yaml";
import { specLimits } from "../base/limits.ts";
import type { Authority } from "../infer/authority.ts";
import { compareText } from "../infer/group.ts";
import type {
  DescribedBody,
  DescribedOperation,
  DescribedParameter,
  Description,
} from "./description.ts";
import type { Json, JsonObject } from "./document.ts";
import { type ImportProblem, ProblemList } from "./problems.ts";
import { isObject, listOf, SchemaReader, seenCountOf } from "./schemaview.ts";
import { body2, parameter2, response2 } from "./swagger2.ts";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/**
 * Reads a description. Never throws: what cannot be read is left out and told; the value is null where nothing can.
 * A problem beside a value says that the rest holds without that part.
 */
export function readDescription(text: string): {
  value: Description | null;
  problems: readonly ImportProblem[];
} {
  const problems = new ProblemList(specLimits.importProblemsMax);
  const document =
    text.length > specLimits.documentCharactersMax ? tooLarge(problems) : parse(text, problems);
  const value = document === undefined ? null : describe(document, problems);
  return { value, problems: problems.all };
}

/** The same for a document that is a value already, such as one that `emit` made. */
export function describeDocument(document: Json): Description {
  const found = describe(document, new ProblemList(specLimits.importProblemsMax));
  if (found === null) throw new TypeError("a document of this program is OpenAPI");
  return found;
}

function tooLarge(problems: ProblemList): undefined {
  problems.add(
    "too-large",
    "",
    `the text is longer than ${specLimits.documentCharactersMax} characters`,
  );
}

function parse(text: string, problems: ProblemList): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (/^\s*[{[]/.test(text) && text.length > specLimits.yamlCharactersMax) {
      problems.add("not-parsed", "", (error as Error).message);
      return undefined;
    }
  }
  try {
    const yaml = parseDocument(text, { logLevel: "silent" });
    const [error] = yaml.errors;
    if (error === undefined) return yaml.toJS({ maxAliasCount: specLimits.yamlAliasesMax }) as Json;
    problems.add(
      "not-parsed",
      `line ${error.linePos?.[0].line ?? 1}`,
      error.message.split("\n")[0],
    );
  } catch (error) {
    // Aliases beyond the limit, and nesting that is too deep for the parser.
    problems.add("not-parsed", "", (error as Error).message);
  }
  return undefined;
}

/** What is the same for all operations of a document. */
interface Reading {
  readonly version: Description["version"];
  readonly root: JsonObject;
  readonly schemas: SchemaReader;
  readonly problems: ProblemList;
}

function describe(document: Json, problems: ProblemList): Description | null {
  const version = versionOf(document);
  if (version === null || !isObject(document)) {
    problems.add("not-openapi", "");
    return null;
  }
  const schemas = new SchemaReader(document, problems);
  const reading: Reading = { version, root: document, schemas, problems };
  const operations = operationsOf(reading);
  if (operations.length === 0) problems.add("no-paths", "/paths");
  const { hosts, basePaths } = serversOf(reading);
  const info = isObject(document["info"]) ? document["info"] : {};
  return {
    version,
    title: textOf(info["title"]) ?? "",
    hosts,
    basePaths,
    operations: operations.map(({ operation }) => operation),
    schemas,
    authority: authorityOf(operations, basePaths),
  };
}

function versionOf(document: Json): Description["version"] | null {
  if (!isObject(document)) return null;
  const { openapi, swagger } = document;
  if (String(swagger) === "2.0" || swagger === 2) return "2.0";
  const [, version] = /^(3\.[01])(?:\.|$)/.exec(String(openapi)) ?? [];
  return version === "3.0" || version === "3.1" ? version : null;
}

interface FoundOperation {
  readonly operation: DescribedOperation;
  readonly summary: string | null;
  readonly tag: string | null;
}

function operationsOf(reading: Reading): FoundOperation[] {
  const { root, schemas, problems } = reading;
  const paths = isObject(root["paths"]) ? root["paths"] : {};
  const found: FoundOperation[] = [];
  for (const [path, written] of Object.entries(paths)) {
    if (path.startsWith("x-")) continue;
    const place = `/paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const item = schemas.follow(written);
    if (!isTemplate(path) || !isObject(item)) {
      problems.add("path-ignored", place);
      continue;
    }
    for (const [method, operation] of methodsOf(item)) {
      if (!isObject(operation)) problems.add("operation-ignored", `${place}/${method}`);
      else if (found.length >= specLimits.operationsMax)
        problems.add("too-large", "/paths", `only ${specLimits.operationsMax} operations are read`);
      else found.push(readOperation(method, path, operation, listOf(item["parameters"]), reading));
    }
  }
  return found.sort(
    ({ operation: a }, { operation: b }) =>
      compareText(a.path, b.path) || compareText(a.method, b.method),
  );
}

/** Methods of a path item, and those that documents of this program put beside them. */
function methodsOf(item: JsonObject): [string, Json][] {
  const others = item["x-nta-methods"];
  return [
    ...METHODS.flatMap((method): [string, Json][] =>
      method in item ? [[method.toUpperCase(), item[method]!]] : [],
    ),
    ...(isObject(others) ? Object.entries(others) : []),
  ];
}

function isTemplate(path: string): boolean {
  return /^\/[^{}?#]*(\{[^{}/]*\}[^{}?#]*)*$/.test(path);
}

function readOperation(
  method: string,
  path: string,
  written: JsonObject,
  shared: readonly Json[],
  reading: Reading,
): FoundOperation {
  const own = listOf(written["parameters"]);
  const parameters = readParameters([...shared, ...own], reading);
  const consumes = listOf(written["consumes"] ?? reading.root["consumes"]);
  const produces = listOf(written["produces"] ?? reading.root["produces"]);
  const responses = isObject(written["responses"]) ? written["responses"] : {};
  const isOld = reading.version === "2.0";
  const operation: DescribedOperation = {
    method,
    path,
    id: textOf(written["operationId"]),
    isDeprecated: written["deprecated"] === true,
    parameters,
    request: isOld
      ? body2(
          [...shared, ...own].map((each) => reading.schemas.follow(each)),
          consumes,
        )
      : readBody(reading.schemas.follow(written["requestBody"] ?? null)),
    responses: new Map(
      Object.entries(responses)
        .filter(([status]) => !status.startsWith("x-"))
        .map(([status, response]) => {
          const target = reading.schemas.follow(response);
          return [
            status.toUpperCase().replace("DEFAULT", "default"),
            (isOld ? response2(target, produces) : readBody(target)) ?? noBody,
          ];
        }),
    ),
    security: securityOf(written["security"] ?? reading.root["security"]),
    seenCount: seenCountOf(written),
  };
  const [tag] = listOf(written["tags"]);
  return { operation, summary: textOf(written["summary"]), tag: textOf(tag) };
}

const noBody: DescribedBody = { isRequired: false, contents: new Map() };

/** The last of a name and place wins: an operation overrides its path. */
function readParameters(
  list: readonly Json[],
  { schemas, version }: Reading,
): DescribedParameter[] {
  const found = new Map<string, DescribedParameter>();
  for (const each of list) {
    const written = schemas.follow(each);
    if (!isObject(written)) continue;
    const { name } = written;
    const place = written["in"];
    if (typeof name !== "string") continue;
    if (place !== "path" && place !== "query" && place !== "header" && place !== "cookie") continue;
    const content = isObject(written["content"]) ? Object.values(written["content"])[0] : undefined;
    const schema = isObject(content) ? content["schema"] : written["schema"];
    found.set(`${place} ${place === "header" ? name.toLowerCase() : name}`, {
      place,
      name,
      isRequired: written["required"] === true || place === "path",
      isDeprecated: written["deprecated"] === true,
      schema: version === "2.0" ? parameter2(written) : (schema ?? {}),
      seenCount: seenCountOf(written),
    });
  }
  return [...found.values()];
}

function readBody(written: Json): DescribedBody | null {
  if (!isObject(written)) return null;
  const content = isObject(written["content"]) ? written["content"] : {};
  return {
    isRequired: written["required"] === true,
    contents: new Map(
      Object.entries(content).map(([mediaType, media]) => [
        bareMediaType(mediaType),
        (isObject(media) ? media["schema"] : undefined) ?? {},
      ]),
    ),
  };
}

function bareMediaType(mediaType: string): string {
  return mediaType.split(";")[0]!.trim().toLowerCase();
}

function securityOf(written: Json | undefined): string[][] {
  return listOf(written).flatMap((each) =>
    isObject(each) ? [Object.keys(each).sort(compareText)] : [],
  );
}

function serversOf({ version, root }: Reading): { hosts: string[]; basePaths: string[] } {
  const urls =
    version === "2.0"
      ? [`//${textOf(root["host"]) ?? ""}${textOf(root["basePath"]) ?? ""}`]
      : listOf(root["servers"]).map(serverUrl);
  const hosts = new Set<string>();
  const basePaths = new Set<string>();
  for (const url of urls) {
    const [, host = "", path = ""] =
      /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)/i.exec(url) ?? [];
    const name = host.replace(/^.*@/, "").toLowerCase();
    if (name !== "" && !name.includes("{")) hosts.add(name);
    if (!path.includes("{")) basePaths.add(path.replace(/^(?!\/|$)/, "/").replace(/\/+$/, ""));
  }
  if (basePaths.size === 0) basePaths.add("");
  return { hosts: [...hosts].sort(compareText), basePaths: [...basePaths].sort(compareText) };
}

/** The URL of a server with the defaults of its variables. */
function serverUrl(server: Json): string {
  if (!isObject(server)) return "";
  const variables = isObject(server["variables"]) ? server["variables"] : {};
  return (textOf(server["url"]) ?? "").replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return (isObject(variable) ? textOf(variable["default"]) : null) ?? whole;
  });
}

function authorityOf(found: readonly FoundOperation[], basePaths: readonly string[]): Authority {
  const templates = new Set<string>();
  const operations = basePaths.flatMap((base) =>
    found.map(({ operation: { method, path, id }, summary, tag }) => {
      const template = `${base}${path}`;
      templates.add(template);
      return { method, template, id, summary, tag };
    }),
  );
  return { templates: [...templates].sort(compareText), operations };
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
