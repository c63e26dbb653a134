import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Static, type TObject, type TSchema, Type } from "typebox";
import type { Needed } from "./access.ts";
import { Problem } from "./contract.ts";
import { PROBLEM_TYPE, Refusal } from "./problem.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Tag = "inventory" | "documents" | "feed" | "sensors" | "uploads" | "administration" | "server";

/** One operation of the API: what it is for, what it takes and gives. Our own OpenAPI is made from these. */
export interface Operation<Params extends TObject, Query extends TObject, Body extends TSchema> {
  readonly method: Method;
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly tag: Tag;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Null where there is nothing to answer (204). */
  readonly answer: TSchema | null;
  /** Where the answer is no JSON. */
  readonly answerType?: string;
  readonly status?: 200 | 201 | 202;
  readonly needs?: Needed;
  readonly bodyBytesMax?: number;
  readonly readsBody?: boolean;
}

export interface Input<Params extends TObject, Query extends TObject, Body extends TSchema> {
  readonly params: Static<Params>;
  readonly query: Static<Query>;
  readonly body: Static<Body>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Name of who asks, for the audit log. */
  readonly who: string;
}

const Nothing = Type.Object({});
const problem = (description: string) => ({
  description,
  content: { [PROBLEM_TYPE]: { schema: Problem } },
});

/** Adds an operation to the server. What `handle` resolves with is sent. */
export function operation<
  Params extends TObject = typeof Nothing,
  Query extends TObject = typeof Nothing,
  Body extends TSchema = typeof Nothing,
>(
  app: FastifyInstance,
  definition: Operation<Params, Query, Body>,
  handle: (input: Input<Params, Query, Body>) => unknown,
): void {
  const { method, path, params, query, body, answer, needs, status = 200 } = definition;
  app.route({
    method,
    url: path,
    config: {
      ...(needs === undefined ? {} : { needs }),
      ...(definition.readsBody === true ? { readsBody: true } : {}),
    },
    // Whoever reads the body unpacks it too; two readers would keep each other waiting.
    ...(definition.readsBody === true ? { decompress: false } : {}),
    ...(definition.bodyBytesMax === undefined ? {} : { bodyLimit: definition.bodyBytesMax }),
    schema: {
      operationId: definition.id,
      summary: definition.summary,
      tags: [definition.tag],
      ...(needs === "public" ? { security: [] } : {}),
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined ? {} : { body }),
      response: {
        ...answersOf(answer, status, definition.answerType),
        "4xx": problem("Refused; the problem says why"),
        "5xx": problem("Not done; the problem says whether to try again"),
      },
    },
    handler: async (request, reply) => {
      refuseUnknown(request.query, query);
      const result = await handle({
        params: request.params as Static<Params>,
        query: request.query as Static<Query>,
        body: request.body as Static<Body>,
        request,
        reply,
        who: request.identity.name,
      });
      if (reply.sent) return reply;
      if (answer === null) return await reply.code(204).send();
      return await reply.code(status).send(result);
    },
  });
}

function answersOf(answer: TSchema | null, status: number, type = "application/json") {
  if (answer === null) return { 204: { description: "Done", type: "null" } };
  return { [status]: { description: "Done", content: { [type]: { schema: answer } } } };
}

/** A misspelt filter must not mean "all". */
function refuseUnknown(given: unknown, schema: TObject | undefined): void {
  const known = Object.keys(schema?.properties ?? {});
  const unknown = Object.keys(given as object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const list = known.length === 0 ? "it takes none" : `known: ${known.join(", ")}`;
  throw new Refusal(
    400,
    `there is no query parameter ${JSON.stringify(unknown.slice(0, 60))}; ${list}`,
  );
}

/** Adds routes to a scope of their own, such as one with other parsers of bodies. */
export function scoped(
  app: FastifyInstance,
  add: (scope: FastifyInstance) => void,
  prefix = "",
): void {
  void app.register(
    (scope, _options, done) => {
      add(scope);
      done();
    },
    { prefix },
  );
}
