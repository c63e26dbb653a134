import { Counters } from "../base/counters.ts";

/** What is counted, by index into `IRREGULARITY_NAMES`; the names are stable, they stand in logs and metrics. */
export const Irregularity = {
  /** Nothing new in the segment: every byte had come before. */
  Retransmitted: 0,
  /** Bytes of a segment that had come before, beside others that are new. The first to come win. */
  Overlapping: 1,
  /** Came before bytes that precede it, and was held back. */
  OutOfOrder: 2,
  /** Acknowledges bytes of the other direction that have not come, and was held back. */
  HeldForAcknowledgement: 3,
  /** Declared: bytes that were never captured. */
  Gap: 4,
  /** Not captured because the packet was cut off; each is a gap, too. */
  Snapped: 5,
  /** Came after its place had been declared a gap. */
  Late: 6,
  KeepAlive: 7,
  /** Payload behind the sender's FIN. */
  BehindFin: 8,
  /** Payload on a flow that is over. */
  AfterClose: 9,
  /** Too far from the stream to be of it. */
  Stray: 10,
  /** Strays went on: the stream was taken up where they are. */
  Resynchronised: 11,
  ResetOutOfWindow: 12,
  /** Held bytes of a flow passed a limit: its oldest hole became a gap before its time. */
  FlowBufferFull: 13,
  /** The same for all flows together. */
  BuffersFull: 14,
  /** Neither SYN nor payload, and no flow. */
  NoFlow: 15,
  /** Flows whose first segment was no SYN. */
  MidStream: 16,
  FlowReused: 17,
  FlowReset: 18,
  FlowIdle: 19,
  FlowEvicted: 20,
  FlowUnwanted: 21,
  ConsumerFailed: 22,
} as const;
export type Irregularity = (typeof Irregularity)[keyof typeof Irregularity];

const IRREGULARITY_NAMES = [
  "retransmitted",
  "overlapping",
  "outOfOrder",
  "heldForAcknowledgement",
  "gap",
  "snapped",
  "late",
  "keepAlive",
  "behindFin",
  "afterClose",
  "stray",
  "resynchronised",
  "resetOutOfWindow",
  "flowBufferFull",
  "buffersFull",
  "noFlow",
  "midStream",
  "flowReused",
  "flowReset",
  "flowIdle",
  "flowEvicted",
  "flowUnwanted",
  "consumerFailed",
] as const;
export type IrregularityName = (typeof IRREGULARITY_NAMES)[number];

export type ReassemblyCounters = Counters<IrregularityName>;

export const reassemblyCounters = (): ReassemblyCounters => new Counters(IRREGULARITY_NAMES);
