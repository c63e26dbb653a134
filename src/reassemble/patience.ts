/**
 * When to stop waiting for bytes. A hole becomes a gap when
 * - the other end has acknowledged it (it was on the wire and will not be sent again), and the flow went on for
 *   `SLACK_PACKETS` or `SLACK_MS` without it: in the capture a segment may stand behind its acknowledgement;
 * - nothing acknowledges it, and the stream stood still for `UNACKNOWLEDGED_MS`: a retransmission may come;
 * - a limit on what is held is reached, or the flow is over (`ordering.ts`).
 */
import type { Disorder, Piece, StreamDisorder } from "./disorder.ts";

/** Four times the largest displacement that is usual in captures of several queues or interfaces. */
export const SLACK_PACKETS = 32;
const SLACK_MS = 1000;
/** For the beginning of a stream whose handshake was not seen: the first to come need not be the first. */
export const START_SLACK_PACKETS = 16;
/** Longer than the first retransmissions take (RFC 6298: 1 s, then 2 s). */
const UNACKNOWLEDGED_MS = 5000;
/** A piece waits no longer for the other direction while that goes on without what the piece acknowledges. */
const WAIT_PACKETS = 4 * SLACK_PACKETS;
const WAIT_MS = 4 * SLACK_MS;

/** Whether the flow went on long enough since `packet` and `timeMs`. */
export const isPast = (
  disorder: Disorder,
  packet: number,
  timeMs: number,
  packets: number,
): boolean => disorder.packet - packet >= packets || disorder.nowMs - timeMs >= SLACK_MS;

/** Whether a piece has waited long enough for the other direction. */
export const waitedEnough = (disorder: Disorder, piece: Piece): boolean =>
  disorder.packet - piece.packet >= WAIT_PACKETS || disorder.nowMs - piece.timeMs >= WAIT_MS;

/**
 * Bytes in front of `first` that are to be given up now, 0 where it is too early. `hole` are the bytes between the
 * next one and `first` (0 without one), `ahead` those beyond the next one that the other end acknowledged.
 */
export function bytesGivenUp(
  disorder: Disorder,
  stream: StreamDisorder,
  first: Piece | undefined,
  hole: number,
  ahead: number,
): number {
  if (ahead === 0) {
    if (first === undefined) return 0;
    const since = Math.max(first.timeMs, stream.progressMs);
    return disorder.nowMs - since >= UNACKNOWLEDGED_MS ? hole : 0;
  }
  if (!isPast(disorder, stream.aheadPacket, stream.aheadMs, SLACK_PACKETS)) return 0;
  if (first !== undefined && ahead >= hole)
    return isPast(disorder, first.packet, first.timeMs, SLACK_PACKETS) ? hole : 0;
  // Nothing behind the hole proves that the acknowledgement is true: the stream must have stood still, too.
  if (!isPast(disorder, stream.progressPacket, stream.progressMs, SLACK_PACKETS)) return 0;
  return ahead;
}
