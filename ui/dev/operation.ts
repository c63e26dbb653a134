/** One operation with a bit of everything that the endpoint view shows. */
import type { EndpointRow } from "../../src/server/contract.ts";

const evidence = (count: number, share: number) => ({
  "x-nta": { count, share, confidence: 0.93 },
});

export const components = {
  schemas: {
    Money: {
      type: "object",
      required: ["amount", "currency"],
      properties: {
        amount: { type: "number", ...evidence(212, 1) },
        currency: { type: "string", enum: ["EUR", "USD"], ...evidence(212, 1) },
      },
    },
    Order: {
      type: "object",
      required: ["id", "total", "state"],
      properties: {
        id: { type: "string", format: "uuid", ...evidence(212, 1) },
        state: { type: "string", enum: ["open", "paid", "sent"], ...evidence(212, 1) },
        total: { $ref: "#/components/schemas/Money" },
        customer: {
          type: "object",
          ...evidence(150, 0.71),
          properties: {
            email: { type: "string", format: "email", ...evidence(150, 1) },
            nick: { type: ["string", "null"], ...evidence(12, 0.08) },
          },
        },
        lines: {
          type: "array",
          ...evidence(212, 1),
          items: {
            type: "object",
            properties: {
              sku: { type: "string", ...evidence(700, 1) },
              quantity: { type: "integer", format: "int32", minimum: 1, ...evidence(700, 1) },
            },
          },
        },
        parent: { $ref: "#/components/schemas/Order" },
      },
    },
  },
  securitySchemes: { bearerAuth: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
};

export const operationOf = (row: EndpointRow): Record<string, unknown> => ({
  summary: row.summary,
  operationId: row.operationId,
  parameters: [
    ...[...row.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string", format: "uuid" },
      ...evidence(row.calls, 1),
    })),
    {
      name: "page",
      in: "query",
      schema: { type: "integer", format: "int32", minimum: 1 },
      ...evidence(Math.round(row.calls * 0.4), 0.4),
    },
    {
      name: "sort",
      in: "query",
      schema: { type: "string", enum: ["newest", "oldest"] },
      ...evidence(Math.round(row.calls * 0.05), 0.05),
    },
  ],
  ...(row.method !== "GET" && {
    requestBody: {
      required: true,
      content: {
        "application/json": { schema: { $ref: "#/components/schemas/Order" }, ...evidence(212, 1) },
      },
    },
  }),
  responses: {
    200: {
      description: "OK",
      content: {
        "application/json": { schema: { $ref: "#/components/schemas/Order" }, ...evidence(200, 1) },
      },
      ...evidence(200, 0.95),
    },
    404: { description: "Not Found", ...evidence(12, 0.05) },
  },
  security: [{ bearerAuth: [] }],
  "x-nta": {
    count: row.calls,
    firstSeen: new Date(row.firstMs).toISOString(),
    lastSeen: new Date(row.lastMs).toISOString(),
    share: 0.06,
    confidence: 0.94,
  },
});
