import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Inventory } from "../../inventory/inventory.ts";
import {
  ChangePage,
  ChangeQuery,
  Finding,
  FindingPage,
  FindingPatch,
  FindingQuery,
  Id,
} from "../contract.ts";
import type { EventHub } from "../events.ts";
import { operation } from "../operation.ts";

const tag = "feed";

export function addFeedRoutes(app: FastifyInstance, { feed }: Inventory, events: EventHub): void {
  operation(
    app,
    {
      method: "GET",
      path: "/changes",
      id: "listChanges",
      summary: "What changed, the newest first",
      tag,
      query: ChangeQuery,
      answer: ChangePage,
    },
    ({ query }) => feed.changes(query),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/findings",
      id: "listFindings",
      summary: "What should be looked at, the heaviest first",
      tag,
      query: FindingQuery,
      answer: FindingPage,
    },
    ({ query }) => feed.findings(query),
  );
  operation(
    app,
    {
      method: "PATCH",
      path: "/findings/:finding",
      id: "judgeFinding",
      summary: "Accepts a finding, or opens it again",
      tag,
      params: Type.Object({ finding: Id }),
      body: FindingPatch,
      answer: Finding,
    },
    ({ params, body, who }) => feed.judge(params.finding, body.state, body.reason, who),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/events",
      id: "streamEvents",
      summary: "What happens from now on, as server-sent events",
      tag,
      query: Type.Object({ after: Type.Optional(Type.String({ maxLength: 64 })) }),
      answer: Type.String(),
      answerType: "text/event-stream",
    },
    async ({ query, request, reply }) => {
      const last = request.headers["last-event-id"];
      const after = query.after ?? (typeof last === "string" ? last : undefined);
      await events.listen(request.raw, reply, after ?? null);
      return reply;
    },
  );
}
