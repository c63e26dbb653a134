import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeLimits } from "../base/limits.ts";
import { emptyPacket } from "../capture/packet.ts";
import { u8, u16, u32 } from "../capture/testing.ts";
import { Decoder } from "./decoder.ts";
import { OUTCOME_NAMES } from "./outcome.ts";
import { emptySegment } from "./segment.ts";

/** A TCP segment of `byteCount` bytes whose payload counts up. */
function segmentOf(byteCount: number): Buffer {
  const segment = Buffer.alloc(byteCount);
  segment.writeUInt16BE(1234, 0);
  segment[12] = 0x50;
  for (let at = 20; at < byteCount; at += 1) segment[at] = at & 0xff;
  return segment;
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly more: boolean;
  readonly identification?: number;
  readonly timeMs?: number;
  /** Bytes of the piece that were captured. */
  readonly captured?: number;
}

const ADDRESSES = Buffer.from("c0000201c6336402", "hex");
function ipv4Piece({ start, bytes, more, identification = 1 }: Piece): Buffer {
  const flags = (start >> 3) | (more ? 0x2000 : 0);
  return Buffer.concat([
    u8(0x45, 0),
    u16(false, 20 + bytes.length, identification, flags),
    u8(64, 6, 0, 0),
    ADDRESSES,
    bytes,
  ]);
}

function ipv6Piece({ start, bytes, more, identification = 1 }: Piece): Buffer {
  return Buffer.concat([
    u32(false, 0x60000000),
    u16(false, 8 + bytes.length),
    u8(44, 64),
    Buffer.alloc(32, 1),
    u8(6, 0),
    u16(false, start | (more ? 1 : 0)),
    u32(false, identification),
    bytes,
  ]);
}

/** Decodes the pieces; gives each outcome and the payload of the last segment that came out. */
class Run {
  readonly decoder = new Decoder();
  readonly outcomes: string[] = [];
  payload: Buffer | null = null;
  missingBytes = 0;

  add(build: (piece: Piece) => Buffer, ...pieces: readonly Piece[]): this {
    for (const piece of pieces) {
      const bytes = build(piece);
      const end = bytes.length - piece.bytes.length + (piece.captured ?? piece.bytes.length);
      const segment = emptySegment();
      const outcome = this.decoder.decode(
        {
          ...emptyPacket(),
          bytes: bytes.subarray(0, end),
          end,
          wireBytes: bytes.length,
          linkType: 101,
          timeMs: piece.timeMs ?? 0,
        },
        segment,
      );
      this.outcomes.push(OUTCOME_NAMES[outcome]!);
      if (outcome !== 0) continue;
      assert.equal(segment.sourcePort, 1234);
      this.payload = Buffer.from(segment.bytes.slice(segment.payloadStart, segment.payloadEnd));
      this.missingBytes = segment.missingBytes;
    }
    return this;
  }

  events(): Record<string, number> {
    const entries = this.decoder.fragmentCounters.entries();
    return Object.fromEntries(entries.map(({ name, count }) => [name, count]));
  }
}

const cut = (whole: Buffer, ...at: number[]): Piece[] =>
  at.map((start, index) => ({
    start,
    bytes: whole.subarray(start, at[index + 1] ?? whole.length),
    more: index + 1 < at.length,
  }));

for (const [name, build] of [
  ["IPv4", ipv4Piece],
  ["IPv6", ipv6Piece],
] as const) {
  test(`${name} fragments in any order, with overlaps and repeats, make the datagram`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 28, max: 3000 }),
        fc.array(fc.nat(400), { maxLength: 8 }),
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        fc.nat(200),
        (byteCount, cuts, order, overlap) => {
          const whole = segmentOf(byteCount);
          const inside = cuts.map((unit) => unit * 8).filter((at) => at > 0 && at < byteCount);
          const starts = [...new Set([0, ...inside])].sort((a, b) => a - b);
          if (starts.length < 2) return;
          const pieces = cut(whole, ...starts).map((piece) => {
            const end = Math.min(piece.start + piece.bytes.length + (overlap & ~7), byteCount);
            return { ...piece, bytes: whole.subarray(piece.start, end), more: end < byteCount };
          });
          const shuffled = [...pieces, pieces[0]!]
            .map((piece, index) => ({ piece, key: order[index % order.length]! }))
            .sort((a, b) => a.key - b.key)
            .map(({ piece }) => piece);
          const usable = shuffled.filter((piece) => !piece.more || piece.bytes.length % 8 === 0);
          const run = new Run().add(build, ...usable, ...pieces);
          assert.deepEqual(run.payload, whole.subarray(20));
          assert.equal(run.missingBytes, 0);
        },
      ),
      { numRuns: 500 },
    );
  });
}

