import assert from "node:assert/strict";
import { test } from "node:test";
import { play, type Written } from "./exchange.fixture.ts";
import { defaultPrivacy } from "./privacy.ts";
import { defaultSelection } from "./selection.ts";
import type { ApiSummary, OperationSummary, PathNode } from "./summary.ts";
import { isPrivateAddress, parseAuthority } from "./target.ts";
import { Telemetry } from "./telemetry.ts";

const telemetryOf = (exchanges: readonly Written[], statuses = ["xxx"]): Telemetry => {
  const telemetry = new Telemetry({
    selection: { ...defaultSelection, statuses },
    privacy: defaultPrivacy,
    hashKey: new Uint8Array(8).fill(2),
  });
  for (const exchange of exchanges) play(telemetry, exchange);
  return telemetry;
};

const summaryOf = (...exchanges: Written[]): ApiSummary => {
  const summaries = telemetryOf(exchanges).summaries();
  assert.equal(summaries.length, 1);
  return summaries[0]!;
};

/** The only operation of all that was heard. */
function onlyOperation(...exchanges: Written[]): { key: string; operation: OperationSummary } {
  const found: { key: string; operation: OperationSummary }[] = [];
  const walk = (node: PathNode): void => {
    for (const [key, operation] of node.operations) found.push({ key, operation });
    for (const child of node.children.values()) walk(child);
  };
  walk(summaryOf(...exchanges).root);
  assert.equal(found.length, 1);
  return found[0]!;
}

const paths = (summary: ApiSummary): string[] => {
  const found: string[] = [];
  const walk = (node: PathNode, path: string): void => {
    for (const method of node.operations.keys())
      found.push(`${method} ${path === "" ? "/" : path}`);
    for (const [key, child] of node.children) walk(child, `${path}/${key}`);
  };
  walk(summary.root, "");
  return found.sort();
};

test("an API is named by host, port and scheme", () => {
  const cases: readonly (readonly [Written, string])[] = [
    [{ target: "/a", requestHeaders: { host: "API.Test." } }, "http api.test 80"],
    [{ target: "/a", requestHeaders: { host: "api.test:9999" }, port: 8080 }, "http api.test 8080"],
    [{ target: "/a", requestHeaders: { host: "[2001:DB8::1]:80" } }, "http 2001:db8::1 80"],
    [{ target: "/a", requestHeaders: { host: "bad host!" } }, "http 10.0.0.2 80"],
    [{ target: "/a", requestHeaders: { host: "" } }, "http 10.0.0.2 80"],
    [{ target: "http://other.test/a", port: 3128 }, "http other.test 80"],
    [{ target: "https://other.test:8443/a", port: 3128 }, "https other.test 8443"],
    [{ target: "https://other.test/a", port: 3128 }, "https other.test 443"],
  ];
  for (const [written, expected] of cases) {
    const { key } = summaryOf(written);
    assert.equal(`${key.scheme} ${key.host} ${key.port}`, expected, JSON.stringify(written));
  }
});

test("authorities and addresses", () => {
  const hosts: readonly (readonly [string, string | null, number])[] = [
    ["a.test", "a.test", 0],
    ["user@a.test:1", "a.test", 1],
    ["my_service:80", "my_service", 80],
    ["1.2.3.4:5", "1.2.3.4", 5],
    ["1.2.3", null, 0],
    ["a..b", null, 0],
    ["-a.test", null, 0],
    ["a.test:99999", null, 0],
    ["a.test:x", null, 0],
    ["[::1", null, 0],
    ["[zz]", null, 0],
    ["x".repeat(300), null, 0],
  ];
  for (const [text, host, port] of hosts) {
    assert.deepEqual(parseAuthority(text), { host, port }, text);
  }
  for (const ip of [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "::1",
    "fd00::1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "100.64.0.1",
  ]) {
    assert.ok(isPrivateAddress(ip), ip);
  }
  for (const ip of ["8.8.8.8", "172.32.0.1", "2001:db8::1", "100.128.0.1"]) {
    assert.ok(!isPrivateAddress(ip), ip);
  }
});

