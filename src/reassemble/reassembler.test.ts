import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment } from "../decode/segment.ts";
import type { IrregularityName } from "./irregularities.ts";
import { Reassembler } from "./reassembler.ts";
import { Log, type SegmentOptions, segment } from "./segments.fixture.ts";

const a = (sequence: number, text: string, options: SegmentOptions = {}): Segment =>
  segment("a", sequence, { text, ...options });
const b = (sequence: number, text: string, options: SegmentOptions = {}): Segment =>
  segment("b", sequence, { text, ...options });

/** Handshake: a's stream begins at 1001, b's at 5001. */
const HANDSHAKE: readonly Segment[] = [
  a(1000, "", { flags: "S" }),
  b(5000, "", { flags: "S", ack: 1001 }),
  a(1001, "", { ack: 5001 }),
];
const times = (count: number, make: (index: number) => Segment): Segment[] =>
  Array.from({ length: count }, (_, index) => make(index));

interface Row {
  readonly name: string;
  readonly segments: readonly Segment[];
  readonly events: readonly string[];
  readonly counts?: Partial<Record<IrregularityName, number>>;
}

function check(row: Row): void {
  const log = new Log();
  const reassembler = new Reassembler(log.factory, { seed: 1 });
  let lastMs = 0;
  for (const each of row.segments) {
    lastMs = each.timeMs;
    reassembler.push(each);
  }
  reassembler.close(lastMs);
  assert.deepEqual(log.events, row.events, row.name);
  assert.equal(reassembler.flowCount, 0);
  assert.equal(reassembler.heldBytes, 0);
  assert.equal(reassembler.heldPieces, 0);
  assert.equal(reassembler.disorderedFlowCount, 0);
  assert.equal(reassembler.wantedFlowCount, 0);
  const counted = new Map(reassembler.counters.entries().map((each) => [each.name, each.count]));
  for (const [name, count] of Object.entries(row.counts ?? {}))
    assert.equal(counted.get(name as IrregularityName) ?? 0, count, `${row.name}: ${name}`);
}

const END = "close EndOfInput";

