/**
 * Times inference, emission and merging on an API of 1,000 endpoints, and says how large its summary is, and that of an
 * API of 200.
 *
 *   npm run bench:inference -- [--endpoints N] [--rounds N]
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { zstdCompressSync } from "node:zlib";
import { KeyedHash } from "../src/base/hash.ts";
import { infer } from "../src/infer/infer.ts";
import { emit } from "../src/spec/emit.ts";
import { play } from "../src/telemetry/exchange.fixture.ts";
import { absorbSummary } from "../src/telemetry/merge.ts";
import { defaultPrivacy } from "../src/telemetry/privacy.ts";
import { defaultSelection } from "../src/telemetry/selection.ts";
import type { ApiSummary } from "../src/telemetry/summary.ts";
import { Telemetry } from "../src/telemetry/telemetry.ts";
import { decodeSummary, encodeSummary } from "../src/telemetry/wire.ts";
import { median } from "./measure.ts";
import { exchangesOfApi } from "./syntheticapi.ts";

const { values: options } = parseArgs({
  options: {
    endpoints: { type: "string", default: "1000" },
    rounds: { type: "string", default: "9" },
  },
});

const KEY = Buffer.from("bench key");
const INFER_GOAL_MS = 300;
const MERGE_GOAL_MS = 20;
const TYPICAL_ENDPOINTS = 200;
const TYPICAL_GOAL_MB = 2;
const TYPICAL_GOAL_KB = 250;

const learn = (
  seed: number,
  endpointCount = Number(options.endpoints),
  hashes = true,
): ApiSummary => {
  const telemetry = new Telemetry({
    selection: defaultSelection,
    privacy: { ...defaultPrivacy, hashes },
    hashKey: KEY,
  });
  for (const exchange of exchangesOfApi(endpointCount, seed)) play(telemetry, exchange);
  return telemetry.summaries()[0]!;
};

/** Milliseconds of CPU that this thread took: what else runs on the machine hardly changes it. */
const time = (run: () => void): number => {
  const start = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000;
};

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Heap that a summary takes as it comes from the wire, the mean of several. */
const heapBytesOf = (wire: string): number => {
  const read = (): ApiSummary => decodeSummary(JSON.parse(wire)).value!;
  // What is compiled at first must not count.
  read();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const summaries = Array.from({ length: 16 }, read);
  collectGarbage();
  return (process.memoryUsage().heapUsed - before) / summaries.length;
};

const hash = new KeyedHash(KEY);
const hashOf = (text: string): number => {
  const bytes = Buffer.from(text);
  return hash.number(bytes, 0, bytes.length);
};

const one = learn(1);
const other = learn(2);
const rounds = Array.from({ length: Number(options.rounds) }, () => {
  const into = structuredClone(one);
  const from = structuredClone(other);
  return {
    infer: time(() => infer([one], { hashOf })),
    merge: time(() => absorbSummary(into, from)),
  };
});
const [api] = infer([one], { hashOf }).apis;
const emitMs = time(() => emit(api!, { openapi: "3.0.3", evidence: true }));
const wire = JSON.stringify(encodeSummary(one));
const inferMs = median(rounds.map((round) => round.infer));
const mergeMs = median(rounds.map((round) => round.merge));
const row = (what: string, value: string): void =>
  console.log(`${what.padEnd(54)} ${value.padStart(12)}`);
row("endpoints concluded", String(api!.endpoints.length));
row(`infer (goal ${INFER_GOAL_MS} ms)`, `${inferMs.toFixed(1)} ms`);
row(`merge (goal ${MERGE_GOAL_MS} ms)`, `${mergeMs.toFixed(1)} ms`);
row("emit", `${emitMs.toFixed(1)} ms`);
row("summary as JSON", `${(wire.length / 1000).toFixed(0)} kB`);
row("summary compressed", `${(zstdCompressSync(wire).length / 1000).toFixed(0)} kB`);
for (const hashes of [true, false]) {
  const typical = JSON.stringify(encodeSummary(learn(1, TYPICAL_ENDPOINTS, hashes)));
  const what = `${TYPICAL_ENDPOINTS} endpoints, ${hashes ? "with" : "without"} hashes`;
  row(
    `${what}, heap (goal ${TYPICAL_GOAL_MB} MB)`,
    `${(heapBytesOf(typical) / 1e6).toFixed(2)} MB`,
  );
  const packed = zstdCompressSync(typical).length / 1000;
  row(`${what}, compressed (goal ${TYPICAL_GOAL_KB} kB)`, `${packed.toFixed(0)} kB`);
}
