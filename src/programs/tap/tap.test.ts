/** The tap without privileges: it replays captures as if it heard them. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Batch, type Delta, decodeDelta } from "../../sensor/delta.ts";
import type { Outcome, Transport } from "../../sensor/transport.ts";
import { callsOf } from "../../sensor/weigh.ts";
import { defaultPrivacy } from "../../telemetry/privacy.ts";
import { defaultSelection } from "../../telemetry/selection.ts";
import type { TapInput, TapOptions } from "./options.ts";
import { startTap } from "./start.ts";

const NTA = fileURLToPath(new URL("../../../bin/nta.cjs", import.meta.url));
const SHOP = fileURLToPath(new URL("../../../examples/shop.pcap", import.meta.url));

class Collector implements Transport {
  readonly target = "a test";
  readonly deltas: Delta[] = [];
  answer: Outcome = { kind: "accepted", answer: null };

  async publish(batch: Batch): Promise<Outcome> {
    if (this.answer.kind !== "accepted") return this.answer;
    for (const { text } of batch.deltas) {
      const delta = decodeDelta(JSON.parse(text));
      assert.ok(typeof delta !== "string", String(delta));
      this.deltas.push(delta);
    }
    return this.answer;
  }

  close(): void {}

  get calls(): number {
    return this.deltas
      .flatMap(({ summaries }) => summaries)
      .reduce((sum, each) => sum + callsOf(each), 0);
  }
}

const lines: string[] = [];
const optionsFor = (transport: Transport, more: Partial<TapOptions> = {}): TapOptions => ({
  input: { kind: "replay", path: SHOP, interfaces: [] },
  selection: defaultSelection,
  privacy: defaultPrivacy,
  transport,
  sensor: "test",
  stateFile: null,
  hashKey: null,
  flushIntervalMs: 1000,
  workers: 1,
  ownThread: false,
  budgetOf: "process",
  budget: { cpuMax: 0.5, memoryBytesMax: 384e6 },
  log: { info: (line) => lines.push(line), warn: (line) => lines.push(line) },
  onRefused: "fail",
  ...more,
});

test("what a capture holds arrives once, with the counts of what was seen", async () => {
  const transport = new Collector();
  const tap = await startTap(optionsFor(transport));
  await tap.finished;
  assert.equal(tap.status().capture.state, "ended");
  assert.equal(await tap.stop(5000), true);
  const { exchanges, capture, flows, ports } = tap.status();
  const refused = exchanges.refused.find(({ name }) => name === "status")?.count ?? 0;
  assert.equal(transport.calls, exchanges.selected + refused);
  assert.ok(exchanges.selected > 100);
  const coverage = new Map<string, number>();
  for (const delta of transport.deltas) {
    for (const [name, count] of delta.coverage)
      coverage.set(name, (coverage.get(name) ?? 0) + count);
  }
  assert.equal(coverage.get("packets"), capture.packets);
  assert.equal(coverage.get("exchanges-selected"), exchanges.selected);
  assert.ok(flows.tlsNames.length > 0);
  assert.ok(ports.some(({ kind }) => kind === "tls") && ports.some(({ kind }) => kind === "http"));
});

test("a server's hash key is taken, and what was learned before stays apart", async () => {
  const transport = new Collector();
  const hashKey = Buffer.from("0123456789abcdef");
  transport.answer = {
    kind: "accepted",
    answer: { hashKey, coveredAddresses: null, hints: [] },
  };
  const tap = await startTap(optionsFor(transport));
  await tap.finished;
  await tap.stop(5000);
  const keys = new Set(transport.deltas.map(({ keyId }) => keyId).filter((id) => id !== "none"));
  assert.ok(keys.size >= 1 && keys.size <= 2, [...keys].join());
  assert.ok(transport.calls > 100);
});

test("what cannot be sent is kept for the next start", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nta-tap-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const stateFile = join(folder, "tap.state");
  const away = new Collector();
  away.answer = { kind: "unreachable", reason: "no server" };
  const tap = await startTap(optionsFor(away, { stateFile }));
  await tap.finished;
  const startMs = performance.now();
  assert.equal(await tap.stop(1500), false);
  assert.ok(performance.now() - startMs < 3000);
  const expected = tap.status().exchanges.selected;
  const transport = new Collector();
  const empty = fileURLToPath(new URL("../../../examples/shop.pcap", import.meta.url));
  const next = await startTap(
    optionsFor(transport, {
      stateFile,
      input: { kind: "replay", path: empty, interfaces: ["none of these"] },
      selection: { ...defaultSelection, ports: [{ first: 1, last: 1 }] },
    }),
  );
  await next.finished;
  assert.equal(await next.stop(5000), true);
  assert.ok(transport.calls >= expected, `${transport.calls} of ${expected}`);
});

test("a tap that may not listen goes on where it is told to", async () => {
  const input: TapInput = {
    kind: "live",
    capture: "ring",
    interfaces: [],
    filter: null,
    tunnels: false,
    promiscuous: false,
    exclude: [],
    namespace: "/nowhere/ns/net",
  };
  const transport = new Collector();
  await assert.rejects(startTap(optionsFor(transport, { input })), { name: "UsageError" });
  const tap = await startTap(optionsFor(transport, { input, onRefused: "go on" }));
  const { state, problems } = tap.status().capture;
  assert.equal(state, "failed");
  assert.match(problems.join(), /network namespace/);
  assert.equal(await tap.stop(5000), true);
});

test("documents of a replay are those of nta reconstruct", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nta-tap-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const run = (...words: string[]): void =>
    void execFileSync(process.execPath, [NTA, ...words], { stdio: "ignore" });
  run("tap", "-r", SHOP, "-o", join(folder, "tap"), "--log", "json");
  run("reconstruct", SHOP, "-o", join(folder, "reconstruct"));
  const names = readdirSync(join(folder, "tap"));
  assert.deepEqual(names, readdirSync(join(folder, "reconstruct")));
  assert.equal(names.length, 2);
  for (const name of names) {
    const [tapped, reconstructed] = ["tap", "reconstruct"].map((from) =>
      readFileSync(join(folder, from, name), "utf8"),
    );
    assert.ok(tapped === reconstructed, name);
  }
});

const refusals: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /where should what is learned go\? --server URL/],
  [["--server", "http://x", "--output", "y"], /--server and --output: name one/],
  [["--server", "nonsense"], /--server: "nonsense" is no URL/],
  [["--print", "--cpu-max", "0"], /--cpu-max: "0" is not allowed/],
  [["--print", "--workers", "none"], /--workers: "none" is not allowed/],
  [["--print", "-r", "/nowhere.pcap"], /cannot read \/nowhere\.pcap/],
  [["--print", "-r", NTA], /text, neither JSON nor a capture/],
];

test("mistakes are one line and status 2", async () => {
  for (const [words, expected] of refusals) {
    const child = spawn(process.execPath, [NTA, "tap", "--log", "text", ...words], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => {
      said += String(text);
    });
    const [status] = await once(child, "close");
    assert.equal(status, 2, said);
    assert.match(said.trim().split("\n").at(-1)!, expected);
  }
});

test("what a tap loads has no WebSocket client: to import node:http by name loads one of 12 MB", () => {
  const script = `await import(${JSON.stringify(new URL("../tap.ts", import.meta.url).href)});
    console.log(process.moduleLoadList.join());`;
  const words = ["--input-type=module", "-e", script];
  const loaded = execFileSync(process.execPath, words, { encoding: "utf8" });
  assert.match(loaded, /internal.worker/);
  assert.doesNotMatch(loaded, /undici/);
});
