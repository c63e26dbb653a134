import { Counters } from "../base/counters.ts";
import { decodeLimits } from "../base/limits.ts";
import type { Frame } from "./frame.ts";
import { Outcome } from "./outcome.ts";
import type { Segment } from "./segment.ts";

/** What became of fragmented datagrams, in datagrams and in the bytes held of them. */
const FragmentEvent = { Reassembled: 0, Expired: 1, Evicted: 2 } as const;
const FRAGMENT_EVENT_NAMES = ["reassembled", "expired", "evicted"] as const;
export type FragmentEventName = (typeof FRAGMENT_EVENT_NAMES)[number];

/** `add` made the datagram whole: the frame now stands on it. */
export const WHOLE = -1;

const DATAGRAM_BYTES_MAX = 65535;
/** Fragments are cut at multiples of eight bytes (RFC 791, section 3.2; RFC 8200, section 4.5). */
const UNIT_BYTES = 8;
const UNITS_MAX = 8192;

/** A datagram of which some fragments are here. */
class Datagram {
  isUsed = false;
  /** Grows with each datagram that is begun, so that the oldest is known even where times jump. */
  serial = 0;
  firstMs = 0;
  identification = 0;
  protocol = 0;
  readonly addresses = new Int32Array(8);
  bytes = new Uint8Array(2048);
  /** One byte a unit: whether it came. */
  readonly covered = new Uint8Array(UNITS_MAX);
  coveredUnits = 0;
  coveredEnd = 0;
  /** Length of the datagram's payload, known with its last fragment; -1 before. */
  totalBytes = -1;
  /** Bytes behind this came in fragments that were snapped before them. */
  capturedEnd = DATAGRAM_BYTES_MAX;
}

/**
 * Puts the fragments of IPv4 and IPv6 datagrams together, a bounded number of datagrams at a time: when all places are
 * taken the oldest datagram gives way; one that waits too long (in packet time) is dropped.
 *
 * Where fragments overlap, the bytes that came first win, by units of eight bytes. A fragment that does not fit to
 * what is known of the length is refused, and the datagram waits on.
 */
export class FragmentTable {
  readonly counters = new Counters<FragmentEventName>(FRAGMENT_EVENT_NAMES);
  readonly #datagrams: Datagram[] = [];
  #serial = 0;

  /**
   * Takes the fragment that `frame` stands on, with the addresses in `segment`. The bytes of a whole datagram stay
   * valid until the next call.
   */
  add(frame: Frame, segment: Segment, timeMs: number): Outcome | typeof WHOLE {
    const offset = frame.fragmentOffset;
    const byteCount = frame.wireEnd - frame.at;
    const end = offset + byteCount;
    const isRagged = frame.moreFragments && byteCount % UNIT_BYTES !== 0;
    if (byteCount === 0 || isRagged || end > DATAGRAM_BYTES_MAX) return Outcome.FragmentInvalid;
    const datagram = this.#find(frame, segment, timeMs);
    if (frame.moreFragments) {
      if (datagram.totalBytes >= 0 && end > datagram.totalBytes) return Outcome.FragmentInvalid;
    } else {
      const isOther = datagram.totalBytes >= 0 && datagram.totalBytes !== end;
      if (isOther || datagram.coveredEnd > end) return Outcome.FragmentInvalid;
      datagram.totalBytes = end;
    }
    if (end > datagram.coveredEnd) datagram.coveredEnd = end;
    copyUncovered(datagram, frame, end);
    const { totalBytes } = datagram;
    if (totalBytes < 0 || datagram.coveredUnits < unitsOf(totalBytes))
      return Outcome.FragmentWaiting;
    this.#release(datagram, FragmentEvent.Reassembled);
    frame.bytes = datagram.bytes;
    frame.at = 0;
    frame.end = Math.min(totalBytes, datagram.capturedEnd);
    frame.wireEnd = totalBytes;
    return WHOLE;
  }

  /** Drops what has waited too long. */
  expire(nowMs: number): void {
    for (const datagram of this.#datagrams) {
      if (datagram.isUsed && isExpired(datagram, nowMs)) {
        this.#release(datagram, FragmentEvent.Expired);
      }
    }
  }

