import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { segmentOf } from "../../../test/live/frames.ts";
import { liveLimits } from "../../base/limits.ts";
import type { Packet } from "../packet.ts";
import { RingCount, RingReader } from "./ring.ts";

/** Two blocks of a ring, filled by test/live/record.ts. */
const recorded = gunzipSync(
  readFileSync(new URL("../../../test/live/fixtures/ring.gz", import.meta.url)),
);

const memoryOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

const describe = (packet: Packet): string => {
  const segment = segmentOf(packet);
  const length = packet.end - packet.start;
  const tags = segment?.vlans.map((vlan) => ` vlan ${vlan}`).join("");
  return `${packet.linkType} if ${packet.interfaceId} ${length}/${packet.wireBytes} #${segment?.sequence}${tags}`;
};

const readAll = (reader: RingReader): string[] => {
  const lines: string[] = [];
  while (reader.readBlock((packet) => lines.push(describe(packet)))) {}
  return lines;
};

test("recorded blocks", () => {
  const reader = new RingReader(memoryOf(recorded), liveLimits.ringBlockBytes);
  assert.equal(reader.backlog(), 1);
  assert.deepEqual(readAll(reader), [
    "101 if 2 140/140 #1",
    "101 if 2 160/160 #2",
    "276 if 2 64/64 #3 vlan 7",
    "276 if 2 84/84 #4 vlan 7",
    "276 if 2 68/68 #5 vlan 7 vlan 9",
    "276 if 2 88/88 #6 vlan 7 vlan 9",
    "101 if 2 40/40 #7",
    "101 if 2 40/40 #8",
    "276 if 2 64/64 #9 vlan 5",
    "101 if 1 40/40 #10",
    "276 if 1 64/64 #11 vlan 5",
  ]);
  assert.equal(reader.counters.count(RingCount.LoopbackEcho), 2);
  assert.equal(reader.counters.count(RingCount.MalformedPacket), 0);
  assert.equal(reader.backlog(), 0);
});

const BLOCK_BYTES = 4096;

/** What an earlier use of the block may have left behind a packet. */
const BEHIND = [0x08, 0, 0x45, 0, 0, 20];

interface RingPacket {
  readonly data: readonly number[];
  readonly protocol?: number;
  readonly packetType?: number;
  readonly deviceType?: number;
  /** Of the tag that the kernel took out. */
  readonly tag?: { readonly tci: number; readonly protocol?: number };
  readonly length?: number;
}

/** One block as the kernel fills it. */
const ringBlock = (packets: readonly RingPacket[]): Uint8Array => {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 1, true);
  view.setUint32(12, packets.length, true);
  view.setUint32(16, 48, true);
  let at = 48;
  packets.forEach((packet, index) => {
    const { data, protocol = 0x0800, packetType = 0, deviceType = 1, tag } = packet;
    const size = (96 + data.length + 7) & ~7;
    view.setUint32(at, index + 1 < packets.length ? size : 0, true);
    view.setUint32(at + 4, 1_700_000_000 + index, true);
    view.setUint32(at + 8, 123_456_789, true);
    view.setUint32(at + 12, data.length, true);
    view.setUint32(at + 16, packet.length ?? data.length, true);
    const tagBits = tag === undefined ? 0 : tag.protocol === undefined ? 0x10 : 0x50;
    view.setUint32(at + 20, 1 | tagBits, true);
    view.setUint16(at + 24, 96, true);
    view.setUint16(at + 26, 96, true);
    view.setUint16(at + 32, tag?.tci ?? 0, true);
    view.setUint16(at + 36, tag?.protocol ?? 0, true);
    view.setUint16(at + 48, 17, true);
    view.setUint16(at + 50, protocol, false);
    view.setInt32(at + 52, 3, true);
    view.setUint16(at + 56, deviceType, true);
    view.setUint8(at + 58, packetType);
    view.setUint8(at + 59, 6);
    bytes.set([1, 2, 3, 4, 5, 6, 0, 0], at + 60);
    bytes.set(BEHIND, at + 96 + data.length);
    bytes.set(data, at + 96);
    at += size;
  });
  view.setUint32(20, at, true);
  return bytes;
};

interface Seen {
  readonly linkType: number;
  readonly hex: string;
  readonly wireBytes: number;
  readonly timeMs: number;
}

const readBlock = (block: Uint8Array): { seen: Seen[]; reader: RingReader } => {
  const reader = new RingReader(memoryOf(block), BLOCK_BYTES);
  const seen: Seen[] = [];
  reader.readBlock(({ bytes, start, end, linkType, wireBytes, timeMs }) =>
    seen.push({
      linkType,
      hex: Buffer.from(bytes.subarray(start, end)).toString("hex"),
      wireBytes,
      timeMs,
    }),
  );
  return { seen, reader };
};

