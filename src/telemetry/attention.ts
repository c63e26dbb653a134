/**
 * Which exchanges have their bodies scanned, where not all are to be: telemetry asks by endpoint and tells what came of
 * it; the sensor decides. Heads are counted in any case, and presence is computed from scanned bodies alone.
 */
import { telemetryLimits } from "../base/limits.ts";
import type { Exchange } from "../http/exchange.ts";
import { CLASS_MASK, CLASS_SHIFT, KIND_MASK, type Tape, TapeFlag, TapeKind } from "./tape.ts";

/**
 * How much of an exchange is looked at. Whatever it is, the exchange counts, and so does each name that its path and its heads
 * bear. `Names`: a value is looked at only where none of its parameter was since the last delta.
 */
export const Look = { Names: 0, Heads: 1, Bodies: 2 } as const;
export type Look = (typeof Look)[keyof typeof Look];

/** `endpoint` is a hash of 32 bits that exchanges of one endpoint share, and seldom those of two. */
export interface Attention {
  /** Asked once an exchange, before the first of its bodies. */
  attend(endpoint: number): Look;
  /**
   * Told when an exchange that teaches is over: of every one whose bodies were looked at, and of any other that shows something
   * new in its heads. `novel`: it has an endpoint, a status, a field, or a kind or class of value that was not there
   * before, in any exchange of this process (as far as `knownFeaturesMax` remembers).
   */
  learned(endpoint: number, novel: boolean): void;
}

/** Each bit of the result depends on each bit of both. */
function mix(left: number, right: number): number {
  let hash = Math.imul(left ^ Math.imul(right, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}

/** Segments longer than this are values. */
const wordCharactersMax = 32;

/**
 * The endpoint of an exchange, before its path is looked up: method, server and path, in which segments that have digits
 * are all alike (but those of versions). It errs by telling words apart that are values: such endpoints are scanned more.
 */
export function endpointOf({ method, target, connection }: Exchange): number {
  let hash = connection.server.port;
  for (let at = 0; at < method.length; at += 1) hash = mix(hash, method.charCodeAt(at));
  let segment = 0;
  let start = 0;
  let hasDigit = false;
  for (let at = 0; at <= target.length; at += 1) {
    const code = at < target.length ? target.charCodeAt(at) : QUERY;
    if (code === SLASH || code === QUERY || code === FRAGMENT) {
      const length = at - start;
      const isValue = hasDigit ? !isVersion(target, start, at) : length > wordCharactersMax;
      hash = mix(hash, isValue ? (length === 0 ? 0 : 1) : segment);
      if (code !== SLASH) break;
      start = at + 1;
      segment = 0;
      hasDigit = false;
      continue;
    }
    if (code >= 0x30 && code <= 0x39) hasDigit = true;
    segment = (Math.imul(segment, 31) + code) | 0;
  }
  return hash;
}

const SLASH = 0x2f;
const QUERY = 0x3f;
const FRAGMENT = 0x23;

/** `v1`, `v2`, up to `v99`. */
const isVersion = (text: string, start: number, end: number): boolean =>
  end - start <= 3 && (text.charCodeAt(start) | 0x20) === 0x76;

/**
 * What was met in all exchanges so far, as hashes in a table of fixed size: statuses of endpoints, and places in bodies
 * with the kinds and classes of values that stood there. When it is full it forgets all, which costs scans, never knowledge.
 */
export class Knowledge {
  readonly #slots = new Int32Array(telemetryLimits.knownFeaturesMax);
  #count = 0;
  /** By depth: the hash of the place whose members or items are being read. */
  readonly #places = new Int32Array(telemetryLimits.bodyDepthMax + 4);

  forget(): void {
    this.#slots.fill(0);
    this.#count = 0;
  }

  /** Whether the endpoint never had this status before. */
  isNewStatus(endpoint: number, status: number): boolean {
    return this.#isNew(mix(endpoint, status));
  }

  /** Whether a body has something that no body of `place` (endpoint, and which of its messages) had before. */
  isNewBody(tape: Tape, place: number): boolean {
    const { entries, count } = tape;
    const places = this.#places;
    let depth = 0;
    let here = place;
    let isNew = false;
    places[0] = place;
    for (let at = 0; at < count; at += 1) {
      const entry = entries[at]!;
      if (entry < 0) {
        here = mix(places[depth]!, entry);
        continue;
      }
      const kind = entry & KIND_MASK;
      if (kind === TapeKind.Repeat) continue;
      if (kind === TapeKind.End) {
        depth -= 1;
        here = places[depth]!;
        continue;
      }
      if (this.#isNew(mix(here, kind | (entry & (CLASS_MASK << CLASS_SHIFT))))) isNew = true;
      if (kind === TapeKind.Object || kind === TapeKind.Array) {
        depth += 1;
        here = mix(here, kind);
        places[depth] = here;
        continue;
      }
      if ((entry & TapeFlag.HasHash) !== 0) at += 2;
      if ((entry & TapeFlag.HasWord) !== 0) at += 1;
      here = places[depth]!;
    }
    return isNew;
  }

  #isNew(feature: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    // 0 is an empty slot.
    const wanted = feature === 0 ? 1 : feature;
    for (let at = wanted & mask; ; at = (at + 1) & mask) {
      const known = slots[at]!;
      if (known === wanted) return false;
      if (known !== 0) continue;
      slots[at] = wanted;
      this.#count += 1;
      if (this.#count > slots.length * 0.75) this.forget();
      return true;
    }
  }
}
