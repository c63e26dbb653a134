/** Input that no TCP would send, small limits, and consumers that misbehave: what must hold whatever comes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { reassembleLimits } from "../base/limits.ts";
import { Reassembler } from "./reassembler.ts";
import { Log, segment } from "./segments.fixture.ts";
import { type ConsumerFactory, type Direction, type StreamConsumer, Verdict } from "./stream.ts";

/** Checks that it is called as the contract says, and now and then ignores or throws. */
class Wary implements StreamConsumer {
  readonly #ended = new Set<Direction>();
  readonly #moods: () => number;
  isOver = false;

  constructor(moods: () => number) {
    this.#moods = moods;
  }

  data(direction: Direction, bytes: Uint8Array, start: number, end: number): Verdict {
    assert.ok(start < end && end <= bytes.length);
    return this.#answer(direction);
  }

  gap(direction: Direction, byteCount: number): Verdict {
    assert.ok(byteCount >= 1 && byteCount <= 2 ** 30, `gap of ${byteCount}`);
    return this.#answer(direction);
  }

  end(direction: Direction): void {
    this.#check(direction);
    this.#ended.add(direction);
    if (this.#moods() === 1) throw new MoodError();
  }

  close(): void {
    assert.ok(!this.isOver);
    this.isOver = true;
  }

  #check(direction: Direction): void {
    assert.ok(!this.isOver);
    assert.ok(!this.#ended.has(direction), "called for a direction that has ended");
  }

  #answer(direction: Direction): Verdict {
    this.#check(direction);
    const mood = this.#moods();
    if (mood === 1) throw new MoodError();
    this.isOver = mood === 2;
    return this.isOver ? Verdict.Ignore : Verdict.Continue;
  }
}

class MoodError extends Error {}

const near = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: -30, max: 200 }) },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 2, arbitrary: fc.constantFrom(1 << 20, 1 << 26, (1 << 26) + 1, 2 ** 31, -(1 << 20)) },
);
const packet = fc.record({
  from: fc.constantFrom("a" as const, "b" as const),
  sequence: near,
  ack: fc.option(near, { nil: undefined, freq: 5 }),
  byteCount: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(80)),
  missing: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(30)),
  flags: fc.constantFrom("", "", "", "", "", "", "S", "F", "R", "SF", "SR", "SFR", "P"),
  host: fc.nat(5),
  timeMs: fc.oneof(
    { weight: 20, arbitrary: fc.nat(10_000) },
    { weight: 1, arbitrary: fc.constantFrom(0, -1, 1e15, Number.NaN, 2 ** 60) },
  ),
  expire: fc.nat(20),
});

