/**
 * Reassembly against a slow model that knows, for every byte of two streams, which segment brought it first. A
 * conversation is cut into segments, perturbed as captures are, and every event is checked against the model.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Segment } from "../decode/segment.ts";
import { Reassembler } from "./reassembler.ts";
import { segment } from "./segments.fixture.ts";
import { CloseReason, type Direction, type StreamConsumer, Verdict } from "./stream.ts";

/** Small, fast, seeded random numbers (mulberry32). */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0;
  }
  share(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  }
  below(limit: number): number {
    return Math.floor(this.share() * limit);
  }
  chance(share: number): boolean {
    return this.share() < share;
  }
}

interface Shape {
  readonly messages: number;
  readonly messageBytesMax: number;
  readonly segmentBytesMax: number;
  readonly handshake: boolean;
  readonly fins: boolean;
  readonly loss: number;
  readonly duplicate: number;
  readonly swap: number;
  readonly displace: number;
  /** Share of segments after which an earlier range comes again, with other bytes. */
  readonly overlap: number;
  readonly snap: number;
}

/** A segment with where its payload really stands in its stream (0 is the first byte). */
interface Placed {
  readonly from: "a" | "b";
  readonly position: number;
  readonly segment: Segment;
}

interface Conversation {
  readonly placed: Placed[];
  /** What was said, in order: `a10 b200`. */
  readonly turns: string[];
  readonly byteCounts: { a: number; b: number };
}

const content = (from: "a" | "b", position: number): number =>
  (Math.imul(position + (from === "a" ? 1 : 7), 0x9e3779b1) >>> 24) & 0xff;

function converse(random: Random, shape: Shape): Conversation {
  const nearWrap = (): number =>
    random.chance(0.5) ? 2 ** 32 - random.below(3000) : random.below(2 ** 32);
  const initial = { a: nearWrap(), b: nearWrap() };
  const sent = { a: 0, b: 0 };
  const placed: Placed[] = [];
  const turns: string[] = [];
  let timeMs = 0;
  const put = (from: "a" | "b", position: number, byteCount: number, flags: string): void => {
    const other = from === "a" ? "b" : "a";
    const bytes = new Uint8Array(byteCount);
    for (let at = 0; at < byteCount; at += 1) bytes[at] = content(from, position + at);
    timeMs += 0.1;
    const options = { bytes, flags, ack: initial[other] + 1 + sent[other], timeMs };
    placed.push({ from, position, segment: segment(from, initial[from] + 1 + position, options) });
  };
  if (shape.handshake) {
    placed.push({ from: "a", position: -1, segment: segment("a", initial.a, { flags: "S" }) });
    const answer = segment("b", initial.b, { flags: "S", ack: initial.a + 1 });
    placed.push({ from: "b", position: -1, segment: answer });
    put("a", 0, 0, "");
  }
  for (let message = 0; message < shape.messages; message += 1) {
    const from = message % 2 === 0 ? "a" : "b";
    const byteCount = 1 + random.below(shape.messageBytesMax);
    turns.push(`${from}${byteCount}`);
    for (let left = byteCount; left > 0; ) {
      const chunk = Math.min(left, 1 + random.below(shape.segmentBytesMax));
      put(from, sent[from], chunk, "P");
      sent[from] += chunk;
      left -= chunk;
      if (random.chance(0.3)) put(from === "a" ? "b" : "a", sent[from === "a" ? "b" : "a"], 0, "");
    }
  }
  if (shape.fins) {
    put("a", sent.a, 0, "F");
    put("b", sent.b, 0, "F");
  }
  return { placed, turns, byteCounts: sent };
}

function perturb(random: Random, shape: Shape, original: readonly Placed[]): Placed[] {
  let packets: Placed[] = [];
  for (const each of original) {
    if (random.chance(shape.loss)) continue;
    packets.push(snapped(random, shape, each));
    if (random.chance(shape.duplicate)) packets.push(each);
    if (random.chance(shape.overlap)) packets.push(repeated(random, each));
  }
  for (let at = 0; at + 1 < packets.length; at += 1)
    if (random.chance(shape.swap))
      [packets[at], packets[at + 1]] = [packets[at + 1]!, packets[at]!];
  for (let at = 0; at < packets.length; at += 1) {
    if (!random.chance(shape.displace)) continue;
    const moved = packets[at]!;
    packets = packets.toSpliced(at, 1).toSpliced(at + 2 + random.below(7), 0, moved);
  }
  return packets;
}

