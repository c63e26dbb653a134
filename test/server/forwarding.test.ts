//! Documents and changes leave for where people want them: files, Git, S3, any API, webhooks; retried, and never inwards.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ForwarderTarget } from "../../src/inventory/administration.ts";
import { type Inventory, openInventory } from "../../src/inventory/inventory.ts";
import { decodeDelta, freezeDelta, shardOf, summaryText } from "../../src/sensor/delta.ts";
import { call, learn } from "../../src/sensor/summaries.fixture.ts";
import { Forwarding } from "../../src/server/forward/forwarding.ts";
import { Guard, send } from "../../src/server/forward/guard.ts";
import { fillBody } from "../../src/server/forward/http.ts";
import { Ingest } from "../../src/server/ingest.ts";
import { withFolder } from "./program.ts";

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let target: Server;
let port = 0;
const received: Received[] = [];
/** What the target answers with. */
let status = 200;

before(async () => {
  target = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      received.push({ method, url, headers, body });
      response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/" } : {});
      response.end(status === 200 ? "" : "no room\nhere");
    });
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  port = (target.address() as { port: number }).port;
});
after(() => target.close());

const quiet = { info: () => undefined, warn: () => undefined };
let sequence = 0;

async function teach(inventory: Inventory, path: string): Promise<void> {
  const ingest = new Ingest(inventory);
  const deltas = learn([call("shop.example", path, Date.now())]).map((summary) => {
    sequence += 1;
    const name = { sensor: "t", epoch: "e", shard: shardOf(summary.key), sequence };
    const facts = { keyId: "k", fromMs: 1, toMs: 2, calls: 1, standsFor: 1, coverage: new Map() };
    const delta = decodeDelta(JSON.parse(freezeDelta(name, facts, [summaryText(summary)]).text));
    assert.ok(typeof delta !== "string");
    return delta;
  });
  await ingest.store(deltas, {});
  await inventory.settled();
}

async function withInventory(
  allow: readonly string[],
  use: (inventory: Inventory, forwarding: Forwarding, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    received.length = 0;
    status = 200;
    const inventory = await openInventory({
      url: `sqlite:${join(folder, "i.db")}`,
      inferAfterMs: 0,
    });
    mkdirSync(join(folder, "allowed"));
    const options = {
      inventory,
      guard: new Guard(allow),
      folder: join(folder, "allowed"),
      log: quiet,
    };
    const forwarding = new Forwarding({ ...options, intervalMs: 20 });
    try {
      await use(inventory, forwarding, folder);
    } finally {
      await forwarding.close();
      await inventory.close();
    }
  });
}

const add = (inventory: Inventory, target: ForwarderTarget) =>
  inventory.forwarding.create({ name: target.kind, enabled: true, target }, "test");

