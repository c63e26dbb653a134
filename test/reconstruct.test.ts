//! The programs as a person and a script see them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { parse } from "yaml";
import { SHOP_CAPTURE } from "../examples/generate.ts";
import { nta, withFolder } from "./support/nta.ts";

const shop = readFileSync(SHOP_CAPTURE);
const NAMES = ["shop.example.com_8080.openapi.yaml", "stock.example.internal_9090.openapi.yaml"];

const HAR = {
  log: {
    version: "1.2",
    creator: { name: "test", version: "1" },
    entries: [
      {
        startedDateTime: "2026-01-01T00:00:00.000Z",
        time: 1,
        request: {
          method: "GET",
          url: "http://har.example/v1/things",
          httpVersion: "HTTP/1.1",
          headers: [],
          queryString: [],
        },
        response: {
          status: 200,
          statusText: "OK",
          httpVersion: "HTTP/1.1",
          headers: [{ name: "Content-Type", value: "application/json" }],
          content: { size: 10, mimeType: "application/json", text: '{"size":1}' },
        },
      },
    ],
  },
};

interface Report {
  readonly exchanges: Readonly<Record<string, number>>;
}

const contents = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => `${name}\n${readFileSync(join(folder, name), "utf8")}`);

test("a document for each API, and a table that names them", () =>
  withFolder((folder) => {
    const { status, stdout, stderr } = nta(["reconstruct", SHOP_CAPTURE, "-o", folder]);
    assert.equal(status, 0);
    assert.equal(stderr, "", "nothing is said on standard error where that is no terminal");
    assert.deepEqual(readdirSync(folder).sort(), NAMES);
    for (const name of NAMES) assert.ok(stdout.includes(join(folder, name)));
    assert.match(stdout, /GET +\/api\/v1\/products\/\{productId\} /);
    assert.match(stdout, /noise \(probes/);
    assert.ok(!stdout.includes("\u001b"), "no escape sequences in a pipe");
    const document = parse(readFileSync(join(folder, NAMES[0]!), "utf8"));
    assert.equal(document.openapi, "3.0.3");
    const order = document.paths["/api/v1/orders/{orderId}"].get.responses["200"];
    const { schema } = order.content["application/json"];
    const { properties } =
      schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split("/")[3]];
    assert.deepEqual(properties.status.enum, ["packed", "paid", "placed", "shipped"]);
    assert.equal(properties.id.type, "integer");
  }));

test("wrapped, piped, in pieces or as pcapng: the same documents", () =>
  withFolder((folder) => {
    const run = (name: string, words: readonly string[], input?: Uint8Array): string[] => {
      const out = join(folder, name);
      const { status, stderr } = nta(["reconstruct", ...words, "-o", out, "--no-evidence"], {
        input,
      });
      assert.equal(status, 0, stderr);
      return contents(out);
    };
    const file = (name: string, bytes: Uint8Array): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const expected = run("plain", [SHOP_CAPTURE]);
    assert.equal(expected.length, 2);
    assert.deepEqual(run("gzip", [file("shop.pcap.gz", gzipSync(shop))]), expected);
    assert.deepEqual(run("zstd", [file("shop.pcap.zst", zstdCompressSync(shop))]), expected);
    assert.deepEqual(run("stdin", ["-"], shop), expected);
    let middle = 24;
    while (middle < shop.length / 2) middle += 16 + shop.readUInt32LE(middle + 8);
    const first = file("1.pcap", shop.subarray(0, middle));
    const second = file("2.pcap", Buffer.concat([shop.subarray(0, 24), shop.subarray(middle)]));
    assert.deepEqual(
      run("rotated", [first, second]),
      expected,
      "connections go on in the next file",
    );
  }));

test("several threads give the documents and counts of one", () =>
  withFolder((folder) => {
    const har = join(folder, "shop.har");
    writeFileSync(har, JSON.stringify(HAR));
    const run = (workers: string): { documents: string[]; report: Report } => {
      const out = join(folder, workers);
      const words = ["reconstruct", SHOP_CAPTURE, har, "-o", out, "--json", "--workers", workers];
      const { status, stdout, stderr } = nta(words);
      assert.equal(status, 0, stderr);
      return { documents: contents(out), report: JSON.parse(stdout.replaceAll(out, "")) as Report };
    };
    const alone = run("1");
    assert.equal(alone.documents.length, 3);
    assert.equal(alone.report.exchanges["selected"], 547);
    assert.deepEqual(run("2"), alone);
    assert.deepEqual(run("5"), alone);
  }));

