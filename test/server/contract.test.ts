//! Every answer of a server that heard real traffic is as its own description says.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { freePort, type Program, run, serve } from "./program.ts";

const SHOP = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));
interface Schema {
  readonly [key: string]: unknown;
}
interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

let folder = "";
let server: Program;
let document: Document;
const ids = new Map<string, string>();
const ajv = new Ajv2020({ strict: false, allErrors: true });

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "nta-contract-"));
  server = await serve({ port: await freePort(), folder });
  assert.equal(run(["import", SHOP, "--url", server.url], folder).status, 0);
  document = (await ask("/api/v1/openapi.json")) as Document;
  const { items: apis } = (await ask("/api/v1/apis?q=shop")) as { items: { id: string }[] };
  ids.set("api", apis[0]!.id);
  const list = (await ask(`/api/v1/apis/${apis[0]!.id}/endpoints`)) as { items: { id: string }[] };
  ids.set("endpoint", list.items[0]!.id);
  const uploads = (await ask("/api/v1/uploads")) as { items: { id: string }[] };
  ids.set("upload", uploads.items[0]!.id);
  ids.set("from", "1");
  ids.set("to", "1");
  await change("PUT", `/apis/${ids.get("api")}/imported`, DESCRIBED, "text/plain");
  await change("PATCH", `/apis/${ids.get("api")}`, '{"labels":["pci"],"owner":"team"}');
  await change("POST", "/tokens", '{"name":"t","role":"viewer"}');
  await change("POST", "/forwarders", FORWARDER);
});
after(async () => {
  await server.end();
  rmSync(folder, { recursive: true });
});

const DESCRIBED = `openapi: 3.0.3
info: {title: Shop, version: "1"}
paths:
  /api/v1/categories:
    get: {responses: {"200": {description: ok}}}
  /api/v1/gone:
    get: {responses: {"200": {description: ok}}}
`;
const FORWARDER = JSON.stringify({
  name: "w",
  enabled: true,
  target: { kind: "webhook", url: "https://hooks.example.invalid/x", secret: "s", kinds: [] },
});

const ask = async (path: string): Promise<unknown> => await (await fetch(server.url + path)).json();

async function change(method: string, path: string, body: string, type = "application/json") {
  const headers = { "content-type": type };
  const answer = await fetch(`${server.url}/api/v1${path}`, { method, headers, body });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** Answers that are no JSON, or never end. */
const OTHER = /\/(?:events|archive|backup|backstage|apis\.csv|document)$/;

test("every list and every detail is as described", async () => {
  let checked = 0;
  for (const [template, item] of Object.entries(document.paths)) {
    const operation = item["get"];
    if (operation === undefined || OTHER.test(template)) continue;
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids.get(name) ?? "missing");
    const answer = await fetch(server.url + path);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${text}`);
    const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
    assert.ok(schema !== undefined, template);
    const validate = ajv.compile(schema);
    const isValid = validate(JSON.parse(text));
    assert.ok(
      isValid,
      `${path}: ${ajv.errorsText(validate.errors).slice(0, 1000)}\n${text.slice(0, 500)}`,
    );
    checked += 1;
  }
  assert.ok(checked > 25, `${checked} operations`);
});

test("lists are not empty, so that there was something to check", async () => {
  for (const path of [
    "apis",
    "endpoints",
    "changes",
    "findings",
    "sensors",
    "uploads",
    "tokens",
    "forwarders",
    "audit",
  ]) {
    const { items } = (await ask(`/api/v1/${path}`)) as { items: unknown[] };
    assert.ok(items.length > 0, path);
  }
});

test("pages follow each other without loss or repetition", async () => {
  for (const path of [
    "endpoints?",
    "endpoints?sort=-calls&",
    "findings?",
    "changes?",
    "apis?sort=name&",
  ]) {
    const all = (await ask(`/api/v1/${path}limit=1000`)) as { items: { id: string }[] };
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = (await ask(`/api/v1/${path}limit=3${cursor}`)) as {
        items: { id: string }[];
        next: string | null;
      };
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next === null ? "" : `&cursor=${encodeURIComponent(page.next)}`;
    } while (cursor !== "");
    assert.deepEqual(
      seen,
      all.items.map(({ id }) => id),
      path,
    );
    const broken = await fetch(`${server.url}/api/v1/${path}cursor=%00nonsense`);
    assert.ok(broken.status === 400 || broken.status === 422, `${path}: ${broken.status}`);
  }
});

test("ids that do not exist, and some that cannot, are 404 or 400, never a bug", async () => {
  for (const id of ["none", "..%2F..%2Fetc", "%00", "a'--", "__proto__", "x".repeat(300)]) {
    for (const [template, item] of Object.entries(document.paths)) {
      if (!template.includes("{")) continue;
      const path = template.replaceAll(/\{\w+\}/g, id);
      for (const method of Object.keys(item)) {
        const body =
          method === "get" ? {} : { body: "{}", headers: { "content-type": "application/json" } };
        const answer = await fetch(server.url + path, { method: method.toUpperCase(), ...body });
        await answer.body?.cancel();
        assert.ok(answer.status < 500, `${method} ${path}: ${answer.status}`);
      }
    }
  }
  assert.doesNotMatch(server.log(), /warn/);
});

test("whatever is sent is refused or done, never a bug", async () => {
  const writing = Object.entries(document.paths).flatMap(([template, item]) =>
    Object.keys(item)
      .filter((method) => method !== "get" && method !== "delete")
      .map((method) => ({ method: method.toUpperCase(), template })),
  );
  const keys = fc.constantFrom(
    "name",
    "target",
    "kind",
    "url",
    "apis",
    "into",
    "patch",
    "pins",
    "state",
    "weights",
    "role",
    "v",
    "deltas",
  );
  const values = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "binary" }),
      fc.integer(),
      fc.constantFrom(null, true, "", "http", "webhook", ids.get("api"), 1e308),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  for (const { method, template } of writing) {
    if (template.endsWith("/uploads")) continue;
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids.get(name) ?? "x");
    for (const value of fc.sample(values, { numRuns: 40, seed: 7 })) {
      const body = JSON.stringify(value) ?? "null";
      const headers = { "content-type": "application/json" };
      const answer = await fetch(server.url + path, { method, headers, body });
      const text = await answer.text();
      assert.ok(answer.status < 500, `${method} ${path} ${body.slice(0, 300)}: ${text}`);
    }
  }
  assert.doesNotMatch(server.log(), /"level":"warn"/);
});

test("the archive, the catalogues and the table are whole", async () => {
  const text = async (path: string) => await (await fetch(`${server.url}/api/v1/${path}`)).text();
  assert.match(await text("backstage"), /^apiVersion: backstage\.io\/v1alpha1\nkind: API/);
  assert.equal((await text("apis.csv")).trim().split("\r\n").length, 3);
  const archive = Buffer.from(await (await fetch(`${server.url}/api/v1/archive`)).arrayBuffer());
  assert.deepEqual([...archive.subarray(0, 2)], [0x1f, 0x8b]);
  const packed = await fetch(`${server.url}/api/v1/endpoints`, {
    headers: { "accept-encoding": "gzip" },
  });
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.ok(((await packed.json()) as { items: unknown[] }).items.length > 10);
});