async function delivered(inventory: Inventory, forwarder: string, state = "delivered") {
  for (let round = 0; round < 1500; round++) {
    const { items } = await inventory.forwarding.deliveries({ forwarder, state });
    if (items.length > 0) return items;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(
    `nothing became ${state}: ${JSON.stringify(await inventory.forwarding.deliveries({ forwarder }))}`,
  );
}

const http = (more: Partial<Extract<ForwarderTarget, { kind: "http" }>> = {}): ForwarderTarget => ({
  kind: "http",
  method: "POST",
  url: `http://127.0.0.1:${port}/apis/{name}?v={version}`,
  headers: { "X-Key": "k", "X-Api": "{name}" },
  body: '{"name":"{name}","text":"{document}","value":{document}}',
  ...more,
});

test("a template is filled in, in the way of the place where it stands", async () => {
  await withInventory(["127.0.0.1"], async (inventory) => {
    const { id } = await add(inventory, http());
    await teach(inventory, "orders");
    await delivered(inventory, id);
    const [got] = received;
    assert.match(got?.url ?? "", /^\/apis\/shop\.example.*\?v=1$/);
    assert.equal(got?.headers["x-key"], "k");
    const body = JSON.parse(got?.body ?? "") as { text: string; value: { paths: object } };
    assert.deepEqual(Object.keys(body.value.paths), ["/orders"]);
    assert.deepEqual(JSON.parse(body.text), body.value);
  });
  const values = new Map([["name", 'a"b']]);
  assert.equal(fillBody('{"a\\"":"x {name}", "b": 1}', values), '{"a\\"":"x a\\"b", "b": 1}');
});

test("what fails is tried again with growing pauses, and a person can send it again", async () => {
  await withInventory(["127.0.0.1"], async (inventory, forwarding) => {
    status = 500;
    const { id } = await add(inventory, http());
    await teach(inventory, "orders");
    for (let round = 0; round < 500 && received.length === 0; round++) await pause(20);
    await pause(100);
    const [waiting] = (await inventory.forwarding.deliveries({ forwarder: id })).items;
    assert.deepEqual([waiting?.state, waiting?.attempts], ["waiting", 1]);
    assert.match(waiting?.problem ?? "", /answered with 500: no room here/);
    assert.ok((waiting?.nextMs ?? 0) - Date.now() > 5000, "not at once");
    status = 200;
    await inventory.forwarding.retry(waiting!.id, "test");
    forwarding.wake();
    assert.equal((await delivered(inventory, id)).length, 1);
    assert.equal(await forwarding.test(id), null);
    assert.equal(received.at(-1)?.url, "/apis/Test%20of%20nta?v=1");
  });
});

test("a forwarder that is new gets what is known already", async () => {
  await withInventory(["127.0.0.1"], async (inventory) => {
    await teach(inventory, "orders");
    const { id } = await add(inventory, http());
    await delivered(inventory, id);
    assert.equal(received.length, 1);
    const later = { name: "x", enabled: false, target: http() };
    const off = await inventory.forwarding.create(later, "test");
    assert.equal(off.waiting, 0);
    await inventory.forwarding.update(off.id, { ...later, enabled: true }, "test");
    await delivered(inventory, off.id);
  });
});

test("webhooks are signed so that anybody can check it", async () => {
  await withInventory(["127.0.0.1"], async (inventory) => {
    const secret = "not very secret";
    const url = `http://127.0.0.1:${port}/hook`;
    const { id } = await add(inventory, { kind: "webhook", url, secret, kinds: [] });
    await teach(inventory, "orders");
    await delivered(inventory, id);
    const { headers, body } = received[0]!;
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const expected = `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`;
    assert.equal(headers["webhook-signature"], expected);
    const { data } = JSON.parse(body) as { data: { changes: { kind: string }[] } };
    assert.ok(
      data.changes.some(({ kind }) => kind === "api-new"),
      body,
    );
    const shown = await inventory.forwarding.list();
    assert.doesNotMatch(JSON.stringify(shown), /not very secret/);
  });
});

test("S3: one object a document, with a signature over its content", async () => {
  await withInventory(["127.0.0.1"], async (inventory) => {
    const { id } = await add(inventory, {
      kind: "s3",
      endpoint: `http://127.0.0.1:${port}/`,
      region: "eu-west-1",
      bucket: "apis",
      prefix: "team/a",
      accessKeyId: "AKID",
      secretAccessKey: "secret",
    });
    await teach(inventory, "orders");
    await delivered(inventory, id);
    const { method, url, headers, body } = received[0]!;
    assert.deepEqual([method, url], ["PUT", "/apis/team/a/shop.example_80.openapi.yaml"]);
    assert.match(
      String(headers.authorization),
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/s3\/aws4_request, SignedHeaders=[^,]*host/,
    );
    const hash = headers["x-amz-content-sha256"];
    assert.ok(
      hash === "UNSIGNED-PAYLOAD" || hash === createHash("sha256").update(body).digest("hex"),
    );
    assert.equal(headers.authorization, signatureOf(received[0]!, "secret"));
    assert.match(body, /^openapi: 3\.0\.3/);
  });
});

/** AWS Signature Version 4 as its documentation has it, for one request of no query. */
function signatureOf({ method, url, headers }: Received, secret: string): string {
  const [, scope = "", names = ""] =
    /Credential=AKID\/(\S+), SignedHeaders=([^,]+)/.exec(String(headers.authorization)) ?? [];
  const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac("sha256", key).update(text).digest();
  const fields = names
    .split(";")
    .map((name) => `${name}:${headers[name]}\n`)
    .join("");
  const canonical = [method, url, "", fields, names, headers["x-amz-content-sha256"]].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha(canonical)].join("\n");
  const key = scope
    .split("/")
    .reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`);
  return `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${names}, Signature=${hmac(key, text).toString("hex")}`;
}

test("a folder, and a Git repository with one commit for what belongs together", async () => {
  await withInventory([], async (inventory, forwarding, folder) => {
    const repository = join(folder, "allowed", "apis.git");
    const git = (...words: string[]): string => {
      const { status, stdout, stderr } = spawnSync("git", words, { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    git("init", "--quiet", "--bare", "--initial-branch=main", repository);
    const files = await add(inventory, { kind: "directory", path: "documents" });
    const url = `file://${repository}`;
    const commits = await add(inventory, { kind: "git", url, branch: "main", folder: "apis" });
    await teach(inventory, "orders");
    await delivered(inventory, files.id);
    await delivered(inventory, commits.id);
    const name = "shop.example_80.openapi.yaml";
    assert.deepEqual(readdirSync(join(folder, "allowed", "documents")), [name]);
    const text = readFileSync(join(folder, "allowed", "documents", name), "utf8");
    assert.equal(git("--git-dir", repository, "show", `main:apis/${name}`), text);
    assert.match(
      git("--git-dir", repository, "log", "--format=%s", "main"),
      /^Describe shop\.example.*, version 1\n$/,
    );
    assert.equal(await forwarding.test(commits.id), null);
    assert.equal(await forwarding.test(files.id), null);
    assert.deepEqual(
      readdirSync(join(folder, "allowed", "documents")),
      [name],
      "a test leaves nothing",
    );
    symlinkSync("/", join(folder, "allowed", "out"));
    const detour = await add(inventory, { kind: "directory", path: "out/tmp" });
    assert.match((await forwarding.test(detour.id)) ?? "", /symbolic link/);
  });
});