test("the bytes that came first win", () => {
  const whole = segmentOf(64);
  const [a, b, c] = cut(whole, 0, 24, 40);
  const liar: Piece = { start: 16, bytes: Buffer.alloc(24, 0xee), more: true };
  const run = new Run().add(ipv4Piece, a!, b!, liar, c!);
  assert.deepEqual(run.outcomes, ["fragmentWaiting", "fragmentWaiting", "fragmentWaiting", "tcp"]);
  assert.deepEqual(run.payload, whole.subarray(20));
});

test("fragments that contradict the datagram are refused, and it waits on", () => {
  const whole = segmentOf(64);
  const [a, b, c] = cut(whole, 0, 24, 40);
  const bad: Piece[] = [
    { start: 64, bytes: Buffer.alloc(8), more: true },
    { start: 40, bytes: Buffer.alloc(32), more: false },
    { start: 8, bytes: Buffer.alloc(8), more: false },
    { start: 8, bytes: Buffer.alloc(9), more: true },
    { start: 8, bytes: Buffer.alloc(0), more: true },
    { start: 65528, bytes: Buffer.alloc(16), more: true },
  ];
  const run = new Run().add(ipv4Piece, c!, ...bad, a!, b!);
  assert.deepEqual(run.outcomes.slice(1, 7), Array(6).fill("fragmentInvalid"));
  assert.deepEqual(run.payload, whole.subarray(20));
});

test("datagrams are told apart by identification and protocol version", () => {
  const whole = segmentOf(64);
  const [a, b] = cut(whole, 0, 24);
  const run = new Run()
    .add(ipv4Piece, a!)
    .add(ipv6Piece, b!)
    .add(ipv4Piece, { ...b!, identification: 2 });
  assert.equal(run.payload, null);
  run.add(ipv6Piece, a!);
  assert.deepEqual(run.payload, whole.subarray(20));
  assert.deepEqual(run.events(), { reassembled: 1 });
});

test("a snapped fragment ends what was captured of the datagram", () => {
  const whole = segmentOf(120);
  const [a, b, c] = cut(whole, 0, 48, 80);
  const run = new Run().add(ipv4Piece, a!, { ...b!, captured: 5 }, c!);
  assert.deepEqual(run.payload, whole.subarray(20, 53));
  assert.equal(run.missingBytes, 120 - 53);
  const again = new Run().add(ipv4Piece, a!, b!, { ...b!, captured: 5 }, { ...c!, captured: 0 });
  assert.deepEqual([again.payload, again.missingBytes], [whole.subarray(20, 80), 40]);
});

test("a datagram that waits too long is dropped, by the time of packets", () => {
  const whole = segmentOf(64);
  const [a, b] = cut(whole, 0, 24);
  const late = decodeLimits.fragmentTimeoutMs + 1;
  const run = new Run().add(ipv4Piece, a!, { ...b!, timeMs: late });
  assert.deepEqual([run.payload, run.events()], [null, { expired: 1 }]);
  run.add(ipv4Piece, { ...a!, timeMs: late });
  assert.deepEqual(run.payload, whole.subarray(20));
  run.add(ipv4Piece, { ...a!, timeMs: late });
  run.decoder.expire(2 * late);
  assert.deepEqual(run.events(), { expired: 2, reassembled: 1 });
});

test("where all places are taken the oldest datagram gives way", () => {
  const whole = segmentOf(64);
  const [a, b] = cut(whole, 0, 24);
  const count = decodeLimits.fragmentedDatagramsMax + 1;
  const run = new Run();
  for (let id = 0; id < count; id += 1) run.add(ipv4Piece, { ...a!, identification: id });
  assert.deepEqual(run.events(), { evicted: 1 });
  run.add(ipv4Piece, { ...b!, identification: 1 });
  assert.deepEqual(run.payload, whole.subarray(20));
  run.payload = null;
  run.add(ipv4Piece, { ...b!, identification: 0 });
  assert.equal(run.payload, null);
});

test("a datagram of the largest size", () => {
  const whole = segmentOf(65_500);
  const run = new Run().add(ipv4Piece, ...cut(whole, 0, 1480, 32_000, 65_496).reverse());
  assert.deepEqual(run.payload, whole.subarray(20));
});

test("fragments inside of a tunnel that was itself fragmented", () => {
  const whole = segmentOf(2000);
  const run = new Run();
  const carry = (piece: Piece, identification: number): void => {
    const inner = ipv4Piece(piece);
    const outer = cut(Buffer.from(inner), 0, 800 & ~7).map((part) => ({ ...part, identification }));
    run.add(
      (part) => {
        const bytes = ipv4Piece(part);
        bytes[9] = 4;
        return bytes;
      },
      ...outer,
    );
  };
  for (const [index, piece] of cut(whole, 0, 1000).entries()) carry(piece, 50 + index);
  assert.deepEqual(run.payload, whole.subarray(20));
  assert.deepEqual(run.events(), { reassembled: 3 });
});
