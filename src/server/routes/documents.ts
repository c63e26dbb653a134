import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { serverLimits } from "../../base/limits.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { archiveOf } from "../archive.ts";
import { apisJson, backstageCatalog } from "../catalogs.ts";
import {
  Comparison,
  DocumentQuery,
  Hints,
  HintsPreview,
  Id,
  ImportResult,
  PageQuery,
  VersionDiff,
  VersionPage,
} from "../contract.ts";
import { operation, scoped } from "../operation.ts";
import { Refusal } from "../problem.ts";

const ApiParams = Type.Object({ api: Id });
const DiffParams = Type.Object({
  api: Id,
  from: Type.Integer({ minimum: 0 }),
  to: Type.Integer({ minimum: 0 }),
});
const Description = Type.String({ description: "An OpenAPI or Swagger description, JSON or YAML" });
const tag = "documents";

export interface DocumentRouteOptions {
  readonly inventory: Inventory;
  /** Under which this server is reached, without a slash at the end. */
  readonly publicUrl: string;
}

export function addDocumentRoutes(app: FastifyInstance, options: DocumentRouteOptions): void {
  addDocuments(app, options.inventory);
  addHints(app, options.inventory);
  addCollections(app, options);
  scoped(app, (scope) => addImports(scope, options.inventory));
}

function addDocuments(app: FastifyInstance, { documents }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/document",
      id: "getDocument",
      summary: "The OpenAPI document of an API",
      tag,
      params: ApiParams,
      query: DocumentQuery,
      answer: Type.Unknown(),
    },
    async ({ params, query, request, reply }) => {
      const format = query.format ?? "yaml";
      const { text, version, etag } = await documents.text(params.api, {
        openapi: query.openapi ?? "3.0",
        format,
        evidence: query.evidence ?? true,
        ...(query.version === undefined ? {} : { version: query.version }),
      });
      void reply.headers({
        etag: `"${etag}"`,
        "x-nta-version": version,
        "cache-control": "no-cache",
      });
      if (matches(request.headers["if-none-match"], `"${etag}"`)) return reply.code(304).send();
      void reply.type(format === "yaml" ? "application/yaml; charset=utf-8" : "application/json");
      return await reply.send(text);
    },
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/versions",
      id: "listVersions",
      summary: "Versions of its document, the newest first",
      tag,
      params: ApiParams,
      query: PageQuery,
      answer: VersionPage,
    },
    ({ params, query }) => documents.versions(params.api, query),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/versions/:from/diff/:to",
      id: "diffVersions",
      summary: "What changed between two versions",
      tag,
      params: DiffParams,
      answer: VersionDiff,
    },
    ({ params }) => documents.diff(params.api, params.from, params.to),
  );
}

function addHints(app: FastifyInstance, { hints, imports }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/hints",
      id: "getHints",
      summary: "Corrections of an API",
      tag,
      params: ApiParams,
      answer: Hints,
    },
    ({ params }) => hints.get(params.api),
  );
  operation(
    app,
    {
      method: "PUT",
      path: "/apis/:api/hints",
      id: "putHints",
      summary: "Replaces the corrections of an API",
      tag,
      params: ApiParams,
      body: Hints,
      answer: Hints,
    },
    ({ params, body, who }) => hints.put(params.api, body, who),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/apis/:api/hints/preview",
      id: "previewHints",
      summary: "What corrections would change",
      tag,
      params: ApiParams,
      body: Hints,
      answer: HintsPreview,
    },
    ({ params, body }) => hints.preview(params.api, body),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis/:api/comparison",
      id: "getComparison",
      summary: "What was seen against what is described",
      tag,
      params: ApiParams,
      answer: Comparison,
    },
    ({ params }) => imports.comparison(params.api),
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/apis/:api/imported",
      id: "removeImported",
      summary: "Compares no longer",
      tag,
      params: ApiParams,
      answer: null,
    },
    async ({ params, who }) => await imports.remove(params.api, who),
  );
}

/** Descriptions come as text, whatever their type is said to be: `$ref`s to elsewhere are not fetched. */
function addImports(app: FastifyInstance, { imports }: Inventory): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "*",
    { parseAs: "string", bodyLimit: serverLimits.descriptionBytesMax },
    (_request, body, done) => done(null, body),
  );
  operation(
    app,
    {
      method: "PUT",
      path: "/apis/:api/imported",
      id: "putImported",
      summary: "Compares an API with a description",
      tag,
      params: ApiParams,
      body: Description,
      answer: ImportResult,
    },
    ({ params, body, who }) => imports.put(params.api, notEmpty(body), who),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/imports",
      id: "importDescription",
      summary: "Imports a description; its servers say for which API",
      tag,
      query: Type.Object({ api: Type.Optional(Id) }),
      body: Description,
      answer: ImportResult,
      status: 201,
    },
    ({ query, body, who }) => imports.put(query.api ?? null, notEmpty(body), who),
  );
}

function addCollections(
  app: FastifyInstance,
  { inventory, publicUrl }: DocumentRouteOptions,
): void {
  operation(
    app,
    {
      method: "GET",
      path: "/archive",
      id: "getArchive",
      summary: "All documents, as a gzipped tar",
      tag,
      query: Type.Pick(DocumentQuery, ["openapi", "format"]),
      answer: Type.String(),
      answerType: "application/gzip",
    },
    async ({ query, reply }) => {
      void reply.headers({
        "content-type": "application/gzip",
        "content-disposition": 'attachment; filename="apis.tar.gz"',
      });
      return await reply.send(
        Readable.from(archiveOf(inventory, query.openapi ?? "3.0", query.format ?? "yaml")),
      );
    },
  );
  operation(
    app,
    {
      method: "GET",
      path: "/apis.json",
      id: "getApisJson",
      summary: "The inventory as APIs.json 0.19",
      tag,
      answer: Type.Unknown(),
    },
    () => apisJson(inventory, publicUrl),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/backstage",
      id: "getBackstage",
      summary: "The inventory as entities of a Backstage catalog",
      tag,
      answer: Type.String(),
      answerType: "application/yaml",
    },
    async ({ reply }) => {
      void reply.type("application/yaml; charset=utf-8");
      return await backstageCatalog(inventory, publicUrl);
    },
  );
}

/** RFC 9110, section 13.1.2. */
const matches = (field: string | undefined, etag: string): boolean =>
  field !== undefined &&
  (field.trim() === "*" ||
    field.split(",").some((each) => each.trim().replace(/^W\//, "") === etag));

function notEmpty(body: unknown): string {
  if (typeof body === "string" && body.trim() !== "") return body;
  throw new Refusal(400, "the body is to be the description");
}
