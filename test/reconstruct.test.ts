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