const ORDER: readonly Row[] = [
  {
    name: "in order",
    segments: [...HANDSHAKE, a(1001, "GET", { ack: 5001 }), b(5001, "200", { ack: 1004 })],
    events: ["a:GET", "b:200", END],
    counts: { outOfOrder: 0, heldForAcknowledgement: 0 },
  },
  {
    name: "reordered, twice",
    segments: [
      ...HANDSHAKE,
      ...[1001, 1004, 1010, 1007, 1016, 1019, 1013].map((sequence) =>
        a(sequence, `<${String.fromCharCode(65 + (sequence - 1001) / 3)}>`, { ack: 5001 }),
      ),
    ],
    events: ["a:<A><B><C><D><E><F><G>", END],
    counts: { outOfOrder: 3, gap: 0 },
  },
  {
    name: "SYN with data, then reordered",
    segments: [
      a(1000, "123", { flags: "S" }),
      a(1007, "789", {}),
      a(1004, "456", {}),
      a(1010, "0", {}),
    ],
    events: ["a:1234567890", END],
  },
  {
    name: "data before its SYN",
    segments: [a(1007, "789"), a(1010, "abc"), a(1000, "123456", { flags: "S" })],
    events: ["a:123456789abc", END],
    counts: { flowReused: 0 },
  },
  {
    name: "everything of a handshake behind the first data",
    segments: [
      a(1001, "GET", { ack: 5001 }),
      b(5001, "200", { ack: 1004 }),
      a(1000, "", { flags: "S" }),
      b(5000, "", { flags: "S", ack: 1001 }),
      a(1001, "", { ack: 5001 }),
    ],
    events: ["a:GET", "b:200", END],
    counts: { flowReused: 0 },
  },
  {
    name: "the first SYN was not captured, the answer to it was",
    segments: [b(5000, "", { flags: "S", ack: 1001 }), a(1004, "456"), a(1001, "123")],
    events: ["a:123456", END],
  },
  {
    name: "the answer to the SYN was not captured",
    segments: [
      a(1000, "", { flags: "S" }),
      a(1001, "", { ack: 5001 }),
      a(1001, "GET", { ack: 5001 }),
      b(5004, "456", { ack: 1004 }),
      b(5001, "123", { ack: 1004 }),
    ],
    events: ["a:GET", "b:123456", END],
  },
  {
    name: "across the wrap of the sequence numbers",
    segments: [
      a(0xffffffff, "1234567890", { flags: "S" }),
      a(14, "efgh"),
      a(10, "abcd"),
      a(18, "ijkl"),
    ],
    events: ["a:1234567890abcdefghijkl", END],
  },
  {
    name: "across the wrap, the later bytes first",
    segments: [
      a(0xfffffff0, "", { flags: "S" }),
      a(5, "klmn"),
      a(0xfffffffb, "abcde"),
      a(0xfffffff1, "0123456789"),
      a(0, "fghij"),
    ],
    events: ["a:0123456789abcdefghijklmn", END],
  },
  {
    name: "a response in front of its request waits for it",
    segments: [
      ...HANDSHAKE,
      b(5001, "200", { ack: 1004 }),
      a(1004, "", { ack: 5004 }),
      a(1001, "GET", { ack: 5001 }),
    ],
    events: ["a:GET", "b:200", END],
    counts: { heldForAcknowledgement: 1, gap: 0 },
  },
  {
    name: "two exchanges, every second segment in front of the one before it",
    segments: [
      ...HANDSHAKE,
      b(5001, "200", { ack: 1004 }),
      a(1001, "GET", { ack: 5001 }),
      b(5004, "201", { ack: 1008 }),
      a(1004, "POST", { ack: 5004 }),
    ],
    events: ["a:GET", "b:200", "a:POST", "b:201", END],
  },
  {
    name: "pipelined requests, displaced by far",
    segments: [
      ...HANDSHAKE,
      a(1004, "two", { ack: 5001 }),
      b(5001, "ONE", { ack: 1004 }),
      a(1007, "six", { ack: 5004 }),
      b(5004, "TWO", { ack: 1007 }),
      a(1001, "one", { ack: 5001 }),
    ],
    events: ["a:onetwo", "b:ONE", "a:six", "b:TWO", END],
  },
];

const OVERLAP: readonly Row[] = [
  {
    name: "the delivered bytes win",
    segments: [
      a(1000, "1234567890", { flags: "S" }),
      a(1008, "XXXabcde"),
      a(1011, "YYYYYfg"),
      a(1005, "ZZZ"),
    ],
    events: ["a:1234567890abcdefg", END],
    counts: { overlapping: 2, retransmitted: 1 },
  },
  {
    name: "the held bytes win",
    segments: [
      a(1000, "", { flags: "S" }),
      a(1007, "789abcdef"),
      a(1010, "XXXXXXghij".slice(0, 8)),
      a(1001, "123456YYYY"),
    ],
    events: ["a:123456789abcdefgh", END],
    counts: { overlapping: 2 },
  },
  {
    name: "a segment that covers several held ones fills what is between them",
    segments: [
      a(1000, "", { flags: "S" }),
      a(1003, "3"),
      a(1005, "5"),
      a(1007, "7"),
      a(1002, "bcdefghi"),
      a(1001, "1"),
    ],
    events: ["a:1b3d5f7hi", END],
  },
  {
    name: "the same segment three times, held",
    segments: [
      ...HANDSHAKE,
      a(1004, "456", { ack: 5001 }),
      a(1004, "456", { ack: 5001 }),
      a(1004, "XXX", { ack: 5001 }),
      a(1001, "123", { ack: 5001 }),
    ],
    events: ["a:123456", END],
    counts: { outOfOrder: 1, overlapping: 2 },
  },
  {
    name: "retransmitted in other pieces",
    segments: [
      ...HANDSHAKE,
      a(1001, "12", { ack: 5001 }),
      a(1005, "56", { ack: 5001 }),
      a(1001, "1234", { ack: 5001 }),
      a(1001, "12345678", { ack: 5001 }),
    ],
    events: ["a:12345678", END],
  },
  {
    name: "every packet twice",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(5001, "200", { ack: 1004 }),
      a(1004, "", { ack: 5004, flags: "F" }),
      b(5004, "", { ack: 1005, flags: "F" }),
      a(1005, "", { ack: 5005 }),
    ].flatMap((each) => [each, each]),
    events: ["a:GET", "b:200", "a.", "b.", "close Finished"],
    counts: { retransmitted: 3, gap: 0, flowReused: 0 },
  },
  {
    name: "keep-alive probes: none, one and one wrong byte before the next",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      a(1003, "", { ack: 5001 }),
      a(1003, "T", { ack: 5001 }),
      a(1003, "\0", { ack: 5001 }),
      a(1004, "more", { ack: 5001 }),
    ],
    events: ["a:GETmore", END],
    counts: { keepAlive: 3 },
  },
  {
    name: "a zero-window probe carries the next byte, which comes again",
    segments: [
      ...HANDSHAKE,
      a(1001, "ab", { ack: 5001 }),
      a(1003, "c", { ack: 5001 }),
      a(1003, "c", { ack: 5001 }),
      a(1003, "cdef", { ack: 5001 }),
    ],
    events: ["a:abcdef", END],
  },
];

