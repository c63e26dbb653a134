/**
 * What a segment costs. The bound of the test is generous, as machines are shared; the figures are in its
 * diagnostics: `node --test --test-reporter=spec src/reassemble/cost.test.ts`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptySegment, type Segment, TcpFlag } from "../decode/segment.ts";
import { Reassembler } from "./reassembler.ts";
import { type StreamConsumer, Verdict } from "./stream.ts";

const SEGMENTS = 500_000;
const PAYLOAD_BYTES = 700;
const NS_MAX = 2000;

const consumer: StreamConsumer = {
  data: () => Verdict.Continue,
  gap: () => Verdict.Continue,
  end: () => undefined,
  close: () => undefined,
};

function address(segment: Segment, flow: number, isBack: boolean): void {
  const client = (10 << 24) | (flow >>> 4);
  const server = (10 << 24) | (1 << 23);
  const port = 32_768 + ((flow * 7) & 0x3fff);
  segment.source3 = isBack ? server : client;
  segment.target3 = isBack ? client : server;
  segment.sourcePort = isBack ? 80 : port;
  segment.targetPort = isBack ? port : 80;
}

/** Flows behind their handshake, whose consumers have been opened by a first byte. */
function established(flows: number, segment: Segment): Reassembler {
  const reassembler = new Reassembler(() => consumer, { seed: 1 });
  segment.bytes = new Uint8Array(1500);
  segment.source2 = 0xffff;
  segment.target2 = 0xffff;
  for (let flow = 0; flow < flows; flow += 1) {
    address(segment, flow, false);
    segment.flags = TcpFlag.Syn;
    segment.sequence = 1000;
    reassembler.push(segment);
    address(segment, flow, true);
    segment.flags = TcpFlag.Syn | TcpFlag.Ack;
    segment.sequence = 5000;
    segment.acknowledgement = 1001;
    segment.payloadEnd = 1;
    reassembler.push(segment);
    segment.payloadEnd = 0;
  }
  segment.flags = TcpFlag.Ack | TcpFlag.Psh;
  segment.payloadStart = 54;
  segment.payloadEnd = 54 + PAYLOAD_BYTES;
  return reassembler;
}

/** Flows in random order, drawn before so that the measured loop pays for `push` and its memory alone. */
function randomFlows(flows: number): Uint32Array {
  let state = 12_345;
  return Uint32Array.from({ length: 1 << 18 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * flows);
  });
}

/** Nanoseconds of processor time a segment; each `swapEvery`th comes behind the one that follows it. */
function measure(flows: number, swapEvery: number): number {
  const segment = emptySegment();
  const reassembler = established(flows, segment);
  const order = randomFlows(flows);
  const sent = [new Int32Array(flows).fill(1001), new Int32Array(flows).fill(5002)];
  const start = process.cpuUsage();
  let pushed = 0;
  while (pushed < SEGMENTS) {
    const flow = order[pushed & (order.length - 1)]!;
    const side = pushed & 1;
    const mine = sent[side]!;
    const isSwapped = swapEvery > 0 && pushed % swapEvery < 2;
    address(segment, flow, side === 1);
    segment.acknowledgement = sent[1 - side]![flow]!;
    segment.timeMs += 0.01;
    if (isSwapped) {
      segment.sequence = mine[flow]! + PAYLOAD_BYTES;
      reassembler.push(segment);
    }
    segment.sequence = mine[flow]!;
    reassembler.push(segment);
    mine[flow]! += isSwapped ? 2 * PAYLOAD_BYTES : PAYLOAD_BYTES;
    pushed += isSwapped ? 2 : 1;
  }
  const { user, system } = process.cpuUsage(start);
  assert.equal(reassembler.heldBytes, 0);
  assert.equal(reassembler.counters.entries().filter((each) => each.name === "gap").length, 0);
  return ((user + system) * 1000) / pushed;
}

for (const flows of [2000, 100_000]) {
  for (const [name, swapEvery] of [
    ["in order", 0],
    ["3 % swapped", 33],
  ] as const) {
    test(`a segment of ${flows} flows, ${name}`, (context) => {
      const runs = [1, 2, 3].map(() => measure(flows, swapEvery));
      const median = runs.sort((a, b) => a - b)[1]!;
      context.diagnostic(`${median.toFixed(0)} ns a segment`);
      assert.ok(median < NS_MAX, `${median} ns`);
    });
  }
}