const IPV4 = [0x45, 0, 0, 20, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
const IPV6 = [0x60, 0, 0, 0, 0, 0, 6, 64, ...Array<number>(32).fill(9)];
const hex = (bytes: readonly number[]): string => Buffer.from(bytes).toString("hex");

test("IP begins where it lies, everything else behind a header of SLL2", () => {
  const arp = [0, 1, 8, 0];
  const { seen } = readBlock(
    ringBlock([
      { data: IPV4, length: 1500 },
      { data: IPV6, protocol: 0x86dd },
      { data: arp, protocol: 0x0806, packetType: 1 },
      { data: IPV4, tag: { tci: 0x2005 } },
      { data: IPV6, protocol: 0x86dd, tag: { tci: 6, protocol: 0x88a8 } },
    ]),
  );
  const address = "0102030405060000";
  assert.deepEqual(
    seen.map(({ linkType, hex: text, wireBytes }) => [linkType, text, wireBytes]),
    [
      [101, hex(IPV4), 1500],
      [101, hex(IPV6), 40],
      [276, `0806000000000003000101 06${address}${hex(arp)}`.replace(" ", ""), 24],
      [276, `8100000000000003000100 06${address}20050800${hex(IPV4)}`.replace(" ", ""), 44],
      [276, `88a8000000000003000100 06${address}000686dd${hex(IPV6)}`.replace(" ", ""), 64],
    ],
  );
  assert.ok(Math.abs(seen[1]!.timeMs - 1_700_000_001_123.4568) < 0.001);
});

test("tags that kernels tell of in different ways", () => {
  const inner = [0x40, 9, 0x08, 0, ...IPV4];
  const inner6 = [0x60, 9, 0x86, 0xdd, ...IPV6];
  const { seen } = readBlock(
    ringBlock([
      // Before 6.11: the protocol of the tag, arriving with the inner tag and leaving without.
      { data: inner, protocol: 0x8100, tag: { tci: 7, protocol: 0x88a8 } },
      { data: IPV4, protocol: 0x8100, packetType: 4 },
      { data: IPV6, protocol: 0x88a8, packetType: 4 },
      // From 6.11: the protocol behind all tags.
      { data: inner, protocol: 0x0800, tag: { tci: 7, protocol: 0x88a8 } },
      { data: inner6, protocol: 0x86dd, tag: { tci: 7, protocol: 0x88a8 } },
      { data: IPV6, protocol: 0x86dd, packetType: 4, tag: { tci: 7, protocol: 0x8100 } },
      // The bytes behind the end look like an inner tag and are none.
      { data: inner.slice(0, 2), protocol: 0x0800, tag: { tci: 7 } },
    ]),
  );
  const below = (text: string): string => text.slice(40);
  assert.deepEqual(
    seen.map(({ linkType, hex: text }) => [linkType, linkType === 276 ? below(text) : text]),
    [
      [276, `00078100${hex(inner)}`],
      [101, hex(IPV4)],
      [101, hex(IPV6)],
      [276, `00078100${hex(inner)}`],
      [276, `00078100${hex(inner6)}`],
      [276, `000786dd${hex(IPV6)}`],
      [276, "000708004009"],
    ],
  );
});

test("loopback's second copy is left out, another interface's outgoing packet is not", () => {
  const { seen, reader } = readBlock(
    ringBlock([
      { data: IPV4, packetType: 4, deviceType: 772 },
      { data: IPV4, packetType: 0, deviceType: 772 },
      { data: IPV4, packetType: 4, deviceType: 1 },
    ]),
  );
  assert.equal(seen.length, 2);
  assert.equal(reader.counters.count(RingCount.LoopbackEcho), 1);
});

test("a block goes back to the kernel, also where its reader fails", () => {
  const memory = memoryOf(Buffer.concat([ringBlock([{ data: IPV4 }]), ringBlock([])]));
  const reader = new RingReader(memory, BLOCK_BYTES);
  const failing = (): void => {
    throw new Error("the sink failed");
  };
  assert.throws(() => reader.readBlock(failing), /the sink failed/);
  const status = new Int32Array(memory);
  assert.deepEqual([status[2], status[BLOCK_BYTES / 4 + 2]], [0, 1]);
  assert.equal(reader.readBlock(failing), true);
  assert.equal(reader.readBlock(failing), false);
  status[2] = 1;
  assert.equal(reader.backlog(), 0.5);
});

test("a block with any word wrong neither throws, nor reads outside, nor goes on forever", () => {
  const good = ringBlock([
    { data: IPV4 },
    { data: IPV6, protocol: 0x86dd },
    { data: IPV4, tag: { tci: 5 } },
    { data: [0, 9, 8, 0, ...IPV4], tag: { tci: 5 } },
  ]);
  const word = fc.oneof(
    fc.nat(0xffff),
    fc.constantFrom(0, 48, 96, 4000, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff),
  );
  let malformed = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(140), word), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const block = Uint8Array.from(good);
        const view = new DataView(block.buffer);
        for (const [at, value] of changes) view.setUint32(at * 4, value >>> 0, true);
        view.setUint32(8, 1, true);
        const reader = new RingReader(memoryOf(block), BLOCK_BYTES);
        let count = 0;
        reader.readBlock(({ start, end, wireBytes }) => {
          count += 1;
          assert.ok(start >= 48 && start <= end && end <= BLOCK_BYTES);
          assert.ok(wireBytes >= end - start);
        });
        assert.ok(count <= BLOCK_BYTES / 48);
        malformed += reader.counters.count(RingCount.MalformedPacket);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(malformed > 100, `only ${malformed} malformed`);
});