const GAPS: readonly Row[] = [
  {
    name: "an acknowledged hole becomes a gap when the flow has gone on",
    segments: [
      ...HANDSHAKE,
      a(1001, "one", { ack: 5001 }),
      a(1007, "six", { ack: 5001 }),
      b(5001, "", { ack: 1010 }),
      ...times(40, (index) => a(1010 + index, "x", { ack: 5001 })),
      a(1004, "two", { ack: 5001 }),
    ],
    events: ["a:one", "a-3", `a:six${"x".repeat(40)}`, END],
    counts: { gap: 1, late: 1 },
  },
  {
    name: "a hole that nobody acknowledged waits for the retransmission",
    segments: [
      ...HANDSHAKE,
      a(1004, "two", { ack: 5001 }),
      ...times(50, () => b(5001, "", { ack: 1001 })),
      a(1001, "one", { ack: 5001, timeMs: 3000 }),
    ],
    events: ["a:onetwo", END],
    counts: { gap: 0 },
  },
  {
    name: "an acknowledged hole becomes a gap after a second",
    segments: [
      ...HANDSHAKE,
      a(1004, "two", { ack: 5001 }),
      b(5001, "", { ack: 1007, timeMs: 10 }),
      b(5001, "200", { ack: 1007, timeMs: 1500 }),
      a(1001, "one", { ack: 5001, timeMs: 1600 }),
    ],
    events: ["a-3", "a:two", "b:200", END],
    counts: { late: 1 },
  },
  {
    name: "eight packets of displacement are no gap",
    segments: [
      ...HANDSHAKE,
      b(5001, "200", { ack: 1004 }),
      ...times(8, (index) => b(5004 + index, "x", { ack: 1004 })),
      a(1001, "GET", { ack: 5001 }),
    ],
    events: ["a:GET", "b:200xxxxxxxx", END],
    counts: { gap: 0 },
  },
  {
    name: "a request that was never captured is a gap in front of its response",
    segments: [
      ...HANDSHAKE,
      b(5001, "200", { ack: 1021 }),
      a(1021, "GET", { ack: 5004, timeMs: 2000 }),
      b(5004, "201", { ack: 1024, timeMs: 2001 }),
    ],
    events: ["a-20", "b:200", "a:GET", "b:201", END],
  },
  {
    name: "a response that was never captured is a gap in front of the next request",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      a(1004, "PUT", { ack: 5301 }),
      b(5301, "201", { ack: 1007 }),
    ],
    events: ["a:GET", "b-300", "a:PUT", "b:201", END],
  },
  {
    name: "snapped segments: a gap where bytes were cut off",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001, missing: 7 }),
      a(1011, "PUT", { ack: 5001, missing: 1 }),
      b(5001, "200", { ack: 1015, missing: 10, flags: "F" }),
    ],
    events: ["a:GET", "a-7", "a:PUT", "a-1", "b:200", "b-10", "b.", END],
    counts: { snapped: 3 },
  },
  {
    name: "snapped and out of order",
    segments: [
      ...HANDSHAKE,
      a(1011, "PUT", { ack: 5001, missing: 2 }),
      a(1001, "GET", { ack: 5001, missing: 7 }),
      a(1016, "end", { ack: 5001 }),
    ],
    events: ["a:GET", "a-7", "a:PUT", "a-2", "a:end", END],
  },
  {
    name: "what was acknowledged and never came is a gap at the end",
    segments: [...HANDSHAKE, a(1001, "GET", { ack: 5001 }), a(1004, "", { ack: 5051 })],
    events: ["a:GET", "b-50", END],
  },
  {
    name: "holes in both directions at the end of the input, in order",
    segments: [
      ...HANDSHAKE,
      a(1011, "two", { ack: 5001 }),
      b(5011, "TWO", { ack: 1014 }),
      a(1024, "six", { ack: 5014 }),
    ],
    events: ["a-10", "a:two", "b-10", "b:TWO", "a-10", "a:six", END],
  },
  {
    name: "one direction only: no waiting for the other",
    segments: [
      a(1000, "", { flags: "S" }),
      a(1001, "", { ack: 5001 }),
      a(1001, "GET", { ack: 5001 }),
      a(1004, "PUT", { ack: 5301 }),
      a(1007, "", { ack: 5601, flags: "F" }),
    ],
    events: ["a:GETPUT", "a.", END],
    counts: { gap: 0, heldForAcknowledgement: 0 },
  },
  {
    name: "one direction only, a hole: idle time or the end of the input decides",
    segments: [
      a(1000, "", { flags: "S" }),
      a(1001, "GET", { ack: 5001 }),
      a(1010, "PUT", { ack: 5301 }),
      a(1013, "DEL", { ack: 5601, timeMs: 6000 }),
    ],
    events: ["a:GET", "a-6", "a:PUTDEL", END],
  },
  {
    name: "two segments that each acknowledge the other and wait",
    segments: [...HANDSHAKE, a(1001, "GET", { ack: 5004 }), b(5001, "200", { ack: 1004 })],
    events: ["a:GET", "b:200", END],
    counts: { gap: 0 },
  },
];

