/** The server as one value: guards, routes, page. It is tested without a socket, and listens where a program wants it to. */
import { createHash } from "node:crypto";
import compress from "@fastify/compress";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import { TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import fastify, { type FastifyInstance } from "fastify";
import { serverLimits } from "../base/limits.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Log } from "../sensor/quietlog.ts";
import type { Access } from "./access.ts";
import { isShallow } from "./body.ts";
import { API_PREFIX } from "./contract.ts";
import type { EventHub } from "./events.ts";
import type { Forwarding } from "./forward/forwarding.ts";
import { addGuards } from "./guards.ts";
import type { Ingest } from "./ingest.ts";
import type { DeadLetters } from "./jetstream/deadletters.ts";
import type { Metrics } from "./metrics.ts";
import { scoped } from "./operation.ts";
import { addPage } from "./page.ts";
import { PROBLEM_TYPE, problemBody, Refusal, refusalOf } from "./problem.ts";
import { addAdministrationRoutes } from "./routes/administration.ts";
import { addApiRoutes } from "./routes/apis.ts";
import { addDeadLetterRoutes } from "./routes/deadletters.ts";
import { addDocumentRoutes } from "./routes/documents.ts";
import { addFeedRoutes } from "./routes/feed.ts";
import { addHealthRoutes, addOpenApiRoute, addSessionRoutes } from "./routes/operations.ts";
import { addSensorRoutes } from "./routes/sensors.ts";
import { addTelemetryDoor, type TelemetryDoor } from "./routes/telemetrydoor.ts";
import { addUploadRoutes } from "./routes/uploads.ts";
import type { SignIn } from "./signin.ts";
import { addSignInRoutes } from "./signin.ts";
import type { TlsFiles } from "./tls.ts";
import type { Uploads } from "./uploads.ts";

export interface AppParts {
  readonly inventory: Inventory;
  readonly access: Access;
  readonly ingest: Ingest;
  readonly events: EventHub;
  readonly metrics: Metrics;
  readonly forwarding: Forwarding;
  readonly uploads: Uploads;
  readonly door: TelemetryDoor;
  /** Of NATS; null where there is none, or not yet. */
  readonly aside: { letters: DeadLetters | null };
  readonly signIn: SignIn | null;
  readonly tls: TlsFiles | null;
  /** Null accepts any Host. */
  readonly hostNames: ReadonlySet<string> | null;
  readonly publicUrl: string;
  readonly version: string;
  /** Where the page was built to. */
  readonly pageFolder: string;
  readonly log: Log;
}

export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { access, hostNames, tls } = parts;
  const isSecure = isSecureServer(parts);
  const app = fastify({
    bodyLimit: serverLimits.bodyBytesMax,
    forceCloseConnections: true,
    // Bodies have time limits of their own, as an upload may take long.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 512 },
    ...(tls === null ? {} : { https: tls.options() }),
  }) as unknown as FastifyInstance;
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  app.server.maxConnections = serverLimits.connectionsMax;
  app.setValidatorCompiler(TypeBoxValidatorCompiler as never);
  // Schemas of answers describe; what is answered has these forms by its type.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  readJsonOnly(app);
  answerProblems(app, parts);
  addGuards(app, { access, hostNames, isTls: isSecure });
  addBodyTimeout(app);
  addEtags(app);
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    parts.metrics.answered(route, request.method, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  await app.register(rateLimit, { global: false });
  await app.register(compress, { threshold: 1024, encodings: ["zstd", "gzip"] });
  await describe(app, parts.version);
  scoped(app, (scope) => addVersionedRoutes(scope, parts), API_PREFIX);
  addHealthRoutes(app, parts.inventory, parts.metrics);
  scoped(app, (scope) => addTelemetryDoor(scope, parts.door));
  scoped(app, (scope) => addPage(scope, parts.pageFolder));
  await app.ready();
  return app;
}

/** TLS may end here, or at a proxy before. */
const isSecureServer = ({ tls, publicUrl }: AppParts): boolean =>
  tls !== null || publicUrl.startsWith("https:");

const HEADERS_TIMEOUT_MS = 15_000;

function addVersionedRoutes(app: FastifyInstance, parts: AppParts): void {
  const { inventory, access, version, signIn } = parts;
  const isTls = isSecureServer(parts);
  addSessionRoutes(app, {
    access,
    version,
    isTls,
    signInPath: signIn === null ? null : signIn.startPath,
  });
  if (signIn !== null) addSignInRoutes(app, signIn, access, isTls);
  addApiRoutes(app, inventory);
  addDocumentRoutes(app, parts);
  addFeedRoutes(app, inventory, parts.events);
  addSensorRoutes(app, inventory, parts.ingest);
  addDeadLetterRoutes(app, inventory, parts.aside);
  addUploadRoutes(app, parts.uploads);
  addAdministrationRoutes(app, parts);
  addOpenApiRoute(app);
}

/** JSON under no other name, as browsers let any page send `text/plain`; no deeper than ours, and without `__proto__`. */
function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    if (isShallow(body as Buffer, serverLimits.jsonDepthMax)) {
      void parse(request, body.toString(), done);
    } else
      done(new Refusal(400, `the JSON is nested deeper than ${serverLimits.jsonDepthMax} levels`));
  });
}

