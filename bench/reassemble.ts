/**
 * `node bench/reassemble.ts`: nanoseconds per segment through `Reassembler.push` with a consumer that does nothing,
 * at 2,000 and 100,000 flows: all in order; 3 % of neighbours swapped; handshakes of a SYN flood.
 */
import { emptySegment, type Segment, TcpFlag } from "../src/decode/segment.ts";
import { Reassembler } from "../src/reassemble/reassembler.ts";
import { type StreamConsumer, Verdict } from "../src/reassemble/stream.ts";

const consumer: StreamConsumer = {
  data: () => Verdict.Continue,
  gap: () => Verdict.Continue,
  end: () => undefined,
  close: () => undefined,
};

const PAYLOAD_BYTES = 700;
const bytes = new Uint8Array(1500);

function flood(reassembler: Reassembler, segment: Segment, flows: number, flags: number): void {
  for (let flow = 0; flow < flows; flow += 1) {
    address(segment, flow, false);
    segment.flags = flags;
    segment.sequence = 1000;
    reassembler.push(segment);
  }
}

/** IPv4 ends of flow number `flow`, spread over clients and ports. */
function address(segment: Segment, flow: number, back: boolean): void {
  const client = (10 << 24) | (flow >>> 4);
  const port = 32_768 + ((flow * 7) & 0x3fff);
  segment.source3 = back ? (10 << 24) | (1 << 23) : client;
  segment.target3 = back ? client : (10 << 24) | (1 << 23);
  segment.sourcePort = back ? 80 : port;
  segment.targetPort = back ? port : 80;
}

function run(flows: number, segments: number, swapShare: number): number {
  const reassembler = new Reassembler(() => consumer, { seed: 1 });
  const segment = emptySegment();
  segment.bytes = bytes;
  segment.source2 = segment.target2 = 0xffff;
  const next = [new Uint32Array(flows).fill(1001), new Uint32Array(flows).fill(5001)];
  for (let flow = 0; flow < flows; flow += 1) {
    address(segment, flow, false);
    segment.flags = TcpFlag.Syn;
    segment.sequence = 1000;
    reassembler.push(segment);
    address(segment, flow, true);
    segment.flags = TcpFlag.Syn | TcpFlag.Ack;
    segment.sequence = 5000;
    segment.acknowledgement = 1001;
    reassembler.push(segment);
  }
  // The order of flows is drawn before, so that the measured loop pays for `push` and its memory alone.
  const order = new Uint32Array(1 << 20);
  let state = 12345;
  for (let at = 0; at < order.length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    order[at] = Math.floor((state / 2 ** 32) * flows);
  }
  const swapEvery = swapShare > 0 ? Math.round(1 / swapShare) : 0;
  segment.payloadStart = 54;
  segment.payloadEnd = 54 + PAYLOAD_BYTES;
  segment.flags = TcpFlag.Ack | TcpFlag.Psh;
  const push = (at: number, offset: number): void => {
    const flow = order[at & (order.length - 1)]!;
    const back = (at & 1) === 1;
    address(segment, flow, back);
    const mine = next[back ? 1 : 0]!;
    segment.sequence = (mine[flow]! + offset) >>> 0;
    segment.acknowledgement = next[back ? 0 : 1]![flow]!;
    segment.timeMs += 0.01;
    reassembler.push(segment);
  };
  const start = process.cpuUsage();
  for (let at = 0; at < segments; at += 1) {
    const flow = order[at & (order.length - 1)]!;
    const mine = next[at & 1]!;
    if (swapEvery > 0 && at % swapEvery === 0) {
      push(at, PAYLOAD_BYTES);
      push(at, 0);
      mine[flow]! += 2 * PAYLOAD_BYTES;
    } else {
      push(at, 0);
      mine[flow]! += PAYLOAD_BYTES;
    }
  }
  const used = process.cpuUsage(start);
  const overhead = swapEvery > 0 ? 1 + 1 / swapEvery : 1;
  return ((used.user + used.system) * 1000) / (segments * overhead);
}

function runFlood(flows: number): number {
  const reassembler = new Reassembler(() => consumer, { seed: 1 });
  const segment = emptySegment();
  segment.bytes = bytes;
  segment.source2 = segment.target2 = 0xffff;
  const start = process.cpuUsage();
  flood(reassembler, segment, flows, TcpFlag.Syn);
  const used = process.cpuUsage(start);
  return ((used.user + used.system) * 1000) / flows;
}

const median = (values: number[]): string =>
  values.sort((a, b) => a - b)[values.length >> 1]!.toFixed(0);
const repeat = (count: number, measure: () => number): string =>
  median(Array.from({ length: count }, measure));

run(2000, 500_000, 0.03);
for (const flows of [2000, 100_000]) {
  process.stdout.write(
    `${flows} flows: in order ${repeat(5, () => run(flows, 2_000_000, 0))} ns, ` +
      `3 % swapped ${repeat(3, () => run(flows, 2_000_000, 0.03))} ns a segment\n`,
  );
}
process.stdout.write(`SYN flood of 1,000,000: ${repeat(3, () => runFlood(1_000_000))} ns a SYN\n`);