function snapped(random: Random, shape: Shape, each: Placed): Placed {
  const { payloadEnd } = each.segment;
  if (payloadEnd === 0 || !random.chance(shape.snap)) return each;
  const cut = 1 + random.below(payloadEnd);
  const segment = { ...each.segment, payloadEnd: payloadEnd - cut, missingBytes: cut };
  return { ...each, segment };
}

/** Bytes from a little before the segment to somewhere in it, but wrong ones. */
function repeated(random: Random, each: Placed): Placed {
  const back = Math.min(Math.max(each.position, 0), random.below(50));
  const byteCount = Math.min(back + random.below(each.segment.payloadEnd + 1), 1400);
  const bytes = new Uint8Array(byteCount).fill(255);
  const sequence = (each.segment.sequence - back) | 0;
  const wrong = { ...each.segment, bytes, payloadEnd: byteCount, sequence, flags: 16 };
  return { from: each.from, position: each.position - back, segment: wrong };
}

interface Event {
  readonly from: "a" | "b";
  readonly kind: "data" | "gap";
  readonly bytes: Uint8Array;
  readonly byteCount: number;
  /** Index of the packet during which it came. */
  readonly packet: number;
}

function reassemble(packets: readonly Placed[]): { events: Event[]; closed: string[] } {
  const events: Event[] = [];
  const closed: string[] = [];
  let packet = 0;
  // The table orders the ends by address: `a` of the fixture is the lesser, so direction 0.
  const from = (direction: Direction): "a" | "b" => (direction === 0 ? "a" : "b");
  const consumer: StreamConsumer = {
    data: (direction, bytes, start, end) => {
      const copy = bytes.slice(start, end);
      assert.ok(copy.length > 0);
      events.push({
        from: from(direction),
        kind: "data",
        bytes: copy,
        byteCount: copy.length,
        packet,
      });
      return Verdict.Continue;
    },
    gap: (direction, byteCount) => {
      assert.ok(byteCount > 0);
      events.push({
        from: from(direction),
        kind: "gap",
        bytes: new Uint8Array(0),
        byteCount,
        packet,
      });
      return Verdict.Continue;
    },
    end: (direction) => closed.push(`${from(direction)}.`),
    close: (reason) => closed.push(`${reason}`),
  };
  const reassembler = new Reassembler(() => consumer, { seed: 7 });
  for (; packet < packets.length; packet += 1) reassembler.push(packets[packet]!.segment);
  reassembler.close(packets.at(-1)?.segment.timeMs ?? 0);
  assert.equal(reassembler.failure, null);
  assert.equal(reassembler.heldBytes + reassembler.heldPieces, 0);
  return { events, closed };
}

/** For each position the byte that came first and with which packet; a snapped byte came as -1. */
function firstArrivals(packets: readonly Placed[], from: "a" | "b"): Map<number, [number, number]> {
  const first = new Map<number, [byte: number, packet: number]>();
  packets.forEach((each, packet) => {
    if (each.from !== from || each.position < 0) return;
    const { bytes, payloadEnd, missingBytes } = each.segment;
    for (let at = 0; at < payloadEnd + missingBytes; at += 1) {
      if (first.has(each.position + at)) continue;
      first.set(each.position + at, [at < payloadEnd ? bytes[at]! : -1, packet]);
    }
  });
  return first;
}

/** Every byte at its place, from the first to come, once; no gap over what had come. Returns what gaps cover. */
function verifyStream(
  events: readonly Event[],
  packets: readonly Placed[],
  from: "a" | "b",
  start: number,
): { end: number; gapBytes: number } {
  const first = firstArrivals(packets, from);
  let position = start;
  let gapBytes = 0;
  for (const event of events) {
    if (event.from !== from) continue;
    for (let at = 0; at < event.byteCount; at += 1, position += 1) {
      const [byte, packet] = first.get(position) ?? [-1, Number.POSITIVE_INFINITY];
      const there = `${from} ${position} in packet ${event.packet}`;
      if (event.kind === "gap") {
        assert.ok(byte === -1 || packet > event.packet, `gap over a byte that had come: ${there}`);
        gapBytes += 1;
      } else {
        assert.equal(event.bytes[at], byte, `wrong byte: ${there}`);
        assert.ok(packet <= event.packet, `byte from nowhere: ${there}`);
      }
    }
  }
  return { end: position, gapBytes };
}

const PERFECT: Shape = {
  messages: 12,
  messageBytesMax: 3000,
  segmentBytesMax: 700,
  handshake: true,
  fins: true,
  loss: 0,
  duplicate: 0,
  swap: 0,
  displace: 0,
  overlap: 0,
  snap: 0,
};