const MIDSTREAM: readonly Row[] = [
  {
    name: "the first that is seen begins the stream",
    segments: [a(777, "GET", { ack: 99 }), b(99, "200", { ack: 780 })],
    events: ["a:GET", "b:200", END],
    counts: { midStream: 1 },
  },
  {
    name: "the first that is seen is not the first",
    segments: [a(780, "two", { ack: 99 }), a(777, "one", { ack: 99 }), a(783, "six", { ack: 99 })],
    events: ["a:onetwosix", END],
  },
  {
    name: "a response in front of its request",
    segments: [b(99, "200", { ack: 780 }), a(777, "GET", { ack: 99 })],
    events: ["a:GET", "b:200", END],
  },
  {
    name: "an earlier segment after the slack is late",
    segments: [
      ...times(20, (index) => a(780 + index, "x", { ack: 99 })),
      a(777, "one", { ack: 99 }),
      a(800, "end", { ack: 99 }),
    ],
    events: [`a:${"x".repeat(20)}end`, END],
    counts: { retransmitted: 1 },
  },
  {
    name: "a keep-alive probe is no beginning",
    segments: [a(776, "\0", { ack: 99 }), a(777, "GET", { ack: 99 })],
    events: ["a:GET", END],
  },
  {
    name: "acknowledgements and FINs without a flow make none",
    segments: [a(1, "", { ack: 5 }), b(5, "", { ack: 1, flags: "F" }), a(1, "", { flags: "R" })],
    events: [],
    counts: { noFlow: 3 },
  },
  {
    name: "FIN before anything else of that direction",
    segments: [
      a(777, "GET", { ack: 99 }),
      b(99, "", { ack: 777, flags: "F" }),
      a(780, "", { ack: 100, flags: "F" }),
    ],
    events: ["b.", "a:GET", "a.", "close Finished"],
  },
];

