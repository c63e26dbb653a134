import type { Direction } from "../reassemble/stream.ts";
import type { Body } from "./body.ts";
import type { Role } from "./search.ts";

/** Bytes that came in one direction, valid during the call. */
export interface Said {
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly timeMs: number;
}

/** What a reader reports to its connection, which may close it in answer. */
export interface ReaderOwner {
  /** The flow speaks another protocol (`FlowKind`). */
  notHttp(kind: number): void;
  /** What came first is none of HTTP/1, but what `Probe` answered. */
  otherProtocol(answer: number, said: Said): void;
  /** The first message of the flow shows who is who: sets the role of both readers. */
  takeRole(direction: Direction, role: Role): void;
  /** `context.draft` holds a head. Answers its open body, or null where the message is over. */
  headRead(direction: Direction, timeMs: number): Body | null;
  /**
   * `context.draft` holds the whole lines of a head that a gap cut off. `lostBytes` of it may hold other messages too: none
   * where only the rest of a packet is missing.
   */
  headCut(direction: Direction, lostBytes: number, timeMs: number): void;
  /** `whole`: the framing ended as announced. */
  bodyEnded(direction: Direction, body: Body, whole: boolean, timeMs: number): void;
  /** Messages may be missing here. `certain`: at least part of one is. `headSeen`: its head had begun. */
  messagesLost(direction: Direction, certain: boolean, headSeen: boolean): void;
  /** From here on the reader searches for the next message. */
  framingLost(direction: Direction): void;
  /** Bytes of some message went by whose beginning is not known; the last of them at `timeMs`. */
  bytesSkipped(direction: Direction, timeMs: number): void;
}