/** Runs of one direction, joined: `a10 b200`. */
function turnsOf(events: readonly Event[]): string[] {
  const turns: [from: string, byteCount: number][] = [];
  for (const event of events) {
    const last = turns.at(-1);
    if (last?.[0] === event.from) last[1] += event.byteCount;
    else turns.push([event.from, event.byteCount]);
  }
  return turns.map(([from, byteCount]) => from + byteCount);
}

const seeds = fc.integer();
const forSeeds = (numRuns: number, property: (random: Random) => void): void =>
  fc.assert(
    fc.property(seeds, (seed) => property(new Random(seed))),
    { numRuns },
  );

test("without loss every byte comes once, in the order in which it was said", () => {
  forSeeds(150, (random) => {
    const shape = {
      ...PERFECT,
      duplicate: random.chance(0.3) ? 1 : random.share() * 0.1,
      swap: random.share() * 0.1,
      displace: random.share() * 0.02,
    };
    const conversation = converse(random, shape);
    const { events, closed } = reassemble(perturb(random, shape, conversation.placed));
    assert.deepEqual(turnsOf(events), conversation.turns);
    assert.deepEqual(closed.toSorted(), [`${CloseReason.Finished}`, "a.", "b."].toSorted());
  });
});

test("without loss, but with other bytes sent again: those that came first", () => {
  forSeeds(100, (random) => {
    const shape = { ...PERFECT, swap: 0.1, displace: 0.02, overlap: random.share() * 0.2 };
    const conversation = converse(random, shape);
    const packets = perturb(random, shape, conversation.placed);
    const { events } = reassemble(packets);
    for (const from of ["a", "b"] as const) {
      const { end, gapBytes } = verifyStream(events, packets, from, 0);
      assert.equal(gapBytes, 0);
      assert.equal(end, conversation.byteCounts[from]);
    }
  });
});

test("with loss and snapping, bytes and gaps cover the streams, and nothing that came is a gap", () => {
  forSeeds(120, (random) => {
    const shape = {
      ...PERFECT,
      messages: 2 + random.below(40),
      loss: random.share() * 0.3,
      snap: random.chance(0.5) ? random.share() * 0.5 : 0,
      duplicate: random.share() * 0.3,
      swap: random.share() * 0.2,
      displace: random.share() * 0.05,
      overlap: random.share() * 0.2,
      fins: random.chance(0.5),
    };
    const conversation = converse(random, shape);
    // The first three segments stay, so that the streams have a known beginning.
    const [head, tail] = [conversation.placed.slice(0, 3), conversation.placed.slice(3)];
    const packets = [...head, ...perturb(random, shape, tail)];
    const { events } = reassemble(packets);
    for (const from of ["a", "b"] as const) {
      const { end } = verifyStream(events, packets, from, 0);
      const lastCome = Math.max(-1, ...firstArrivals(packets, from).keys());
      assert.ok(
        events.length === 0 || end > lastCome,
        `${from}: ${lastCome} came, ended at ${end}`,
      );
      assert.ok(end <= conversation.byteCounts[from] + 1);
    }
  });
});

test("a stream without handshake begins with the first byte of those that come near its start", () => {
  forSeeds(150, (random) => {
    const shape = { ...PERFECT, handshake: false, fins: false, swap: 0.2, displace: 0.05 };
    const conversation = converse(random, shape);
    const packets = perturb(random, shape, conversation.placed.slice(random.below(20)));
    const { events } = reassemble(packets);
    for (const from of ["a", "b"] as const) {
      const came = [...firstArrivals(packets, from).keys()];
      if (came.length === 0) continue;
      const { end, gapBytes } = verifyStream(events, packets, from, Math.min(...came));
      assert.equal(end, Math.max(...came) + 1);
      assert.equal(gapBytes, 0);
    }
  });
});

test("one direction only: all that was captured comes, whatever it acknowledges", () => {
  forSeeds(50, (random) => {
    const shape = { ...PERFECT, duplicate: 0.1, swap: 0.1 };
    const conversation = converse(random, shape);
    const packets = perturb(
      random,
      shape,
      conversation.placed.filter((each) => each.from === "a"),
    );
    const { events } = reassemble(packets);
    const { end, gapBytes } = verifyStream(events, packets, "a", 0);
    assert.deepEqual([end, gapBytes], [conversation.byteCounts.a, 0]);
    assert.ok(events.every((event) => event.from === "a"));
  });
});
