/**
 * What a scanner does to what was learned: an API of a few endpoints, each with at least 1 % of the calls, among any
 * number of paths, hosts and parameter names that were made up.
 */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { KeyedHash } from "../../src/base/hash.ts";
import { infer } from "../../src/infer/infer.ts";
import { emit } from "../../src/spec/emit.ts";
import { play, type Written } from "../../src/telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { defaultSelection } from "../../src/telemetry/selection.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";

const KEY = Buffer.from("flood key");

interface FloodReport {
  /** Each real endpoint as its document has it, without evidence and errors; without the flood, and with it. */
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  /** Most bytes of live memory in the first half of the flood, and in the second. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
}

/** Tables fill and are renewed: memory rises and falls between any two. */
const MEASUREMENTS = 20;

/** Of so many calls, one in ten is a real one. */
const flood = (count: number): FloodReport => {
  const options = {
    selection: { ...defaultSelection, statuses: ["xxx"], noise: false },
    privacy: defaultPrivacy,
    hashKey: KEY,
  };
  const telemetry = new Telemetry(options);
  const calm = new Telemetry(options);
  const most = [0, 0];
  const step = Math.floor(count / MEASUREMENTS);
  for (let index = 0; index < count; index++) {
    if (index % 10 === 0) {
      const call = realCall(index / 10);
      play(telemetry, call);
      play(calm, call);
    } else play(telemetry, madeUpCall(index));
    if (index % step === step - 1) {
      const half = index < count / 2 ? 0 : 1;
      most[half] = Math.max(most[half]!, liveBytes());
    }
  }
  return {
    before: documentOf(calm),
    after: documentOf(telemetry),
    earlyBytes: most[0]!,
    lateBytes: most[1]!,
  };
};

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How much memory may still grow in the second half of a long flood, when tables have been full for long. */
export const flatBytes = 12e6;

/** Fails where an endpoint changed, or memory grew by more than `growthMax` bytes; gives the number of paths. */
export const checkFlood = (count: number, growthMax = Number.POSITIVE_INFINITY): number => {
  const { before, after, earlyBytes, lateBytes } = flood(count);
  for (const [path, item] of before) assert.equal(after.get(path), item, path);
  const growth = lateBytes - earlyBytes;
  assert.ok(growth <= growthMax, `${growth} bytes more than in the first half`);
  return before.size;
};

const liveBytes = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const REAL = ["users", "orders", "carts", "items", "invoices"];

const realCall = (index: number): Written => {
  const thing = REAL[index % REAL.length]!;
  const id = 1000 + (index % 500);
  const body = JSON.stringify({ id, [`${thing}_total`]: index % 90, open: true });
  if (index % 2 === 0) return { target: `/v1/${thing}/${id}?expand=1`, responseBody: body };
  return {
    method: "POST",
    target: `/v1/${thing}`,
    status: 201,
    requestHeaders: { "content-type": "application/json" },
    requestBody: body,
    responseBody: body,
  };
};

/** Paths on the API's own host and on others, parameters, fields and headers, all never seen before. */
const madeUpCall = (index: number): Written => {
  const name = wordOf(index);
  switch (index % 5) {
    case 0:
      return { target: `/${name}/${wordOf(index + 7)}`, responseBody: "{}" };
    case 1:
      return { target: `/v1/${name}`, status: 404, responseBody: '{"error":"no"}' };
    case 2:
      return { target: `/v1/users/1000?${name}=1`, status: 400, responseBody: `{"${name}":1}` };
    case 3:
      return { target: "/", requestHeaders: { host: `${name}.example` }, responseBody: "{}" };
    default:
      return { target: "/v1/search", requestHeaders: { [`x-${name}`]: name }, responseBody: "{}" };
  }
};

/** A pronounceable word for each number, so that nothing takes it for an identifier. */
const wordOf = (index: number): string => {
  let text = "";
  for (let rest = Math.imul(index, 2_654_435_761) >>> 0; rest > 0; rest = Math.floor(rest / 90))
    text += "bdfgklmnprstvwxzjh"[rest % 18]! + "aeiou"[Math.floor(rest / 18) % 5]!;
  return text;
};

const documentOf = (telemetry: Telemetry): ReadonlyMap<string, string> => {
  const hash = new KeyedHash(KEY);
  const hashOf = (text: string): number => {
    const bytes = Buffer.from(text);
    return hash.number(bytes, 0, bytes.length);
  };
  const { apis } = infer(telemetry.summaries(), { hashOf });
  const api = apis.find(({ title }) => title === "api.test");
  if (api === undefined) return new Map();
  const { paths } = emit(api, { openapi: "3.1.0", evidence: false });
  return new Map(
    Object.entries(paths)
      .filter(([path]) => REAL.includes(path.split("/")[2] ?? ""))
      .map(([path, item]) => [path, JSON.stringify(item, withoutErrors)]),
  );
};

/** What failed was the scanner's doing, and is described as well. */
const withoutErrors = (key: string, value: unknown): unknown =>
  /^[45]\d\d$/.test(key) || key === "default" ? undefined : value;