function answerProblems(app: FastifyInstance, { log, signIn }: AppParts): void {
  app.setNotFoundHandler(() => {
    throw new Refusal(404, "there is no such path and method; /api/v1/openapi.json lists all");
  });
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.status === 500) {
      log.warn(
        `${request.method} ${request.routeOptions.url ?? "?"}: ${(error as Error).stack ?? String(error)}`,
      );
    }
    // What is left of a body that is refused is not read.
    const isUnread = [408, 413, 429].includes(refusal.status);
    void reply.headers({ ...refusal.headers, ...(isUnread ? { connection: "close" } : {}) });
    const body = problemBody(refusal);
    const extra = refusal.status === 401 && signIn !== null ? { signInPath: signIn.startPath } : {};
    return await reply
      .code(refusal.status)
      .type(PROBLEM_TYPE)
      .send({ ...body, ...extra });
  });
}

/** A body that trickles holds a connection, and memory. Routes that read theirs themselves have limits of their own. */
function addBodyTimeout(app: FastifyInstance): void {
  app.addHook("preParsing", async (request, _reply, payload) => {
    const { headers } = request;
    const hasBody =
      headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
    if (!hasBody || request.routeOptions.config.readsBody === true) return payload;
    const timer = setTimeout(() => request.raw.destroy(), serverLimits.bodyTimeoutMs).unref();
    payload.once("end", () => clearTimeout(timer));
    payload.once("close", () => clearTimeout(timer));
    return payload;
  });
}

/** A page that asks again for what did not change gets an empty answer. */
function addEtags(app: FastifyInstance): void {
  app.addHook("onSend", async (request, reply, payload) => {
    if (request.method !== "GET" || reply.statusCode !== 200 || typeof payload !== "string") {
      return payload;
    }
    if (!request.url.startsWith(API_PREFIX)) return payload;
    if (reply.getHeader("cache-control") === undefined) reply.header("cache-control", "no-cache");
    if (reply.getHeader("etag") !== undefined) return payload;
    const etag = `W/"${createHash("sha1").update(payload).digest("base64url")}"`;
    void reply.header("etag", etag);
    if (request.headers["if-none-match"] !== etag) return payload;
    void reply.code(304);
    return "";
  });
}

async function describe(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Network Traffic Analyzer",
        version,
        description: "The inventory of APIs that were heard on the network.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
      security: [{ token: [] }, { session: [] }],
      tags: TAGS,
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "A token: nta_…" },
          session: { type: "apiKey", in: "cookie", name: "nta_session" },
        },
      },
    },
  });
}

const TAGS = [
  { name: "inventory", description: "APIs and endpoints" },
  { name: "documents", description: "OpenAPI documents, their versions, corrections and imports" },
  { name: "feed", description: "Changes and findings" },
  { name: "sensors", description: "What sensors send" },
  { name: "uploads", description: "Captures and HAR files" },
  { name: "administration", description: "Tokens, forwarding, preferences, audit log" },
  { name: "server", description: "Sessions and this description" },
];
