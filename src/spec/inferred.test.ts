import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { infer } from "../infer/infer.ts";
import { endpoint, endpointsOf, type Line, learn, summarize } from "../infer/learn.fixture.ts";
import type { Api, ObjectSchema, Schema } from "../infer/model.ts";
import { emit } from "./emit.ts";
import { validate } from "./validate.ts";

const user = (login: string) => ({ login, followers: 3, bio: "x y", site: "https://a.example/" });
const names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];

test("templates of paths", () => {
  const rows: [string, Line[], string[]][] = [
    ["numbers", [["GET /users/1"], ["GET /users/22"]], ["GET /users/{userId}"]],
    [
      "classes of one place are one parameter",
      [["GET /files/4f6c1c9e-5d3a-4b57-9d0e-0a3f5a1b2c3d"], ["GET /files/17"]],
      ["GET /files/{fileId}"],
    ],
    [
      "words with one shape, that responses carry",
      names.map((name): Line => [`GET /users/${name}`, user(name)]),
      ["GET /users/{userId}"],
    ],
    [
      "who calls is no id",
      [
        ...names.map((name): Line => [`GET /users/${name}`, user(name)]),
        ["GET /users/me", user("x")],
      ],
      ["GET /users/me", "GET /users/{userId}"],
    ],
    [
      "handles in a row",
      names.flatMap((name, index): Line[] => [
        [`GET /repos/${name}/${names[(index + 3) % 8]}-kit/forks`, [{ fork: name, stars: index }]],
        [`GET /repos/${name}/${names[(index + 1) % 8]}-kit/issues`, [{ issue: 1, open: true }]],
      ]),
      ["GET /repos/{repoId}/{repoId2}/forks", "GET /repos/{repoId}/{repoId2}/issues"],
    ],
    [
      "resources are literal, though each has ids below it",
      ["users", "orders", "items", "carts"].flatMap((name): Line[] => [
        [`GET /api/v1/${name}`, { data: [{ id: 1, [name]: true }], total: 1 }],
        [`GET /api/v1/${name}/7`, { id: 1, [name]: true }],
      ]),
      ["carts", "items", "orders", "users"].flatMap((name) => [
        `GET /api/v1/${name}`,
        `GET /api/v1/${name}/{${name.slice(0, -1)}Id}`,
      ]),
    ],
    [
      "verbs are literal",
      ["cancel", "approve"].flatMap((verb) =>
        [1, 2, 3, 4].map(
          (id): Line => [`POST /orders/${id}/${verb}`, { id, state: "done", total: 3 }],
        ),
      ),
      ["POST /orders/{orderId}/approve", "POST /orders/{orderId}/cancel"],
    ],
    [
      "a format is no part of the value",
      [["GET /calls/CA49a29760a35d51cb5fa4aee4745f2f98.json"], ["GET /calls/12.json"]],
      ["GET /calls/{callId}.json"],
    ],
    ["only ever not found", [["GET /admin 404"], ["GET /x 405"], ["GET /ok"]], ["GET /ok"]],
    ["versions", [["GET /v2/a"], ["GET /v3/a"]], ["GET /v2/a", "GET /v3/a"]],
    [
      "versions of a thing are values, also if there is one",
      [["GET /packages/7/1.0.0"], ["GET /packages/8/1.0.0"], ["GET /1.0.0/packages"]],
      ["GET /1.0.0/packages", "GET /packages/{packageId}/{packageId2}"],
    ],
    [
      "actions are literal where values are not posted to",
      [
        ...names.map((name): Line => [`GET /users/${name}`, user(name)]),
        ["POST /users/createWithList", user("x"), [user("x")]],
        ["POST /users/createWithArray", user("x"), [user("x")]],
      ],
      ["POST /users/createWithArray", "POST /users/createWithList", "GET /users/{userId}"],
    ],
    ["the root", [["GET /"]], ["GET /"]],
  ];
  for (const [what, lines, expected] of rows) assert.deepEqual(endpointsOf(lines), expected, what);
});

