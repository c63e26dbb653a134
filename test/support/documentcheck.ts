/** Validates exchanges against an OpenAPI 3.1 document with ajv: routing, parameters, statuses, media types, JSON bodies. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenApiDocument } from "../../src/spec/document.ts";
import type { Witness, WitnessBody } from "./soundness.ts";

// biome-ignore lint/suspicious/noExplicitAny: a document is looked into freely here
type Any = any;

const NO_ENDPOINT: ReadonlySet<number> = new Set([404, 405]);

interface Route {
  readonly pattern: RegExp;
  readonly literalCount: number;
  readonly template: string;
  readonly names: readonly string[];
}

export class DocumentCheck {
  readonly #document: Any;
  readonly #routes: Route[];
  readonly #ajv = new Ajv2020({ strict: false, validateSchema: false, logger: false });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    (addFormats as Any)(this.#ajv);
    for (const format of ["int32", "int64", "float", "double", "binary", "byte", "password"])
      this.#ajv.addFormat(format, true);
    this.#ajv.addSchema({ $id: "document", ...(document as Any) }, "document");
    this.#routes = Object.keys(document.paths)
      .map(routeOf)
      .sort((a, b) => b.literalCount - a.literalCount);
  }

  problemsOf(witness: Witness): string[] {
    const mark = witness.target.indexOf("?");
    const path = mark < 0 ? witness.target : witness.target.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? "" : witness.target.slice(mark + 1));
    const method = witness.method.toLowerCase();
    const route = this.#routes.find(
      ({ pattern, template }) => pattern.test(path) && this.#document.paths[template][method],
    );
    const name = `${witness.method} ${path} ${witness.status}`;
    // What was never there is no endpoint, and a refused request need not be as the API wants it.
    const refused = witness.status >= 400;
    if (route === undefined)
      return NO_ENDPOINT.has(witness.status) ? [] : [`${name}: no operation`];
    const at = `#/paths/${pointerPart(route.template)}/${method}`;
    const operation = this.#document.paths[route.template][method];
    const problems: string[] = [];
    const values = route.pattern.exec(path)!.slice(1);
    (refused ? [] : (operation.parameters ?? [])).forEach((parameter: Any, index: number) => {
      const pointer = `${at}/parameters/${index}/schema`;
      if (parameter.in === "path") {
        const value = values[route.names.indexOf(parameter.name)] ?? "";
        if (!this.#fits(pointer, value)) problems.push(`${name}: path ${parameter.name}`);
      } else if (parameter.in === "query") {
        problems.push(...this.#queryProblems(name, pointer, parameter, query));
      }
    });
    if (!refused) problems.push(...this.#requestProblems(name, at, operation, witness));
    problems.push(...this.#responseProblems(name, at, operation, witness));
    return problems;
  }

  #queryProblems(name: string, pointer: string, parameter: Any, query: URLSearchParams): string[] {
    if (parameter.style === "deepObject") return [];
    const values = query.getAll(parameter.name);
    if (values.length === 0) return parameter.required ? [`${name}: lacks ${parameter.name}`] : [];
    if (parameter.schema.type !== "array")
      return values.every((value) => this.#fits(pointer, value))
        ? []
        : [`${name}: query ${parameter.name}`];
    const separator = { spaceDelimited: " ", pipeDelimited: "|" }[parameter.style as string] ?? ",";
    const items =
      parameter.explode === false ? values.flatMap((value) => value.split(separator)) : values;
    return items.every((item) => this.#fits(`${pointer}/items`, item))
      ? []
      : [`${name}: query list ${parameter.name}`];
  }

  #requestProblems(name: string, at: string, operation: Any, { request }: Witness): string[] {
    const { requestBody } = operation;
    if (request.bytes.length === 0)
      return requestBody?.required ? [`${name}: the request has no body`] : [];
    if (requestBody === undefined) return [`${name}: a request body that is not described`];
    return this.#bodyProblems(`${name} request`, `${at}/requestBody`, requestBody, request);
  }

  #responseProblems(name: string, at: string, operation: Any, witness: Witness): string[] {
    const { responses } = operation;
    const key = [String(witness.status), `${String(witness.status)[0]}XX`, "default"].find(
      (status) => responses[status] !== undefined,
    );
    if (key === undefined) return [`${name}: status not described`];
    if (witness.response.bytes.length === 0) return [];
    let response = responses[key];
    let pointer = `${at}/responses/${key}`;
    if (response.$ref !== undefined) {
      pointer = response.$ref;
      response = this.#document.components.responses[response.$ref.split("/").pop()];
    }
    return this.#bodyProblems(`${name} response`, pointer, response, witness.response);
  }

  #bodyProblems(name: string, at: string, holder: Any, body: WitnessBody): string[] {
    const type = (body.type ?? "").split(";")[0]!.trim().toLowerCase();
    const key = Object.keys(holder.content ?? {}).find(
      (each) => each === type || (type === "" && each === "*/*") || type === "",
    );
    if (key === undefined) return [`${name}: media type ${type || "none"} is not described`];
    if (!/json$/.test(type) || !body.whole) return [];
    let value: unknown;
    try {
      value = JSON.parse(body.bytes.toString());
    } catch {
      return [];
    }
    if (holder.content[key].schema === undefined) return [];
    const validate = this.#validator(`${at}/content/${pointerPart(key)}/schema`);
    if (validate(value)) return [];
    const error = validate.errors?.[0];
    return [`${name}: ${error?.instancePath} ${error?.message}`];
  }

  /** Whether a text fits a schema, read as the kind that the schema asks for. */
  #fits(pointer: string, text: string): boolean {
    const validate = this.#validator(pointer);
    const decoded = decode(text);
    if (validate(decoded)) return true;
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(decoded)) return validate(Number(decoded));
    if (decoded === "true" || decoded === "false") return validate(decoded === "true");
    return false;
  }

  #validator(pointer: string): ValidateFunction {
    let validate = this.#compiled.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `document${encodeURI(pointer)}` });
      this.#compiled.set(pointer, validate);
    }
    return validate;
  }
}

const routeOf = (template: string): Route => {
  const names: string[] = [];
  const source = template
    .split(/(\{[^}]*\})/)
    .map((part) => {
      if (!part.startsWith("{")) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
      names.push(part.slice(1, -1));
      return "([^/]+?)";
    })
    .join("");
  return {
    pattern: new RegExp(`^${source}$`),
    literalCount: template.split("/").filter((segment) => !segment.includes("{")).length,
    template,
    names,
  };
};

const pointerPart = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