const ENDS: readonly Row[] = [
  {
    name: "FIN with data; data behind FIN is ignored",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001, flags: "F" }),
      a(1005, "more", { ack: 5001 }),
      a(1004, "!", { ack: 5001 }),
      b(5001, "200", { ack: 1005, flags: "F" }),
      b(5005, "more", { ack: 1005 }),
    ],
    events: ["a:GET", "a.", "b:200", "b.", "close Finished"],
    counts: { behindFin: 1, retransmitted: 1, afterClose: 1 },
  },
  {
    name: "a FIN that was not captured: one more than all bytes was acknowledged",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(5001, "200", { ack: 1004 }),
      a(1004, "", { ack: 5005 }),
      a(1004, "", { ack: 5005, flags: "F" }),
      b(5005, "", { ack: 1005 }),
    ],
    events: ["a:GET", "b:200", "b.", "a.", "close Finished"],
    counts: { gap: 0 },
  },
  {
    name: "the same without the other end's FIN",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(5001, "200", { ack: 1004 }),
      a(1004, "", { ack: 5005 }),
    ],
    events: ["a:GET", "b:200", "b.", END],
    counts: { gap: 0 },
  },
  {
    name: "one byte that was lost, with others behind it, is no FIN",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(5001, "200", { ack: 1004 }),
      a(1004, "", { ack: 5005 }),
      b(5005, "more", { ack: 1004 }),
      a(1004, "", { ack: 5009 }),
    ],
    events: ["a:GET", "b:200", "b-1", "b:more", END],
    counts: { gap: 1 },
  },
  {
    name: "FIN before the data that precedes it",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(5004, "", { ack: 1004, flags: "F" }),
      a(1004, "", { ack: 5005, flags: "F" }),
      b(5001, "200", { ack: 1004 }),
    ],
    events: ["a:GET", "b:200", "b.", "a.", "close Finished"],
  },
  {
    name: "a direction that ended before the first payload is told of",
    segments: [
      ...HANDSHAKE,
      a(1001, "", { ack: 5001, flags: "F" }),
      b(5001, "hello", { ack: 1002, flags: "F" }),
    ],
    events: ["a.", "b:hello", "b.", "close Finished"],
  },
  {
    name: "RST closes at once",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(5001, "", { ack: 1004, flags: "R" }),
      a(1004, "more", { ack: 5001 }),
    ],
    events: ["a:GET", "close Reset"],
    counts: { flowReset: 1, afterClose: 1 },
  },
  {
    name: "RST in front of the data that it acknowledges waits",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      a(1004, "", { ack: 5004, flags: "R" }),
      b(5001, "200", { ack: 1004 }),
    ],
    events: ["a:GET", "b:200", "close Reset"],
  },
  {
    name: "RST out of the window is ignored",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(90_000_000, "", { flags: "R" }),
      b(5001, "200", { ack: 1004 }),
    ],
    events: ["a:GET", "b:200", END],
    counts: { resetOutOfWindow: 1 },
  },
  {
    name: "a refused connection, then the same SYN again",
    segments: [
      a(1000, "", { flags: "S" }),
      b(0, "", { flags: "R", ack: 1001 }),
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
    ],
    events: ["a:GET", END],
    counts: { flowReset: 1 },
  },
  {
    name: "ports reused after the end",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001, flags: "F" }),
      b(5001, "200", { ack: 1005, flags: "F" }),
      a(91_000, "", { flags: "S" }),
      b(95_000, "", { flags: "S", ack: 91_001 }),
      a(91_001, "PUT", { ack: 95_001 }),
    ],
    events: ["a:GET", "a.", "b:200", "b.", "close Finished", "a:PUT", END],
    counts: { flowReused: 0 },
  },
  {
    name: "ports reused while the flow lives",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      a(91_000, "", { flags: "S" }),
      b(95_000, "", { flags: "S", ack: 91_001 }),
      a(91_001, "PUT", { ack: 95_001 }),
    ],
    events: ["a:GET", "close Reused", "a:PUT", END],
    counts: { flowReused: 1 },
  },
  {
    name: "ports reused, the answer in front of the SYN",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      b(95_000, "", { flags: "S", ack: 91_001 }),
      a(91_000, "", { flags: "S" }),
      a(91_001, "PUT", { ack: 95_001 }),
    ],
    events: ["a:GET", "close Reused", "a:PUT", END],
    counts: { flowReused: 1 },
  },
  {
    name: "ports reused after the end, handshake not captured",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001, flags: "F" }),
      b(5001, "200", { ack: 1005, flags: "F" }),
      a(2_000_000_000, "PUT", { ack: 95_001 }),
    ],
    events: ["a:GET", "a.", "b:200", "b.", "close Finished", "a:PUT", END],
    counts: { midStream: 1 },
  },
  {
    name: "an end that goes on behind its own RST did not send it",
    segments: [
      ...HANDSHAKE,
      a(1001, "", { ack: 5001, flags: "R" }),
      a(1001, "GET", { ack: 5001 }),
      b(5001, "", { ack: 1004, flags: "R" }),
      b(5001, "200", { ack: 1004 }),
    ],
    events: ["a:GET", "close Reset", "b:200", END],
    counts: { flowReset: 2, afterClose: 0 },
  },
  {
    name: "what was under way when the flow was reset follows it, however much",
    segments: [
      ...HANDSHAKE,
      a(1001, "GET", { ack: 5001 }),
      a(1004, "", { ack: 5001, flags: "R" }),
      ...times(2000, (index) => b(5001 + index * 1400, "x".repeat(1400), { ack: 1004 })),
    ],
    events: ["a:GET", "close Reset"],
    counts: { afterClose: 2000, midStream: 0 },
  },
  {
    name: "simultaneous open",
    segments: [
      a(1000, "", { flags: "S" }),
      b(5000, "", { flags: "S" }),
      a(1000, "", { flags: "S", ack: 5001 }),
      b(5000, "", { flags: "S", ack: 1001 }),
      a(1001, "GET", { ack: 5001 }),
    ],
    events: ["a:GET", END],
    counts: { flowReused: 0 },
  },
];