test("a person's hints come before evidence", () => {
  const lines: Line[] = [["GET /things/red"], ["GET /things/blue"], ["GET /things/blue/parts"]];
  const pins = ["/things/{colour}", "/things/{colour}/parts"];
  assert.deepEqual(endpointsOf(lines, { pins }), [
    "GET /things/{colour}",
    "GET /things/{colour}/parts",
  ]);
  assert.deepEqual(endpointsOf(lines, { pins: [...pins, "/things/red"] }), [
    "GET /things/red",
    "GET /things/{colour}",
    "GET /things/{colour}/parts",
  ]);
  const users = names.map((name): Line => [`GET /users/${name}`, user(name)]);
  assert.equal(endpointsOf(users, { vetoes: ["/users/{userId}"] }).length, 8);
  const renames = [{ path: "/users/{}", from: "userId", to: "login" }];
  assert.deepEqual(endpointsOf(users, { renames }), ["GET /users/{login}"]);
  assert.deepEqual(endpointsOf(lines, { ignores: ["/things/*"] }), ["GET /things/blue/parts"]);
});

test("decisions say why", () => {
  const { decisions } = learn(names.map((name): Line => [`GET /users/${name}`, user(name)]));
  const about = decisions.find(({ parent }) => parent === "/users")!;
  assert.equal(about.outcome, "parameter");
  assert.deepEqual(
    about.subjects.map(({ text }) => text),
    names,
  );
  assert.ok(about.reasons.reduce((sum, { weight }) => sum + weight, 0) > 0);
  assert.ok(about.subjects[0]!.reasons.some(({ text }) => text.includes("login")));
});

function responseSchema(lines: Line[], text: string): Schema {
  const [content] = endpoint(learn(lines), text).operation.responses[0]!.contents;
  return content!.schema;
}

function fieldsOf(schema: Schema): Record<string, unknown> {
  const { fields } = schema as ObjectSchema;
  return Object.fromEntries(
    fields.map(({ name, required, schema: inner }) => {
      const { kind, nullable } = inner;
      const format = "format" in inner ? (inner.format ?? "") : "";
      return [
        name,
        `${kind}${format && ` ${format}`}${nullable ? " null" : ""}${required ? " !" : ""}`,
      ];
    }),
  );
}

test("schemas of objects", () => {
  const at = "2024-01-02T03:04:05Z";
  const lines: Line[] = [
    ["GET /a", { id: 1, big: 2 ** 40, rate: 1, at, note: null, ok: true, tags: [] }],
    ["GET /a", { id: 2, big: 1, rate: 1.5, at, note: "n", ok: false, tags: ["x"], more: 1 }],
    ["GET /a", { id: 3, big: 1, rate: 2, at, note: "m", ok: false, tags: [] }],
  ];
  assert.deepEqual(fieldsOf(responseSchema(lines, "GET /a")), {
    id: "integer int32 !",
    big: "integer int64 !",
    rate: "number !",
    at: "string date-time !",
    note: "string null !",
    ok: "boolean !",
    tags: "array !",
    more: "integer int32",
  });
});

test("kinds that differ are a union, null alone is unknown", () => {
  const lines: Line[] = [
    ["GET /a", { x: 1, n: null }],
    ["GET /a", { x: "one", n: null }],
    ["GET /a", { x: { y: 1 }, n: null }],
  ];
  const schema = responseSchema(lines, "GET /a") as ObjectSchema;
  const [n, x] = ["n", "x"].map(
    (name) => schema.fields.find((field) => field.name === name)!.schema,
  );
  assert.deepEqual(n, { kind: "any", nullable: true });
  assert.equal(
    x?.kind === "union" && x.options.map(({ kind }) => kind).join(" "),
    "integer string object",
  );
});

test("names that are data make a map", () => {
  const ids = ["1f8a9c3d5e7b4a60", "99ae77c0b1d24f3e", "0c4d2e6f8a1b3c5d", "7a6b5c4d3e2f1a0b"];
  const lines = ids.map((id): Line => ["GET /stock", { [id]: { left: 3 } }]);
  const schema = responseSchema(lines, "GET /stock") as ObjectSchema;
  assert.deepEqual(schema.fields, []);
  assert.equal(schema.additional?.kind, "object");
});