test("whatever comes: limits hold, consumers are called as agreed, nothing is left at the end", () => {
  const moods = fc.infiniteStream(
    fc.oneof(
      { weight: 200, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(1, 2) },
    ),
  );
  const packets = fc.array(packet, { minLength: 1, maxLength: 600, size: "max" });
  const limits = {
    flowsMax: 4,
    flowHeldBytesMax: 400,
    flowHeldPiecesMax: 12,
    heldBytesMax: 700,
    heldPiecesMax: 20,
    disordersMax: 3,
    straysMax: 2,
  };
  fc.assert(
    fc.property(packets, moods, (rows, stream) => {
      const consumers: Wary[] = [];
      const factory: ConsumerFactory = () => {
        const mood = stream.next().value ?? 0;
        if (mood === 1) throw new MoodError();
        if (mood === 2) return null;
        const consumer = new Wary(() => stream.next().value ?? 0);
        consumers.push(consumer);
        return consumer;
      };
      const reassembler = new Reassembler(factory, { seed: 1, limits });
      for (const row of rows) {
        const bytes = new Uint8Array(row.byteCount).fill(row.sequence & 0xff);
        const { ack, ...rest } = row;
        const options = { ...rest, bytes, ...(ack === undefined ? {} : { ack }) };
        reassembler.push(segment(row.from, row.sequence, options));
        if (row.expire === 0) reassembler.expire(row.timeMs);
        assert.ok(reassembler.flowCount <= limits.flowsMax);
        assert.ok(reassembler.heldBytes <= limits.heldBytesMax);
        assert.ok(reassembler.heldPieces <= limits.heldPiecesMax);
        assert.ok(reassembler.disorderedFlowCount <= limits.disordersMax);
        assert.equal(
          reassembler.wantedFlowCount,
          consumers.filter((consumer) => !consumer.isOver).length,
        );
      }
      reassembler.close(20_000);
      assert.ok(consumers.every((consumer) => consumer.isOver));
      const { failure } = reassembler;
      assert.ok(failure === null || failure instanceof MoodError, (failure as Error)?.stack);
      assert.equal(reassembler.flowCount + reassembler.wantedFlowCount, 0);
      assert.equal(reassembler.heldBytes + reassembler.heldPieces, 0);
      assert.equal(reassembler.disorderedFlowCount, 0);
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

const collect = (): void => {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
};

/** Memory in use after a collection. */
const used = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test("100,000 flows without payload cost less than 120 bytes each", () => {
  const log = new Log();
  const before = used();
  const reassembler = new Reassembler(log.factory, { seed: 1 });
  for (let flow = 0; flow < 100_000; flow += 1)
    reassembler.push(segment("a", 1000, { flags: "S", host: flow >>> 8, port: flow & 0xff }));
  assert.equal(reassembler.flowCount, 100_000);
  const each = (used() - before) / 100_000;
  assert.ok(each < 120, `${each} bytes`);
  assert.equal(log.flows.length, 0);
  reassembler.close(0);
});

test("100,000 flows that nobody wants cost no more", () => {
  const before = used();
  const reassembler = new Reassembler(() => null, { seed: 1 });
  for (let flow = 0; flow < 100_000; flow += 1) {
    const end = { host: flow >>> 8, port: flow & 0xff };
    reassembler.push(segment("a", 1000, { flags: "S", text: "x", ...end }));
    reassembler.push(segment("a", 1500, { text: "y", ...end }));
  }
  const each = (used() - before) / 100_000;
  assert.ok(each < 120, `${each} bytes`);
  assert.equal(reassembler.counters.entries()[0]?.name, "flowUnwanted");
  assert.equal(reassembler.heldBytes, 0);
});

test("a flood of SYNs does not drive out a flow with a consumer", () => {
  const log = new Log();
  const reassembler = new Reassembler(log.factory, { seed: 1, limits: { flowsMax: 100 } });
  reassembler.push(segment("a", 1000, { flags: "S", text: "GET", timeMs: 1 }));
  for (let flow = 0; flow < 10_000; flow += 1)
    reassembler.push(segment("a", 1000, { flags: "S", port: flow, host: 2, timeMs: 2 + flow }));
  reassembler.push(segment("a", 1004, { text: " /", timeMs: 20_000 }));
  reassembler.close(20_000);
  assert.deepEqual(log.events, ["a:GET /", "close EndOfInput"]);
});

test("when all flows have consumers, the idlest is evicted", () => {
  const log = new Log();
  const reassembler = new Reassembler(log.factory, { seed: 1, limits: { flowsMax: 2 } });
  for (const port of [1, 2, 3])
    reassembler.push(segment("a", 0, { flags: "S", text: `${port}`, port, timeMs: port * 1000 }));
  assert.deepEqual(log.events, ["a:12", "close Evicted", "a:3"]);
  assert.equal(reassembler.flowCount, 2);
});

test("held bytes of one flow stay within its limit, and of all flows within theirs", () => {
  const text = "x".repeat(1000);
  const one = new Reassembler(new Log().factory, { seed: 1 });
  one.push(segment("a", 0, { flags: "S" }));
  let held = 0;
  for (let at = 0; at < 20_000; at += 1) {
    one.push(segment("a", 10 + at * 1001, { text }));
    held = Math.max(held, one.heldBytes);
  }
  assert.ok(held <= reassembleLimits.flowHeldBytesMax);
  assert.ok(held > reassembleLimits.flowHeldBytesMax * 0.9);
  one.close(0);
  const many = new Reassembler(new Log().factory, { seed: 1 });
  for (let flow = 0; flow < 60_000; flow += 1) {
    const end = { host: flow >>> 8, port: flow & 0xff };
    many.push(segment("a", 0, { flags: "S", ...end }));
    many.push(segment("a", 10, { text, ...end }));
    assert.ok(many.heldBytes <= reassembleLimits.heldBytesMax);
    assert.ok(many.heldPieces <= reassembleLimits.heldPiecesMax);
    assert.ok(many.disorderedFlowCount <= reassembleLimits.disordersMax);
  }
  assert.ok(many.disorderedFlowCount > reassembleLimits.disordersMax * 0.9);
  many.close(0);
});

test("a consumer that throws is closed and let go; other flows do not notice", () => {
  const log = new Log();
  let closed = 0;
  const throwing: StreamConsumer = {
    data: () => {
      throw new TypeError("bug");
    },
    gap: () => Verdict.Continue,
    end: () => undefined,
    close: () => {
      closed += 1;
    },
  };
  const reassembler = new Reassembler(
    (flow) => (flow.flowId === 1 ? throwing : log.factory(flow)),
    {
      seed: 1,
    },
  );
  reassembler.push(segment("a", 0, { flags: "S", text: "x", port: 1 }));
  reassembler.push(segment("a", 2, { text: "x", port: 1 }));
  reassembler.push(segment("a", 0, { flags: "S", text: "y", port: 2 }));
  reassembler.close(0);
  assert.equal(closed, 1);
  assert.ok(reassembler.failure instanceof TypeError);
  assert.deepEqual(log.events, ["a:y", "close EndOfInput"]);
});

test("time-outs go by the time of packets: held bytes after seconds, flows after minutes", () => {
  const log = new Log();
  const reassembler = new Reassembler(log.factory, { seed: 1 });
  reassembler.push(segment("a", 0, { flags: "S" }));
  reassembler.push(segment("a", 4, { text: "x" }));
  reassembler.push(segment("a", 0, { flags: "S", port: 2 }));
  for (let second = 1; second <= 1000; second += 1) {
    reassembler.expire(second * 1000);
    if (second === 4) assert.deepEqual(log.events, []);
    if (second === 5) assert.deepEqual(log.events, ["a-3", "a:x"]);
    if (second === 100) assert.equal(reassembler.flowCount, 2);
    if (second === 140) assert.equal(reassembler.flowCount, 1);
    if (second === 599) assert.equal(log.events.length, 2);
    if (second === 620) assert.equal(reassembler.flowCount, 0);
  }
  assert.deepEqual(log.events, ["a-3", "a:x", "close Idle"]);
});

test("stragglers do not keep alive a flow that is over", () => {
  const log = new Log();
  const reassembler = new Reassembler(log.factory, { seed: 1 });
  reassembler.push(segment("a", 0, { flags: "S", text: "x" }));
  reassembler.push(segment("a", 2, { flags: "R" }));
  for (let second = 1; second <= 40; second += 1) {
    reassembler.push(segment("a", 2, { ack: 1, timeMs: second * 1000 }));
    reassembler.expire(second * 1000);
  }
  assert.equal(reassembler.flowCount, 0);
  assert.deepEqual(log.events, ["a:x", "close Reset"]);
});

test("a flow's ends, initiator and number are told once", () => {
  const log = new Log();
  const reassembler = new Reassembler(log.factory, { seed: 1 });
  reassembler.push(segment("b", 0, { flags: "S", ack: 8 }));
  reassembler.push(segment("b", 1, { text: "hello", ack: 8 }));
  reassembler.push(segment("a", 5, { text: "x", port: 2 }));
  reassembler.close(0);
  assert.deepEqual(log.flows, [
    {
      a: { ip: "10.0.0.1", port: 40_000 },
      b: { ip: "10.200.0.0", port: 80 },
      initiator: 0,
      flowId: 1,
    },
    {
      a: { ip: "10.0.0.1", port: 2 },
      b: { ip: "10.200.0.0", port: 80 },
      initiator: null,
      flowId: 2,
    },
  ]);
});