const STRAYS: readonly Row[] = [
  {
    name: "single strays far away change nothing",
    segments: [
      ...HANDSHAKE,
      a(1001, "one", { ack: 5001 }),
      a(1_500_000_000, "bad", { ack: 5001 }),
      a(1004, "two", { ack: 5001 }),
      a(3_000_000_000, "bad", { ack: 5001 }),
      a(1007, "six", { ack: 5001 }),
    ],
    events: ["a:onetwosix", END],
    counts: { stray: 2, gap: 0 },
  },
  {
    name: "strays that go on become the stream, forwards",
    segments: [
      ...HANDSHAKE,
      a(1001, "one", { ack: 5001 }),
      ...times(9, (index) => a(500_001_001 + index, `${index}`, { ack: 5001 })),
    ],
    events: ["a:one", `a-${500_000_004}`, "a:78", END],
    counts: { stray: 8, resynchronised: 1 },
  },
  {
    name: "strays that go on become the stream, backwards",
    segments: [
      ...HANDSHAKE,
      a(1001, "one", { ack: 5001 }),
      ...times(9, (index) => a(4_000_000_000 + index, `${index}`, { ack: 5001 })),
    ],
    events: ["a:one", "a-7", "a:78", END],
    counts: { resynchronised: 1 },
  },
  {
    name: "an absurd acknowledgement holds nothing up",
    segments: [...HANDSHAKE, a(1001, "GET", { ack: 1_000_000_000 }), b(5001, "200", { ack: 1004 })],
    events: ["a:GET", "b:200", END],
    counts: { heldForAcknowledgement: 0, gap: 0 },
  },
];

for (const [title, rows] of Object.entries({ ORDER, OVERLAP, GAPS, MIDSTREAM, ENDS, STRAYS })) {
  test(`reassembly: ${title.toLowerCase()}`, async (context) => {
    for (const row of rows) await context.test(row.name, () => check(row));
  });
}