test("an enumeration needs every word often, and no text for people", () => {
  const states = ["open", "closed", "open", "closed", "open", "closed", "open", "open"];
  const lines = states.map(
    (state): Line => ["GET /a", { state, message: state, free: `${state} x` }],
  );
  const schema = responseSchema(lines, "GET /a") as ObjectSchema;
  const words = Object.fromEntries(
    schema.fields.map(({ name, schema: inner }) => [name, inner.kind === "string" && inner.words]),
  );
  assert.deepEqual(words, { state: ["closed", "open"], message: null, free: null });
});

test("structures that occur again are components, and may hold themselves", () => {
  const person = { login: "a", followers: 1, joined: "2024-01-01", admin: false };
  const node = (depth: number): object => ({
    label: "x",
    size: depth,
    open: true,
    children: depth === 0 ? [] : [node(depth - 1)],
  });
  const api = learn([
    ["GET /people", [person, person, person]],
    ["GET /people", [person, person]],
    ["GET /people/1", person],
    ["GET /people/2", person],
    ["GET /people/3", person],
    ["GET /tree", node(4)],
    ["GET /tree", node(3)],
  ]);
  assert.deepEqual([...api.components.keys()], ["Person", "Tree"]);
  const tree = api.components.get("Tree") as ObjectSchema;
  const children = tree.fields.find(({ name }) => name === "children")!.schema;
  assert.deepEqual(children, {
    kind: "array",
    nullable: false,
    items: { kind: "ref", nullable: false, name: "Tree" },
  });
});

test("one field tells kinds of objects apart", () => {
  const pets = Array.from({ length: 8 }, (_, id): object[] => [
    { id, type: "cat", lives: 9, sleeps: true, mood: "x" },
    { id, type: "dog", tricks: ["sit"], leash: "long", ...(id % 2 === 0 && { bites: true }) },
  ]);
  const api = learn([["GET /pets", pets.flat()]]);
  assert.deepEqual([...api.components.keys()], ["Pet", "PetCat", "PetDog"]);
  const pet = api.components.get("Pet") as Extract<Schema, { kind: "union" }>;
  assert.equal(pet.discriminator!.property, "type");
  assert.deepEqual(
    [...pet.discriminator!.mapping],
    [
      ["cat", "PetCat"],
      ["dog", "PetDog"],
    ],
  );
  const dog = api.components.get("PetDog") as ObjectSchema;
  assert.deepEqual(
    dog.fields.map(({ name, required }) => [name, required]),
    [
      ["bites", false],
      ["id", true],
      ["leash", true],
      ["tricks", true],
      ["type", true],
    ],
  );
  const alike = pets.flat().map((each) => ({ ...each, lives: 1, tricks: [], leash: "", mood: "" }));
  assert.deepEqual([...learn([["GET /pets", alike]]).components.keys()], []);
});

test("links lead from what was answered to where it was used", () => {
  const ids = Array.from({ length: 6 }, (_, index) => 48_211 + 977 * index);
  const api = learn([
    ...ids.map((id): Line => ["POST /shops/9/orders 201", { id, total: 3 }, { total: 3 }]),
    ...ids.map((id): Line => [`GET /shops/9/orders/${id}`, { id, total: 3, customer_id: id + 7 }]),
    ...ids.map((id): Line => [`GET /customers/${id + 7}`, { name: "x", vip: true }]),
    ...ids.map((id): Line => [`GET /pages/${id}`, "text"]),
  ]);
  const linksOf = (text: string) =>
    endpoint(api, text).operation.responses[0]!.links.map(({ operationId, parameters }) => [
      operationId,
      Object.fromEntries(parameters),
    ]);
  assert.deepEqual(linksOf("POST /shops/{shopId}/orders"), [
    ["getShopOrder", { shopId: "$request.path.shopId", orderId: "$response.body#/id" }],
  ]);
  assert.deepEqual(linksOf("GET /shops/{shopId}/orders/{orderId}"), [
    ["getCustomer", { customerId: "$response.body#/customer_id" }],
  ]);
  assert.deepEqual(linksOf("GET /customers/{customerId}"), []);
});

