//! The server's programs as a person uses them: a capture goes in, lists and documents come out, a backup comes back.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, run, serve, withFolder } from "./program.ts";

const SHOP = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));
interface Row {
  readonly id: string;
  readonly name: string;
  readonly endpoints: number;
  readonly calls: number;
}
const rowsOf = (stdout: string): Row[] =>
  stdout.trim() === ""
    ? []
    : stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Row);

test("from a capture to documents, by the command line alone", async () => {
  await withFolder(async (folder) => {
    const port = await freePort();
    const server = await serve({ port, folder });
    const nta = (...words: string[]) => {
      const { status, stdout, stderr } = run([...words, "--url", server.url], folder);
      assert.deepEqual([words, status, stderr], [words, 0, ""]);
      return stdout;
    };
    assert.match(nta("apis"), /No API was heard yet/);
    assert.match(nta("import", SHOP), /exchanges, 2 APIs/);
    assert.match(nta("import", SHOP), /counts once/);
    const rows = rowsOf(nta("apis", "--json"));
    assert.deepEqual(rows.map(({ name }) => name).sort(), [
      "shop.example.com",
      "stock.example.internal",
    ]);
    const shop = rows.find(({ name }) => name === "shop.example.com")!;
    assert.match(
      nta("apis", "-q", "shop"),
      /^ID +API +STATUS[^\n]*\n\S+ +shop\.example\.com:8080 /,
    );
    assert.equal(rowsOf(nta("endpoints", "shop.example.com", "--json")).length, shop.endpoints);
    assert.match(nta("endpoints", "shop.example.com"), /\/api\/v1\/orders\/\{orderId\}/);
    assert.match(nta("endpoints"), /^API +METHOD[\s\S]*\nstock\.example\.internal:9090 +GET /);
    assert.equal(nta("export", "-o", "out").trim().split("\n").length, 2);
    const names = [
      "shop.example.com_8080.openapi.yaml",
      "stock.example.internal_9090.openapi.yaml",
    ];
    assert.deepEqual(readdirSync(join(folder, "out")).sort(), names);
    assertSame(folder, readFileSync(join(folder, "out", names[0]!), "utf8"));
    assert.match(nta("diff", `out/${names[0]}`, "shop.example.com@1"), /No difference/);
    writeFileSync(join(folder, "described.yaml"), DESCRIBED);
    assert.match(nta("import", "described.yaml"), /1 operations are compared with API/);
    assert.equal(
      nta("backup", "backup.db"),
      "backup.db is the inventory as it was just now; nta restore brings it back\n",
    );
    assert.equal(statSync(join(folder, "backup.db")).mode & 0o077, 0, "for nobody else to read");
    assert.equal(await server.end(), 0);
    const again = run(["restore", "backup.db", "--store", "sqlite:second/inventory.db"], folder);
    assert.deepEqual([again.status, again.stderr], [0, ""]);
    assert.ok(existsSync(join(folder, "second", "inventory.db")));
    const other = await serve({
      port,
      folder,
      flags: ["--store", `sqlite:${join(folder, "second", "inventory.db")}`],
    });
    assert.equal(rowsOf(nta("apis", "--json")).length, 2);
    assert.equal(await other.end(), 0);
  });
});

/** What the server keeps and what `nta reconstruct` writes of the same capture is one document, but for its evidence. */
function assertSame(folder: string, exported: string): void {
  const { status } = run(["reconstruct", SHOP, "-o", "direct", "--no-evidence"], folder);
  assert.equal(status, 0);
  const direct = readFileSync(join(folder, "direct", "shop.example.com_8080.openapi.yaml"), "utf8");
  const paths = (text: string): string[] => text.match(/^ {2}\/\S*:$/gm) ?? [];
  assert.deepEqual(paths(exported), paths(direct));
}

const DESCRIBED = `openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: "http://shop.example.com:8080"}]
paths:
  /api/v1/categories:
    get: {responses: {"200": {description: ok}}}
`;

