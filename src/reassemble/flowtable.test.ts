import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptySegment, type Segment } from "../decode/segment.ts";
import { FlowState, FlowTable, SLOT_SHIFT, tickOf, Word } from "./flowtable.ts";
import { Direction } from "./stream.ts";

type Address = readonly [number, number, number, number];
interface End {
  readonly address: Address;
  readonly port: number;
}

function between(source: End, target: End): Segment {
  const segment = emptySegment();
  [segment.source0, segment.source1, segment.source2, segment.source3] = source.address;
  [segment.target0, segment.target1, segment.target2, segment.target3] = target.address;
  segment.sourcePort = source.port;
  segment.targetPort = target.port;
  return segment;
}

const keyOf = (one: End, other: End): string =>
  [one, other]
    .map(({ address, port }) => `${address.map((word) => word | 0).join(".")}:${port}`)
    .toSorted()
    .join(" ");

/** Few values, so that ends meet again and differ in one place only. */
const word = fc.constantFrom(0, 1, -1, -(2 ** 31), 0xffff, 0x10000, 0x7fff_ffff);
const address = fc.oneof(
  word.map((last): Address => [0, 0, 0xffff, last]),
  fc.tuple(word, word, word, word),
);
const end: fc.Arbitrary<End> = fc.record({
  address,
  port: fc.constantFrom(0, 1, 80, 443, 40_000, 65_535),
});

test("the table finds what a Map finds, in both directions, through growth and removal", () => {
  const step = fc.tuple(end, end, fc.nat(9));
  const steps = fc.array(step, { minLength: 1, maxLength: 3000, size: "max" });
  fc.assert(
    fc.property(steps, fc.integer(), (rows, seed) => {
      const table = new FlowTable(1 << 16, seed);
      const slots = new Map<string, number>();
      const ends = new Map<string, readonly [End, End]>();
      for (const [one, other, choice] of rows) {
        const key = keyOf(one, other);
        const segment = between(one, other);
        const found = table.find(segment);
        const { direction } = table;
        assert.equal(found, slots.get(key) ?? -1);
        if (found < 0) {
          const slot = table.insert(segment);
          table.words[(slot << SLOT_SHIFT) + Word.State] = FlowState.Live;
          slots.set(key, slot);
          ends.set(key, [one, other]);
        } else if (choice < 3) {
          table.remove(found);
          slots.delete(key);
          ends.delete(key);
          continue;
        }
        assert.equal(table.find(between(other, one)), slots.get(key));
        const isSame = key.split(" ")[0] === key.split(" ")[1];
        assert.equal(table.direction !== direction, !isSame);
      }
      assert.equal(table.count, slots.size);
      for (const [key, [one, other]] of ends)
        assert.equal(table.find(between(one, other)), slots.get(key));
    }),
    { numRuns: 60 },
  );
});

test("clusters of colliding flows survive removals from their midst", () => {
  const table = new FlowTable(2048, 3);
  const server: End = { address: [0, 0, 0xffff, 1], port: 80 };
  const client = (port: number): End => ({ address: [0, 0, 0xffff, 2], port });
  const live = new Set<number>();
  let state = 1;
  for (let round = 0; round < 200_000; round += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const port = (state >>> 8) % 2500;
    const segment = between(client(port), server);
    const slot = table.find(segment);
    assert.equal(slot >= 0, live.has(port));
    if (slot >= 0) {
      table.remove(slot);
      live.delete(port);
    } else if (!table.full) {
      table.words[(table.insert(segment) << SLOT_SHIFT) + Word.State] = FlowState.Live;
      live.add(port);
    }
  }
  assert.equal(table.count, live.size);
});

test("the key keeps its ends: the lesser is a", () => {
  const table = new FlowTable(16, 1);
  const segment = between(
    { address: [0, 0, 0xffff, 9], port: 7 },
    { address: [0, 0, 0xffff, 5], port: 65_535 },
  );
  assert.equal(table.find(segment), -1);
  assert.equal(table.direction, Direction.BToA);
  const base = table.insert(segment) << SLOT_SHIFT;
  assert.deepEqual([...table.words.subarray(base, base + 8)], [0, 0, 0xffff, 5, 0, 0, 0xffff, 9]);
  assert.equal(table.words[base + Word.Ports]! >>> 16, 65_535);
  assert.equal(table.words[base + Word.Ports]! & 0xffff, 7);
});

test("the victim is the idlest of those that are worth least", () => {
  const table = new FlowTable(8, 1);
  const rows: readonly [state: number, seenMs: number][] = [
    [FlowState.Live | FlowState.Wanted, 0],
    [FlowState.Live | FlowState.Ignored, 0],
    [FlowState.Live, 50_000],
    [FlowState.Live, 20_000],
    [FlowState.Live | FlowState.Closed, 90_000],
    [FlowState.Live | FlowState.Closed, 80_000],
    [FlowState.Live, 90_000],
    [FlowState.Live | FlowState.Wanted, 10_000],
  ];
  for (const [index, [state, seenMs]] of rows.entries()) {
    const segment = between(
      { address: [0, 0, 0xffff, index], port: 1 },
      { address: [0, 0, 0xffff, 99], port: 2 },
    );
    assert.equal(table.find(segment), -1);
    const base = table.insert(segment) << SLOT_SHIFT;
    table.words[base + Word.State] = state;
    table.words[base + Word.Seen] = tickOf(seenMs);
  }
  assert.ok(table.full);
  const order: number[] = [];
  while (table.count > 0) {
    order.push(table.victim(tickOf(100_000)));
    table.remove(order.at(-1)!);
  }
  assert.deepEqual(order, [5, 4, 3, 2, 6, 1, 0, 7]);
});

test("keys that differ in high bits only, or count up, spread over the index", () => {
  // Distances from home in a table that is half full; linear probing of random keys needs 1.5 looks on average.
  const patterns: readonly ((index: number) => End)[] = [
    (index) => ({ address: [0, 0, 0xffff, 10 << 24], port: index & 0xffff }),
    (index) => ({ address: [0, 0, 0xffff, index << 16], port: index >>> 16 }),
    (index) => ({ address: [index << 16, 0, 0, 1], port: 1 }),
    (index) => ({ address: [0x20010db8, index, 0, 1], port: 1 }),
  ];
  for (const pattern of patterns) {
    const table = new FlowTable(1 << 16, 5);
    const server: End = { address: [0, 0, 0xffff, 1], port: 80 };
    const start = process.cpuUsage();
    for (let index = 0; index < 60_000; index += 1) {
      const segment = between(pattern(index), server);
      if (table.find(segment) < 0)
        table.words[(table.insert(segment) << SLOT_SHIFT) + Word.State] = FlowState.Live;
    }
    const { user, system } = process.cpuUsage(start);
    assert.ok(user + system < 1_000_000, `${pattern}: ${user + system} us for 60,000 flows`);
  }
});