test("nothing is sent into the server's own network", async () => {
  await withInventory([], async (_inventory, forwarding) => {
    const urls = [
      `http://127.0.0.1:${port}/`,
      "http://localhost/",
      "http://[::1]/",
      "http://[::ffff:10.0.0.1]/",
      "http://10.1.2.3/",
      "http://169.254.169.254/latest/meta-data",
      "http://0/",
      "http://2130706433/",
      "http://0x7f.1/",
      "https://user:pw@example.com/",
      "file:///etc/passwd",
      "gopher://example.com/",
      "nonsense",
    ];
    for (const url of urls) {
      for (const target of [http({ url }), { kind: "webhook", url, kinds: [] } as const]) {
        await assert.rejects(forwarding.check(target), url);
      }
    }
    const paths: ForwarderTarget[] = [
      { kind: "directory", path: "../.." },
      { kind: "directory", path: "/etc" },
      { kind: "directory", path: "" },
      { kind: "git", url: "file:///etc", branch: "main", folder: "" },
      { kind: "git", url: "ext::sh -c id", branch: "main", folder: "" },
      { kind: "git", url: "--upload-pack=id", branch: "main", folder: "" },
      { kind: "git", url: "https://example.com/a.git", branch: "--x", folder: "" },
      { kind: "git", url: "https://example.com/a.git", branch: "main", folder: "../.." },
      { kind: "git", url: "git@127.0.0.1:a.git", branch: "main", folder: "" },
    ];
    for (const target of paths)
      await assert.rejects(forwarding.check(target), JSON.stringify(target));
    const url = "https://api.example.com/{name}";
    const headers = [
      { "X\r\nY": "a" },
      { "X-A": "a\r\nX-B: b" },
      { "Transfer-Encoding": "chunked" },
    ];
    for (const wrong of headers)
      await assert.rejects(forwarding.check(http({ url, headers: wrong })), JSON.stringify(wrong));
    await forwarding.check(http({ url, headers: { "X-Name": "{name}", Host: "other.example" } }));
  });
  // A name is looked up when it is sent to: what it points to counts, not how it is spelt.
  const sent = { method: "GET", headers: {}, body: "" };
  await assert.rejects(
    send(new Guard([]), { ...sent, url: `http://localhost.localdomain:${port}/` }),
  );
  await assert.doesNotReject(
    send(new Guard(["localhost"]), { ...sent, url: `http://localhost:${port}/` }),
  );
});

test("a redirect is not followed", async () => {
  status = 302;
  const sent = { method: "GET", headers: {}, body: "", url: `http://127.0.0.1:${port}/` };
  await assert.rejects(send(new Guard(["127.0.0.1"]), sent), /answered with 302/);
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