test("parameters of the query and of headers", () => {
  const call = (query: string, more: object = {}): Line => ({
    target: `/search?${query}`,
    requestHeaders: { "x-tenant": "red", "x-forwarded-for": "1.2.3.4", "user-agent": "u", ...more },
    responseBody: "{}",
  });
  const api = learn([
    call("page=1&tag=a&tag=b&sort=name,age&filter[state]=open"),
    call("page=2&tag=a&tag=c&sort=name,age"),
    call("page=3&tag=a&sort=name,size&exact=true"),
    call("page=4&tag=a&sort=age,name"),
    ...[5, 6, 7, 8, 9, 10, 11, 12].map((page) =>
      call(`page=${page}&tag=a&sort=age,name&filter[owner]=me`),
    ),
  ]);
  const { parameters } = endpoint(api, "GET /search").operation;
  const found = parameters.map(
    ({ name, place, required, style }) => `${place} ${name} ${style}${required ? " !" : ""}`,
  );
  assert.deepEqual(found, [
    "query exact single",
    "query filter deep",
    "query page single !",
    "query sort comma-list !",
    "query tag repeated !",
    "header x-tenant single !",
  ]);
});

test("credentials are schemes, required where all calls bore them", () => {
  const call = (target: string, headers: Record<string, string>): Line => ({
    target,
    requestHeaders: headers,
    responseBody: "{}",
  });
  const bearer = { authorization: "Bearer abcdef0123456789" };
  const api = learn([
    ...[1, 2, 3, 4].map((id) => call(`/private/${id}`, bearer)),
    ...[1, 2, 3].map((id) =>
      call(`/open/${id}`, id === 1 ? { ...bearer, cookie: "session=abc" } : {}),
    ),
    ...[1, 2, 3].map(() => call("/keyed?api_key=k3k3k3k3k3k3", {})),
  ]);
  assert.deepEqual([...api.securitySchemes.keys()], ["apiKeyQueryApiKey", "bearerAuth"]);
  const securityOf = (text: string) => endpoint(api, text).operation.security;
  assert.deepEqual(securityOf("GET /private/{privateId}"), [["bearerAuth"]]);
  assert.deepEqual(securityOf("GET /open/{openId}"), [["bearerAuth"], []]);
  assert.deepEqual(securityOf("GET /keyed"), [["apiKeyQueryApiKey"]]);
  assert.deepEqual(endpoint(api, "GET /keyed").operation.parameters, []);
  const jwt = { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl" };
  const mixed = learn([
    ...Array.from({ length: 40 }, () => call("/mixed", jwt)),
    call("/mixed", bearer),
  ]);
  assert.deepEqual(endpoint(mixed, "GET /mixed").operation.security, [["bearerAuth"]]);
});

test("operations on one path that the body tells apart", () => {
  const call = (query: string, data: object): Line => ["POST /graphql 200", { data }, { query }];
  const api = learn([
    call("query GetUser { user { name } }", { user: { name: "a" } }),
    call("mutation AddUser { addUser { id } }", { addUser: { id: 1 } }),
  ]);
  const { protocol } = endpoint(api, "POST /graphql").operation;
  assert.equal(protocol?.kind, "graphql");
  assert.deepEqual(
    protocol.operations.map(({ selector }) => selector),
    ["mutation:AddUser", "query:GetUser"],
  );
  assert.equal(protocol.operations[0]!.responses.length, 1);
  const rpc = learn(
    ["user.get", "user.add"].map(
      (method): Line => [
        "POST /rpc",
        { jsonrpc: "2.0", id: 1, result: {} },
        { jsonrpc: "2.0", id: 1, method, params: [1] },
      ],
    ),
  );
  const calls = endpoint(rpc, "POST /rpc").operation.protocol;
  assert.equal(calls?.kind, "json-rpc");
  assert.deepEqual(
    calls.operations.map(({ selector }) => selector),
    ["user.add", "user.get"],
  );
});

test("conventions are known by their media types, and by what they look like", () => {
  const check = (response: object, expected: string | null) => {
    const [found] = learn([["GET /a", response]]).endpoints;
    assert.equal(found!.operation.convention, expected, JSON.stringify(response));
  };
  check({ data: [{ type: "a", id: "1", attributes: { b: 1 } }], links: {} }, "json-api");
  check({ data: { type: "a", id: "1", relationships: {} } }, "json-api");
  check({ data: { type: "a", id: "1", b: 1 } }, null);
  check({ _links: { self: { href: "/a" }, items: [{ href: "/b" }] }, b: 1 }, "hal");
  check({ _links: ["/a"] }, null);
  check({ "@odata.context": "https://x.example/$metadata#a", value: [{ b: 1 }] }, "odata");
  check({ d: { results: [{ __metadata: { uri: "x" }, b: 1 }] } }, "odata");
  check({ d: { results: [{ b: 1 }] } }, null);
  const [typed] = learn([
    {
      target: "/a",
      responseHeaders: { "content-type": "application/vnd.api+json" },
      responseBody: "{}",
    },
  ]).endpoints;
  assert.equal(typed!.operation.convention, "json-api");
});

test("operation ids are unique words", () => {
  const api = learn([
    ["GET /users", []],
    ["POST /users", {}],
    ["GET /users/1", {}],
    ["DELETE /users/1 204"],
    ["GET /users/1/posts/2", {}],
    ["POST /users/1/activate", {}],
  ]);
  assert.deepEqual(
    api.endpoints.map(({ operation }) => operation.id),
    ["listUsers", "createUser", "deleteUser", "getUser", "runUserActivate", "getUserPost"],
  );
  const escaped = ["GET /a%5Bb%5D(17)", "GET /a%5Bb%5D(18)"].map((line): Line => [line, {}]);
  assert.deepEqual(
    learn(escaped).endpoints.map(({ path, operation }) => [path.text, operation.id]),
    [["/a%5Bb%5D({aBId})", "getAB"]],
  );
  const slashed = learn([
    ["GET /users/", []],
    ["GET /users/1/", {}],
    ["GET /users/1/posts/", []],
  ]);
  assert.deepEqual(
    slashed.endpoints.map(({ operation }) => operation.id),
    ["listUsers", "getUser", "listUserPosts"],
  );
});

/** Exchanges of a small API, whichever are drawn, in any order. */
const exchanges: Line[] = [
  ...names.map((name): Line => [`GET /users/${name}`, user(name)]),
  ...names.map((name, n): Line => [`PUT /users/${name} 200`, user(name), { bio: name, n }]),
  ...[1, 2, 3].map(
    (id): Line => [`GET /orders/${id}?page=${id}`, { id, lines: [{ sku: "a", qty: id }] }],
  ),
  ...[1, 2, 3].map((id): Line => [`GET /orders/${id}/lines`, [{ sku: "b", qty: id }]]),
  ["GET /users/zoe 404", { error: "none" }],
  ["GET /orders 500", { error: "down" }],
  ["GET /orders/9 404", { error: "none" }],
  ["DELETE /orders/9 204"],
];

const documentOf = (api: Api, openapi: "3.0.3" | "3.1.0" = "3.0.3") =>
  emit(api, { openapi, evidence: true });

test("the same exchanges give the same document, in any order and number of summaries", () => {
  const expected = JSON.stringify(documentOf(learn(exchanges)));
  const shuffled = fc.shuffledSubarray(exchanges, { minLength: exchanges.length });
  fc.assert(
    fc.property(shuffled, fc.nat(exchanges.length), (lines, cut) => {
      assert.equal(JSON.stringify(documentOf(learn(lines))), expected);
      const parts = [...summarize(lines.slice(0, cut)), ...summarize(lines.slice(cut))];
      const again = infer(parts.reverse());
      const whole = infer(summarize(lines));
      const text = (apis: readonly Api[]) => JSON.stringify(apis.map((api) => documentOf(api)));
      assert.equal(text(again.apis), text(whole.apis));
    }),
    { numRuns: 20 },
  );
});

test("documents are valid in both versions", async () => {
  for (const version of ["3.0.3", "3.1.0"] as const) {
    assert.deepEqual(await validate(documentOf(learn(exchanges), version)), []);
  }
});
