import assert from "node:assert/strict";
import { test } from "node:test";
import { captureLimits } from "../base/limits.ts";
import { Framer } from "./framer.ts";
import { PcapReader } from "./pcap.ts";
import { pcapFile, readInChunks, type TestPacket } from "./testing.ts";

const PACKETS: readonly TestPacket[] = [
  { bytes: Buffer.from("first"), seconds: 1_700_000_000, fraction: 123_456 },
  { bytes: Buffer.alloc(0), wireBytes: 60, seconds: 1_700_000_001, fraction: 0 },
  { bytes: Buffer.alloc(300, 7), wireBytes: 1500, seconds: 4_000_000_000, fraction: 999_999 },
];

const hexes = (file: Uint8Array): string[] =>
  readInChunks(file, file.length).packets.map((packet) => packet.hex);

for (const [name, options, timeMs] of [
  ["little-endian microseconds", {}, 1_700_000_000_123.456],
  ["big-endian microseconds", { littleEndian: false }, 1_700_000_000_123.456],
  ["little-endian nanoseconds", { magic: 0xa1b23c4d }, 1_700_000_000_000.125],
  ["big-endian nanoseconds", { magic: 0xa1b23c4d, littleEndian: false }, 1_700_000_000_000.125],
  ["modified, little-endian", { magic: 0xa1b2cd34 }, 1_700_000_000_123.456],
  ["modified, big-endian", { magic: 0xa1b2cd34, littleEndian: false }, 1_700_000_000_123.456],
] as const) {
  test(`pcap: ${name}, at every chunk size`, () => {
    const file = pcapFile(PACKETS, { ...options, linkType: 0x34000071 });
    const whole = readInChunks(file, file.length);
    assert.deepEqual(
      whole.packets.map((packet) => [packet.hex, packet.wireBytes]),
      PACKETS.map(({ bytes, wireBytes }) => [
        Buffer.from(bytes).toString("hex"),
        wireBytes ?? bytes.length,
      ]),
    );
    assert.ok(Math.abs(whole.packets[0]!.timeMs - timeMs) < 0.002);
    assert.equal(whole.packets[0]!.linkType, 0x71, "the upper bits are no link type");
    assert.deepEqual(whole.reader.tally.linkTypes(), new Map([[0x71, 3]]));
    for (let chunkBytes = 1; chunkBytes < file.length; chunkBytes += 1) {
      const parts = readInChunks(file, chunkBytes);
      assert.deepEqual(parts.packets, whole.packets, `chunks of ${chunkBytes}`);
      assert.equal(parts.truncated, false);
    }
  });
}

test("pcap: a file cut anywhere gives the records before the cut", () => {
  const file = pcapFile(PACKETS);
  const ends = [24, 45, 61, 377];
  for (let length = 1; length <= file.length; length += 1) {
    const { packets, truncated } = readInChunks(file.subarray(0, length), 7);
    assert.equal(packets.length, ends.filter((end) => end > 24 && end <= length).length);
    assert.equal(truncated, !ends.includes(length), `${length} bytes`);
  }
});

test("pcap: versions up to 2.3 may swap the lengths", () => {
  const swapped = pcapFile([{ bytes: Buffer.from("abcd"), wireBytes: 4 }], { minor: 3 });
  swapped.writeUInt32LE(9, 24 + 8);
  const { packets } = readInChunks(swapped, 5);
  assert.deepEqual([packets[0]?.hex, packets[0]?.wireBytes], ["61626364", 9]);
});

test("pcap: more captured than was on the wire counts as the length on the wire", () => {
  const { packets } = readInChunks(pcapFile([{ bytes: Buffer.from("abcd"), wireBytes: 2 }]), 99);
  assert.deepEqual([packets[0]?.hex, packets[0]?.wireBytes], ["61626364", 4]);
});

test("pcap: a long record is passed over, an impossible one ends the file", () => {
  const long = Buffer.alloc(captureLimits.recordBytesMax + 1);
  const file = pcapFile([
    { bytes: Buffer.from("a") },
    { bytes: long },
    { bytes: Buffer.from("b") },
  ]);
  for (const chunkBytes of [1000, 65536, file.length]) {
    const { packets, truncated, reader } = readInChunks(file, chunkBytes);
    assert.deepEqual(
      packets.map((packet) => packet.hex),
      ["61", "62"],
    );
    assert.equal(truncated, false);
    assert.deepEqual(reader.tally.warnings(), ["1 packets longer than 1 MiB were left out"]);
  }
  file.writeUInt32LE(0xffffffff, 24 + 17 + 8);
  for (const chunkBytes of [3, file.length]) {
    const broken = readInChunks(file, chunkBytes);
    assert.equal(broken.packets.length, 1);
    assert.match(broken.reader.tally.warnings().join(), /record 2 claims 4294967295 bytes; used/);
  }
});

test("pcap: the largest record that is handed on may be split anywhere", () => {
  const bytes = Buffer.alloc(captureLimits.recordBytesMax, 5);
  const file = pcapFile([{ bytes }, { bytes: Buffer.from("z") }]);
  assert.deepEqual(hexes(file), [bytes.toString("hex"), "7a"]);
  assert.equal(readInChunks(file, 1 << 16).packets.length, 2);
});

test("pcap: a foreign version or magic number is refused", () => {
  const version = pcapFile(PACKETS);
  version[4] = 9;
  assert.match(readInChunks(version, 1).reader.tally.problem, /version is 9/);
  assert.match(readInChunks(Buffer.alloc(40, 1), 10).reader.tally.problem, /magic/);
});

test("pcap: a sink may stop the reader", () => {
  let count = 0;
  const reader: PcapReader = new PcapReader(() => {
    count += 1;
    reader.stopped = true;
  });
  const file = pcapFile(PACKETS);
  const framer = new Framer(reader);
  framer.push(file, 0, file.length);
  framer.push(file, 24, file.length);
  assert.equal(count, 1);
  assert.equal(framer.end(), false);
});