test("several threads refuse what one refuses, and read a pipe as one", () =>
  withFolder((folder) => {
    const foreign = join(folder, "foreign.pcap");
    writeFileSync(foreign, "no capture");
    const words = (path: string, name: string): string[] => [
      ...["reconstruct", path, "-o", join(folder, name), "--workers", "3"],
    ];
    const refused = nta(words(foreign, "none"));
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /^nta: .*foreign\.pcap.*\n$/);
    assert.equal(nta(words("-", "piped"), { input: shop }).status, 0);
    assert.deepEqual(readdirSync(join(folder, "piped")).sort(), NAMES);
  }));

test("the selection rules act", () =>
  withFolder((folder) => {
    const hostsOf = (words: string[], environment: Record<string, string> = {}): string[] => {
      const out = join(folder, "out");
      const { status, stdout, stderr } = nta(
        ["reconstruct", SHOP_CAPTURE, "-o", out, "--json", ...words],
        { environment },
      );
      assert.equal(status, 0, stderr);
      const { documents } = JSON.parse(stdout) as {
        documents: { host: string; endpoints: number }[];
      };
      return documents.map(({ host }) => host);
    };
    assert.deepEqual(hostsOf(["--ports", "9000-9999"]), ["stock.example.internal"]);
    assert.deepEqual(hostsOf([], { INVICTI_TAP_PORTS: "8080" }), ["shop.example.com"]);
    assert.deepEqual(hostsOf(["--ports", "9090"], { INVICTI_TAP_PORTS: "8080" }), [
      "stock.example.internal",
    ]);
    assert.deepEqual(hostsOf(["--exclude-traffic-with-headers", "AUTHORIZATION,x-api-key"]), [
      "shop.example.com",
    ]);
    assert.deepEqual(hostsOf(["--http-status-codes", "5xx"]), ["shop.example.com"]);
    assert.deepEqual(hostsOf(["--host-alias", "stock.example.internal=shop.example.com"]), [
      "shop.example.com",
    ]);
    assert.deepEqual(hostsOf(["--noise", "keep"]), [
      "10.20.0.5",
      "shop.example.com",
      "stock.example.internal",
    ]);
  }));

test("exchanges: an object a line, with all that is promised", () => {
  const { status, stdout } = nta(["exchanges", SHOP_CAPTURE, "--json"]);
  assert.equal(status, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 700);
  const [first] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(first, {
    time: "2026-03-02T09:00:00.308371Z",
    client: { ip: "203.0.113.49", port: 40009 },
    server: { ip: "10.20.0.5", port: 8080 },
    method: "GET",
    host: "shop.example.com:8080",
    target: "/api/v1/users/me",
    status: 401,
    requestType: null,
    responseType: "application/json",
    requestBodyBytes: 0,
    responseBodyBytes: 50,
    durationMs: 39.597,
    flags: [],
    selected: false,
    reason: "status",
  });
});

test("exchanges for people, and a reader that stops early", () => {
  const { stdout } = nta(["exchanges", SHOP_CAPTURE]);
  assert.equal(stdout.trimEnd().split("\n").length, 700);
  assert.match(stdout, /POST {2}201 .* shop\.example\.com:8080\/api\/v1\/carts\n/);
  const launcher = fileURLToPath(new URL("../bin/nta.cjs", import.meta.url));
  const script = `"$0" "$1" exchanges "$2" --json | head -n 1; echo "$` + `{PIPESTATUS[0]}"`;
  const piped = spawnSync("bash", ["-c", script, process.execPath, launcher, SHOP_CAPTURE], {
    encoding: "utf8",
  });
  assert.match(piped.stdout, /^\{[^\n]*\}\n0\n$/);
  assert.equal(piped.stderr, "");
});

test("the launcher passes on version, help and status", () => {
  assert.match(nta(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match(nta([]).stdout, /reconstruct/);
  assert.match(nta(["reconstruct", "--help"]).stdout, /INVICTI_TAP_HTTP_STATUS_CODES/);
});