test("what an operator does wrong is one line", async () => {
  await withFolder(async (folder) => {
    refuseAll(folder, [
      [
        ["apis", "--url", "http://127.0.0.1:1"],
        /does not answer: .*Is nta serve or nta start running there/,
      ],
      [["apis", "--url", "nonsense"], /--url: "nonsense" is no URL/],
      [["import", "nowhere.yaml"], /no such file/],
      [["diff", "a.yaml", "b.yaml"], /a\.yaml: there is no such file/],
      [["restore", "nowhere"], /no such file/],
      [["import", "."], /is a folder/],
      [["diff", "hello.json", "b.yaml"], /hello\.json is no OpenAPI description: the document is/],
      [
        ["diff", "nowhere", "b.yaml", "--url", "http://127.0.0.1:1"],
        /nowhere is no file.*does not answer/,
      ],
      [["serve", "--store", "sqlite:/proc/nowhere/nta.db"], /nowhere.*cannot be used/],
      [["serve", "--tls-cert", "x"], /one needs the other/],
      [["serve", "--listen", "999999"], /"999999" is not allowed/],
      [["serve", "--forward-allow", "10.0.0.0/99"], /--forward-allow: "10\.0\.0\.0\/99"/],
      [["serve", "--admin-token-file", "nowhere"], /nowhere cannot be read/],
    ]);
  });
});

test("files and places that are not what they should be are one line too", async () => {
  await withFolder(async (folder) => {
    refuseAll(folder, [
      [["serve", "--store", "sqlite:."], /\. cannot be used \(it is a folder\)/],
      [["serve", "--tls-cert", "hello.json", "--tls-key", "hello.json"], /no certificate and its/],
      [["serve", "--forward-folder", "hello.json"], /hello\.json.* with --forward-folder/],
      [["apis", "--token", "a\nb"], /^nta: --token: this is no token/],
      [["diff", ".", "."], /nta diff: \. cannot be read: it is a folder/],
      [["import", "other.db", "--api", "shop"], /--api is for descriptions/],
      [["restore", "."], /EISDIR/],
      [["restore", "other.db", "--store", "sqlite:store.db"], /other\.db cannot be restored/],
      [["collect", "-o", "x", "--status-listen", "192.0.2.1:9"], /--status-listen: 192\.0\.2\.1:9/],
      [["tap", "--server", "http://127.0.0.1:1", "--token-file", "no"], /--token-file: no cannot/],
      [
        ["tap", "--server", "http://127.0.0.1:1", "--ca-file", "no"],
        /--ca-file: no cannot be read/,
      ],
    ]);
  });
});

/** One line, status 2, and nothing half written. */
const refuseAll = (
  folder: string,
  rows: readonly (readonly [words: readonly string[], expected: RegExp])[],
): void => {
  writeFileSync(join(folder, "hello.json"), '{"hello":1}');
  writeFileSync(join(folder, "other.db"), "SQLite format 3\0 and nothing behind it");
  const names = readdirSync(folder).sort();
  for (const [words, expected] of rows) {
    const { status, stderr } = run(words, folder);
    assert.match(stderr, expected, words.join(" "));
    assert.deepEqual([status, stderr.trim().split("\n").length], [2, 1], stderr);
  }
  const left = readdirSync(folder).filter((name) => !/^nta-data$|\.lock$/.test(name));
  assert.deepEqual(left.sort(), names, "nothing is left behind");
};

test("beyond loopback a token is made once, printed once, and needed", async () => {
  await withFolder(async (folder) => {
    const port = await freePort();
    const options = { port, folder, address: "0.0.0.0" };
    const first = await serve(options);
    const token = /nta_[\w-]+/.exec(first.log())?.[0] ?? "";
    assert.notEqual(token, "", first.log());
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${first.url}/api/v1/me`, { headers })).status;
    assert.equal(await ask({}), 401);
    assert.equal(await ask({ authorization: `Bearer ${token}` }), 200);
    assert.match(run(["apis", "--url", first.url], folder).stderr, /wants a token/);
    assert.equal(run(["apis", "--url", first.url, "--token", token], folder).status, 0);
    await first.end();
    const second = await serve(options);
    assert.doesNotMatch(second.log(), /nta_/);
    assert.equal(await ask({ authorization: `Bearer ${token}` }), 200);
    await second.end();
    assert.equal(statSync(join(folder, "store", "inventory.db")).mode & 0o077, 0);
    const stored = readFileSync(join(folder, "store", "inventory.db"));
    assert.ok(!stored.includes(token), "the token itself is not stored");
  });
});

test("a port that is taken, and a store that is in use", async () => {
  await withFolder(async (folder) => {
    const port = await freePort();
    const server = await serve({ port, folder });
    const taken = run(["serve", "--listen", `${port}`, "--store", "sqlite:other.db"], folder);
    assert.match(taken.stderr, /another program uses it/);
    const store = `sqlite:${join(folder, "store", "inventory.db")}`;
    const used = run(["serve", "--listen", "0", "--store", store], folder);
    assert.match(used.stderr, /another nta uses .*end it first/);
    assert.match(run(["restore", "x.db", "--store", store], folder).stderr, /no such file/);
    await server.end();
  });
});