test("paths: classes, trailing slashes, selectors, methods", () => {
  const json = { "content-type": "application/json" };
  const summary = summaryOf(
    { target: "/" },
    { target: "/users" },
    { target: "/users/" },
    { target: "/users/17" },
    { target: "/users/17?x=1#frag" },
    { target: "//double" },
    { method: "PROPFIND", target: "/dav" },
    { method: "we!rd", target: "/dav" },
    {
      method: "POST",
      target: "/graphql",
      requestHeaders: json,
      requestBody: '{"query":"query GetUser($id: ID!) { user(id: $id) { id } }"}',
    },
    {
      method: "POST",
      target: "/graphql",
      requestHeaders: json,
      requestBody: '{"operationName":"AddUser","query":"mutation Other { a }"}',
    },
    {
      method: "POST",
      target: "/graphql",
      requestHeaders: json,
      requestBody: '{"query":"{ me { id } }"}',
    },
    {
      method: "POST",
      target: "/search",
      requestHeaders: json,
      requestBody: '{"query":"red shoes"}',
    },
    {
      method: "POST",
      target: "/rpc",
      requestHeaders: json,
      requestBody: '{"jsonrpc":"2.0","method":"user.get","id":1}',
    },
    { method: "POST", target: "/notify", requestHeaders: json, requestBody: '{"method":"email"}' },
    {
      method: "POST",
      target: "/soap",
      requestHeaders: { "content-type": "text/xml" },
      requestBody:
        '<s:Envelope xmlns:s="x"><s:Header/><s:Body><m:GetPrice><m:Id>1</m:Id></m:GetPrice></s:Body></s:Envelope>',
    },
  );
  assert.deepEqual(
    paths(summary),
    [
      "GET /",
      "GET /users",
      "GET /users/",
      "GET /users/{int}",
      "GET //double",
      "OTHER /dav",
      "POST /notify",
      "POST /search",
      "POST graphql:mutation:AddUser /graphql",
      "POST graphql:query:- /graphql",
      "POST graphql:query:GetUser /graphql",
      "POST jsonrpc:user.get /rpc",
      "POST soap:GetPrice /soap",
      "PROPFIND /dav",
    ].sort(),
  );
});

test("credentials by kind, place and name, never by value", () => {
  const cases: readonly (readonly [Written, string])[] = [
    [{}, "-"],
    [
      { requestHeaders: { authorization: "Bearer eyJh.bbb.ccc" } },
      "bearer-jwt:header:authorization",
    ],
    [{ requestHeaders: { authorization: "bearer abc" } }, "bearer:header:authorization"],
    [{ requestHeaders: { authorization: "Basic dTpw" } }, "basic:header:authorization"],
    [{ requestHeaders: { authorization: 'Digest username="x"' } }, "digest:header:authorization"],
    [{ requestHeaders: { authorization: "Negotiate YII" } }, "other:header:negotiate"],
    [
      { requestHeaders: { authorization: "AWS4-HMAC-SHA256 Credential=x" } },
      "other:header:aws4-hmac-sha256",
    ],
    [{ requestHeaders: { authorization: "Token abc" } }, "apikey:header:authorization"],
    [{ requestHeaders: { authorization: "abcdef" } }, "apikey:header:authorization"],
    [{ requestHeaders: { "X-API-Key": "abc" } }, "apikey:header:x-api-key"],
    [{ requestHeaders: { "private-token": "abc" } }, "apikey:header:private-token"],
    [{ target: "/a?api_key=x" }, "apikey:query:api_key"],
    [{ target: "/a?token=a8f5f167f44f4964e6c998dee827110c" }, "apikey:query:token"],
    [{ target: "/a?key=name" }, "-"],
    [{ requestHeaders: { cookie: "theme=dark; JSESSIONID=1" } }, "session:cookie:JSESSIONID"],
    [{ requestHeaders: { cookie: "access_token=1" } }, "apikey:cookie:access_token"],
    [
      { target: "/a?apikey=x", requestHeaders: { authorization: "Basic x" } },
      "apikey:query:apikey basic:header:authorization",
    ],
    [
      {
        method: "POST",
        requestHeaders: { "content-type": "application/x-www-form-urlencoded" },
        requestBody: "grant_type=client_credentials&scope=a",
      },
      "oauth2:body:client_credentials",
    ],
  ];
  for (const [written, expected] of cases) {
    const { operation } = onlyOperation({ target: "/a", ...written });
    assert.deepEqual([...operation.request.credentials], [[expected, 1]], JSON.stringify(written));
  }
});

