//! APIs that are more than JSON over HTTP are described as what they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Line, learn } from "../infer/learn.fixture.ts";
import type { JsonObject } from "./document.ts";
import { emit } from "./emit.ts";

/** What stands at `path` in the document. */
function at(lines: readonly Line[], ...path: readonly (string | number)[]): unknown {
  const document = emit(learn(lines), { openapi: "3.0.3", evidence: false });
  return path.reduce<unknown>((value, name) => (value as JsonObject | undefined)?.[name], document);
}

const namesOf = (calls: unknown): string[] => (calls as { name: string }[]).map(({ name }) => name);

const SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12 = "http://www.w3.org/2003/05/soap-envelope";
const STOCK = "http://stock.example/quotes";

const envelope = (namespace: string, body: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="${namespace}">` +
  `<s:Header/><s:Body>${body}</s:Body></s:Envelope>`;

/** A call as SOAP 1.1 has it: the action in a field of its own, `text/xml`. */
const soap11 = (action: string, request: string, response: string, status = 200): Line => ({
  method: "POST",
  target: "/Quotes.asmx",
  status,
  requestHeaders: {
    "content-type": "text/xml; charset=utf-8",
    soapaction: `"${STOCK}/${action}"`,
  },
  responseHeaders: { "content-type": "text/xml; charset=utf-8" },
  requestBody: envelope(SOAP_11, request),
  responseBody: envelope(SOAP_11, response),
});

/** As SOAP 1.2 has it: the action is a parameter of the media type. */
const soap12 = (action: string, request: string, response: string): Line => {
  const type = "application/soap+xml; charset=utf-8";
  return {
    method: "POST",
    target: "/services/Quotes",
    requestHeaders: { "content-type": `${type}; action="urn:${action}"` },
    responseHeaders: { "content-type": type },
    requestBody: envelope(SOAP_12, request),
    responseBody: envelope(SOAP_12, response),
  };
};

const getPrice = (symbol: string): string =>
  `<GetPrice xmlns="${STOCK}"><Symbol>${symbol}</Symbol></GetPrice>`;
const price = (amount: number): string =>
  `<GetPriceResponse xmlns="${STOCK}"><Price>${amount}</Price></GetPriceResponse>`;
const placeOrder = (count: number): string =>
  `<q:PlaceOrder xmlns:q="${STOCK}"><q:Symbol>A B</q:Symbol><q:Count>${count}</q:Count></q:PlaceOrder>`;
const placed = (id: number): string =>
  `<q:PlaceOrderResponse xmlns:q="${STOCK}"><q:OrderId>${id}</q:OrderId></q:PlaceOrderResponse>`;
const fault =
  "<s:Fault><faultcode>s:Client</faultcode><faultstring>too many of them</faultstring></s:Fault>";

test("SOAP 1.1: each operation by itself, with what it takes, answers and fails by", () => {
  const lines = [
    soap11("GetPrice", getPrice("IBM Corp"), price(12.5)),
    soap11("GetPrice", getPrice("SAP SE"), price(13.25)),
    soap11("PlaceOrder", placeOrder(3), placed(1_001)),
    soap11("PlaceOrder", placeOrder(4), placed(1_002)),
    soap11("PlaceOrder", placeOrder(9_999), fault, 500),
    // Nothing in its body names it.
    soap11("Ping", "", `<PingResponse xmlns="${STOCK}"/>`),
  ];
  const operation = ["paths", "/Quotes.asmx", "post"];
  const calls = at(lines, ...operation, "x-nta-soap");
  assert.deepEqual(namesOf(calls), ["GetPrice", "Ping", "PlaceOrder"]);
  const body = ["content", "text/xml", "schema", "properties", "Envelope", "properties", "Body"];
  const request = at(lines, ...operation, "x-nta-soap", 2, "requestBody", ...body, "properties");
  assert.deepEqual(request, {
    PlaceOrder: {
      type: "object",
      required: ["Count", "Symbol"],
      properties: {
        Count: { type: "integer", format: "int32" },
        Symbol: { type: "string" },
      },
    },
  });
  const responses = [...operation, "x-nta-soap", 2, "responses"];
  assert.deepEqual(Object.keys(at(lines, ...responses) as object), ["200", "500"]);
  const answer = at(lines, ...responses, "200", ...body, "properties");
  assert.deepEqual(Object.keys(answer as object), ["PlaceOrderResponse"]);
  const failure = at(lines, ...responses, "500", ...body, "properties", "Fault", "properties");
  assert.deepEqual(Object.keys(failure as object), ["faultcode", "faultstring"]);
});

test("SOAP 1.2: the same, and the action where a body names nothing", () => {
  const lines = [
    soap12("GetPrice", getPrice("IBM Corp"), price(12.5)),
    soap12("GetPrice", getPrice("SAP SE"), price(14)),
    soap12("quotes#Refresh", "", ""),
    soap12("PlaceOrder", placeOrder(1), placed(7)),
  ];
  const operation = ["paths", "/services/Quotes", "post"];
  assert.deepEqual(namesOf(at(lines, ...operation, "x-nta-soap")), [
    "GetPrice",
    "PlaceOrder",
    "Refresh",
  ]);
  const content = at(lines, ...operation, "requestBody", "content");
  assert.deepEqual(Object.keys(content as object), ["application/soap+xml"]);
});

test("an XML body that is no envelope is no SOAP", () => {
  const note: Line = {
    method: "POST",
    target: "/notes",
    requestHeaders: { "content-type": "text/xml", soapaction: '"urn:Add"' },
    requestBody: "<Note><Body><Add>1</Add></Body></Note>",
  };
  assert.equal(at([note], "paths", "/notes", "post", "x-nta-soap"), undefined);
});

test("GraphQL: one operation for each name and kind", () => {
  const call = (query: string, data: object): Line => [
    "POST /graphql 200",
    { data },
    { query, variables: { id: 1 } },
  ];
  const lines = [
    call("query GetUser($id: ID!) { user(id: $id) { name } }", { user: { name: "a b" } }),
    call("mutation AddUser { addUser { id } }", { addUser: { id: 1 } }),
    call("subscription GetUser { user { name } }", { user: { name: "c d" } }),
  ];
  const calls = ["paths", "/graphql", "post", "x-nta-graphql"];
  assert.deepEqual(namesOf(at(lines, ...calls)), [
    "mutation:AddUser",
    "query:GetUser",
    "subscription:GetUser",
  ]);
  const answer = ["content", "application/json", "schema", "properties", "data", "properties"];
  assert.deepEqual(Object.keys(at(lines, ...calls, 0, "responses", "200", ...answer) as object), [
    "addUser",
  ]);
});

test("JSON-RPC: one operation for each method", () => {
  const lines = ["wallet.balance", "wallet.send"].flatMap((method): Line[] =>
    [1, 2].map((id) => [
      "POST /rpc",
      { jsonrpc: "2.0", id, result: method === "wallet.send" ? { hash: "a b" } : 12.5 },
      { jsonrpc: "2.0", id, method, params: [id] },
    ]),
  );
  const calls = ["paths", "/rpc", "post", "x-nta-json-rpc"];
  assert.deepEqual(namesOf(at(lines, ...calls)), ["wallet.balance", "wallet.send"]);
  const result = ["responses", "200", "content", "application/json", "schema", "properties"];
  assert.deepEqual(at(lines, ...calls, 0, ...result, "result"), { type: "number" });
});

test("JSON:API, HAL and OData are named where they are spoken, and nowhere else", () => {
  const rows: readonly [string, string, object, string | undefined][] = [
    [
      "application/vnd.api+json",
      "/articles",
      { data: [{ type: "articles", id: "1", attributes: { title: "a b" } }], meta: { total: 1 } },
      "json-api",
    ],
    [
      "application/json",
      "/articles",
      { data: { type: "articles", id: "1", attributes: { title: "a b" } } },
      "json-api",
    ],
    [
      "application/hal+json",
      "/orders",
      { _links: { self: { href: "/orders" } }, _embedded: { orders: [{ total: 3 }] } },
      "hal",
    ],
    ["application/json", "/orders", { _links: { self: { href: "/orders" } }, total: 3 }, "hal"],
    [
      "application/json;odata.metadata=minimal",
      "/odata/Products",
      { "@odata.context": "http://a.example/$metadata#Products", value: [{ ID: 1 }] },
      "odata",
    ],
    [
      "application/json",
      "/V2/Products",
      { d: { results: [{ __metadata: { uri: "http://a.example/P(1)" }, ID: 1 }] } },
      "odata",
    ],
    ["application/json", "/plain", { data: [{ type: "a b", id: "1" }], value: [] }, undefined],
  ];
  for (const [type, target, response, expected] of rows) {
    const line: Line = {
      target,
      responseHeaders: { "content-type": type },
      responseBody: JSON.stringify(response),
    };
    const found = at([line], "paths", target, "get", "x-nta-convention");
    assert.equal(found, expected, `${type} ${target}`);
  }
});
