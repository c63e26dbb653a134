import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Framer } from "./framer.ts";
import { PcapngReader } from "./pcapng.ts";
import {
  block,
  enhancedPacket,
  interfaceBlock,
  pcapFile,
  readInChunks,
  sectionHeader,
  u8,
  u16,
  u32,
} from "./testing.ts";

const MICROS = 1_700_000_000_123_456n;

/** Two sections; the second holds what the first does not. */
const file = (littleEndian: boolean): Buffer =>
  Buffer.concat([
    sectionHeader(littleEndian),
    interfaceBlock(littleEndian, 1, 0, [[2, Buffer.from("eth0")]]),
    interfaceBlock(littleEndian, 113, 4, [
      [2, Buffer.from("any!!")],
      [9, u8(9)],
      [14, littleEndian ? u32(true, 100, 0) : u32(false, 0, 100)],
      [0, Buffer.alloc(0)],
    ]),
    enhancedPacket(littleEndian, 0, MICROS, Buffer.from("one"), 1500),
    block(littleEndian, 4, Buffer.from("names")),
    block(littleEndian, 0x40000bad, Buffer.alloc(33)),
    enhancedPacket(littleEndian, 1, MICROS * 1000n, Buffer.from("two")),
    sectionHeader(!littleEndian),
    interfaceBlock(!littleEndian, 101, 4, [[9, u8(0x80 | 10)]]),
    block(
      !littleEndian,
      2,
      u16(!littleEndian, 0, 7),
      u32(!littleEndian, 0, 2048, 5, 60),
      Buffer.from("three"),
    ),
    block(!littleEndian, 3, u32(!littleEndian, 60), Buffer.from("simp")),
  ]);

for (const littleEndian of [true, false]) {
  test(`pcapng: ${littleEndian ? "little" : "big"}-endian, then the other, at every chunk size`, () => {
    const bytes = file(littleEndian);
    const whole = readInChunks(bytes, bytes.length);
    const common = { wireBytes: 60, linkType: 101, interfaceId: 2, timeMs: 2000 };
    assert.deepEqual(whole.packets, [
      {
        hex: "6f6e65",
        wireBytes: 1500,
        timeMs: 1_700_000_000_123.456,
        linkType: 1,
        interfaceId: 0,
      },
      { hex: "74776f", wireBytes: 3, timeMs: 1_700_000_100_123.456, linkType: 113, interfaceId: 1 },
      { ...common, hex: "7468726565" },
      { ...common, hex: "73696d70" },
    ]);
    assert.deepEqual(whole.reader.tally.warnings(), []);
    for (let chunkBytes = 1; chunkBytes < bytes.length; chunkBytes += 1) {
      const parts = readInChunks(bytes, chunkBytes);
      assert.deepEqual(parts.packets, whole.packets, `chunks of ${chunkBytes}`);
      assert.equal(parts.truncated, false);
    }
  });
}

test("pcapng and pcap agree on times", () => {
  const fraction = 123_457;
  const [fromPcap] = readInChunks(
    pcapFile([{ bytes: u8(1), seconds: 1_700_000_000, fraction }]),
    99,
  ).packets;
  const [fromPcapng] = readInChunks(
    Buffer.concat([
      sectionHeader(true),
      interfaceBlock(true, 1),
      enhancedPacket(true, 0, 1_700_000_000n * 1_000_000n + BigInt(fraction), u8(1)),
    ]),
    99,
  ).packets;
  assert.deepEqual(fromPcapng, fromPcap);
});

test("pcapng: packets that contradict themselves are left out and counted", () => {
  const bad = enhancedPacket(true, 0, 0n, Buffer.from("abcd"));
  bad.writeUInt32LE(400, 20);
  const bytes = Buffer.concat([
    sectionHeader(true),
    block(true, 3, u32(true, 4), Buffer.from("none")),
    interfaceBlock(true, 1),
    bad,
    block(true, 6, u32(true, 0, 0)),
    enhancedPacket(true, 5, 0n, Buffer.from("who")),
    enhancedPacket(true, 0, 0n, Buffer.from("good")),
  ]);
  const { packets, reader } = readInChunks(bytes, 11);
  assert.deepEqual(
    packets.map((packet) => packet.hex),
    ["676f6f64"],
  );
  assert.deepEqual(reader.tally.warnings(), ["4 malformed packet records were left out"]);
});

for (const [name, damage, problem] of [
  ["a length of 0", (b: Buffer) => b.writeUInt32LE(0, 28 + 4), /claims 0 bytes/],
  ["a length that is no multiple of 4", (b: Buffer) => b.writeUInt32LE(33, 32), /claims 33 bytes/],
  ["a length of 4 GB", (b: Buffer) => b.writeUInt32LE(0xfffffffc, 32), /claims 4294967292/],
  ["an end that contradicts", (b: Buffer) => b.writeUInt32LE(24, 28 + 16), /end as it began/],
  ["no byte-order magic", (b: Buffer) => b.writeUInt32LE(0, 8), /byte-order magic/],
  ["a foreign version", (b: Buffer) => b.writeUInt16LE(7, 12), /version is 7/],
] as const) {
  test(`pcapng: ${name} ends the file`, () => {
    const bytes = Buffer.concat([
      sectionHeader(true),
      interfaceBlock(true, 1),
      enhancedPacket(true, 0, 0n, Buffer.from("lost")),
    ]);
    damage(bytes);
    for (const chunkBytes of [1, 10, bytes.length]) {
      const { packets, truncated, reader } = readInChunks(bytes, chunkBytes);
      assert.deepEqual([packets, truncated], [[], false]);
      assert.match(reader.tally.problem, problem);
    }
  });
}

test("pcapng: what does not begin with a section header is refused", () => {
  const reader = new PcapngReader(() => assert.fail("a packet"));
  const bytes = interfaceBlock(true, 1);
  new Framer(reader).push(bytes, 0, bytes.length);
  assert.match(reader.tally.problem, /no pcapng section header/);
});

test("pcapng: interface options that do not fit end the options", () => {
  const idb = interfaceBlock(true, 1, 0, [[9, u8(9)]]);
  idb.writeUInt16LE(9000, 18);
  const bytes = Buffer.concat([
    sectionHeader(true),
    idb,
    enhancedPacket(true, 0, 5000n, Buffer.from("x")),
  ]);
  assert.equal(readInChunks(bytes, 3).packets[0]?.timeMs, 5);
});

test("damaged captures never throw, and give the same at every chunk size", () => {
  const originals = [file(true), file(false), pcapFile([{ bytes: u8(1, 2, 3) }, { bytes: u8(4) }])];
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.integer({ min: 1, max: 80 }),
      (original, changes, chunkBytes) => {
        const bytes = Buffer.from(original);
        for (const [at, value] of changes)
          if (at % bytes.length > 3) bytes[at % bytes.length] = value;
        const whole = readInChunks(bytes, bytes.length);
        const parts = readInChunks(bytes, chunkBytes);
        assert.deepEqual(parts.packets, whole.packets);
        assert.equal(parts.truncated, whole.truncated);
        assert.deepEqual(parts.reader.tally.warnings(), whole.reader.tally.warnings());
      },
    ),
    { numRuns: 2000 },
  );
});
