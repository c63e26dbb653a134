/** What a segment with SYN means for a flow that is in the table (RFC 9293, section 3.5). */
import { type Segment, TcpFlag } from "../decode/segment.ts";
import { FlowState, type FlowTable } from "./flowtable.ts";
import { sequenceDistance } from "./sequence.ts";
import type { Direction } from "./stream.ts";

/**
 * Whether the SYN begins another connection on the same ports. It does not if it is the one that was seen, or could be
 * the one that was not: a SYN may stand behind the data that follows it, so for a stream without a handshake one that
 * lies up to `reachBytes` before `first` (its next byte or the first that is held, null if neither is known) is its own.
 * What it acknowledges is held against the other stream in the same way.
 */
export function isNewConnection(
  table: FlowTable,
  slot: number,
  direction: Direction,
  segment: Segment,
  first: number | null,
  otherFirst: number | null,
  reachBytes: number,
): boolean {
  const state = table.state(slot);
  const bothSynchronised = FlowState.Synchronised | (FlowState.Synchronised << 1);
  // A refused SYN may be sent again with the same number.
  if ((state & FlowState.Closed) !== 0 && (state & bothSynchronised) !== bothSynchronised)
    return true;
  if ((state & (FlowState.Synchronised << direction)) !== 0) {
    if (table.initial(slot, direction) !== (segment.sequence | 0)) return true;
  } else if (!isShortlyBefore(segment.sequence + 1, first, reachBytes)) {
    return true;
  }
  if ((segment.flags & TcpFlag.Ack) === 0) return false;
  const other = (1 - direction) as Direction;
  if ((state & (FlowState.Synchronised << other)) === 0)
    return !isShortlyBefore(segment.acknowledgement, otherFirst, reachBytes);
  // It must answer the SYN that was seen, and at most the data that came with it (RFC 7413).
  const answered = sequenceDistance(table.initial(slot, other), segment.acknowledgement);
  return answered < 1 || answered > reachBytes;
}

const isShortlyBefore = (sequence: number, first: number | null, reachBytes: number): boolean => {
  if (first === null) return true;
  const before = sequenceDistance(sequence, first);
  return before >= 0 && before <= reachBytes;
};

/** Writes down what the SYN says. A stream whose beginning is known already keeps it. */
export function synchronise(
  table: FlowTable,
  slot: number,
  direction: Direction,
  segment: Segment,
): void {
  const other = (1 - direction) as Direction;
  const initiators = FlowState.Initiator | (FlowState.Initiator << 1);
  const state = table.state(slot);
  const answers = (segment.flags & TcpFlag.Ack) !== 0;
  synchroniseStream(table, slot, direction, segment.sequence | 0);
  if (answers) synchroniseStream(table, slot, other, (segment.acknowledgement - 1) | 0);
  if ((state & initiators) === 0)
    table.set(slot, FlowState.Initiator << (answers ? other : direction));
}

/** The stream of `direction` has the initial sequence number `initial`, unless that is known better. */
export function synchroniseStream(
  table: FlowTable,
  slot: number,
  direction: Direction,
  initial: number,
): void {
  const state = table.state(slot);
  if ((state & (FlowState.Synchronised << direction)) !== 0) return;
  table.setInitial(slot, direction, initial);
  table.set(slot, FlowState.Synchronised << direction);
  if ((state & (FlowState.Known << direction)) !== 0) return;
  table.setNext(slot, direction, initial + 1);
  table.set(slot, FlowState.Known << direction);
}