test("parameters: presence, repetition, lists, brackets, encodings", () => {
  const { operation } = onlyOperation(
    { target: "/a?page=1&tag=x&tag=y&filter%5Bname%5D=a+b&ids=1,2,3&flag&q=caf%C3%A9" },
    { target: "/a?page=2" },
  );
  const { query } = operation.request;
  assert.deepEqual(
    [...query].map(([name, { calls, repeated }]) => [name, calls, repeated]),
    [
      ["page", 2, 0],
      ["tag", 1, 1],
      ["filter[name]", 1, 0],
      ["ids", 1, 0],
      ["flag", 1, 0],
      ["q", 1, 0],
    ],
  );
  assert.equal(query.get("ids")!.text.commaLists, 1);
  assert.equal(operation.request.calls, 2);
});

test("what failed teaches no request; what was cut says nothing about presence", () => {
  const { operation } = onlyOperation(
    { target: "/a?x=1", status: 200, responseBody: '{"a":1,"b":2}' },
    { target: "/a?y=1", status: 404, responseBody: '{"error":"x"}' },
    { target: "/a?x=1", status: 200, responseBody: '{"a":1,"b":', responseWhole: false },
    { target: "/a?x=1", status: 200, responseBody: "{broken" },
  );
  assert.equal(operation.calls, 4);
  assert.equal(operation.request.calls, 3);
  assert.deepEqual([...operation.request.query.keys()], ["x"]);
  assert.deepEqual([...operation.responses.keys()], [200, 404]);
  const body = operation.responses.get(200)!.bodies.get("application/json")!;
  assert.deepEqual([body.count, body.scanned, body.truncated, body.invalid], [3, 1, 1, 1]);
  const fields = body.shape!.fields!;
  assert.equal(fields.whole, 1);
  assert.equal(fields.fields.get("a")!.present, 1);
  assert.equal(body.shape!.objects, 2);
});

test("a path word has the hash that a field with the same value has", () => {
  const summary = summaryOf(
    { target: "/users", responseBody: '[{"login":"alice","id":17}]' },
    { target: "/users/alice", responseBody: "{}" },
    { target: "/users/17", responseBody: "{}" },
  );
  const users = summary.root.children.get("users")!;
  const item = users.operations.get("GET")!.responses.get(200)!.bodies.get("application/json")!
    .shape!.items!.fields!;
  const hash = users.children.get("alice")!.hash!;
  assert.deepEqual(item.fields.get("login")!.shape.text!.sample!.hashes, [hash]);
  const slot = users.children.get("{int}")!.slots[0]!;
  assert.deepEqual(item.fields.get("id")!.shape.integerSample!.hashes, slot.sample.hashes);
});

test("taking begins anew, and what is in flight survives it", () => {
  const telemetry = telemetryOf([{ target: "/a", responseBody: '{"x":1}' }]);
  assert.equal(telemetry.take().length, 1);
  assert.equal(telemetry.take().length, 0);
  play(telemetry, { target: "/a", status: 404 });
  play(telemetry, { target: "/b", responseBody: '{"x":"active"}' });
  const [delta] = telemetry.take();
  assert.deepEqual(paths(delta!), ["GET /a", "GET /b"]);
});

test("frozen summaries are values of their own", () => {
  const telemetry = telemetryOf([{ target: "/users/1", responseBody: '{"id":1}' }]);
  const before = telemetry.summaries();
  const copy = structuredClone(before);
  play(telemetry, { target: "/users/2", responseBody: '{"id":2,"more":true}' });
  assert.deepEqual(before, copy);
});