  #find(frame: Frame, segment: Segment, timeMs: number): Datagram {
    let free: Datagram | null = null;
    let oldest: Datagram | null = null;
    for (const datagram of this.#datagrams) {
      if (datagram.isUsed && isExpired(datagram, timeMs)) {
        this.#release(datagram, FragmentEvent.Expired);
      }
      if (!datagram.isUsed) free = datagram;
      else if (isSame(datagram, frame, segment)) return datagram;
      else if (oldest === null || datagram.serial < oldest.serial) oldest = datagram;
    }
    let datagram = free;
    if (datagram === null) {
      if (oldest !== null && this.#datagrams.length >= decodeLimits.fragmentedDatagramsMax) {
        this.#release(oldest, FragmentEvent.Evicted);
        datagram = oldest;
      } else {
        datagram = new Datagram();
        this.#datagrams.push(datagram);
      }
    }
    this.#serial += 1;
    begin(datagram, this.#serial, frame, segment, timeMs);
    return datagram;
  }

  #release(datagram: Datagram, event: number): void {
    datagram.isUsed = false;
    this.counters.add(event, datagram.coveredUnits * UNIT_BYTES);
  }
}

const unitsOf = (byteCount: number): number => (byteCount + UNIT_BYTES - 1) >> 3;

const isExpired = (datagram: Datagram, nowMs: number): boolean =>
  Math.abs(nowMs - datagram.firstMs) > decodeLimits.fragmentTimeoutMs;

const isSame = (datagram: Datagram, frame: Frame, segment: Segment): boolean =>
  datagram.identification === frame.identification &&
  datagram.protocol === frame.protocol &&
  datagram.addresses[3] === segment.source3 &&
  datagram.addresses[7] === segment.target3 &&
  datagram.addresses[0] === segment.source0 &&
  datagram.addresses[1] === segment.source1 &&
  datagram.addresses[2] === segment.source2 &&
  datagram.addresses[4] === segment.target0 &&
  datagram.addresses[5] === segment.target1 &&
  datagram.addresses[6] === segment.target2;

function begin(
  datagram: Datagram,
  serial: number,
  frame: Frame,
  segment: Segment,
  timeMs: number,
): void {
  const { addresses } = datagram;
  datagram.isUsed = true;
  datagram.serial = serial;
  datagram.firstMs = timeMs;
  datagram.identification = frame.identification;
  datagram.protocol = frame.protocol;
  addresses[0] = segment.source0;
  addresses[1] = segment.source1;
  addresses[2] = segment.source2;
  addresses[3] = segment.source3;
  addresses[4] = segment.target0;
  addresses[5] = segment.target1;
  addresses[6] = segment.target2;
  addresses[7] = segment.target3;
  datagram.covered.fill(0);
  datagram.coveredUnits = 0;
  datagram.coveredEnd = 0;
  datagram.totalBytes = -1;
  datagram.capturedEnd = DATAGRAM_BYTES_MAX;
}

/** Copies the units of the fragment that were not there, and marks them. */
function copyUncovered(datagram: Datagram, frame: Frame, end: number): void {
  if (end > datagram.bytes.length) {
    const larger = new Uint8Array(Math.max(end, 2 * datagram.bytes.length));
    larger.set(datagram.bytes);
    datagram.bytes = larger;
  }
  const { covered, bytes } = datagram;
  const shift = frame.at - frame.fragmentOffset;
  const capturedEnd = frame.end - shift;
  for (let unit = frame.fragmentOffset >> 3; unit < unitsOf(end); unit += 1) {
    if (covered[unit] !== 0) continue;
    covered[unit] = 1;
    datagram.coveredUnits += 1;
    const start = unit * UNIT_BYTES;
    const unitEnd = Math.min(start + UNIT_BYTES, end);
    for (let at = start; at < unitEnd && at < capturedEnd; at += 1)
      bytes[at] = frame.bytes[at + shift]!;
    if (unitEnd > capturedEnd) {
      datagram.capturedEnd = Math.min(datagram.capturedEnd, Math.max(start, capturedEnd));
    }
  }
}
