/**
 * Which calls of two APIs were one request. A proxy that speaks HTTP answers its caller and calls the service itself: two
 * calls, two APIs. What both bear is the id of the request, if anybody gave it one. Kept of it is a keyed hash together with
 * method and last path segment (a proxy may take a prefix off), so that calls which a service makes on its own, under the
 * same id, do not count as the same request.
 */
import type { KeyedHash } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import type { Exchange, Message } from "../http/exchange.ts";
import { HeaderName } from "../http/headername.ts";
import { FIELD_STRIDE } from "./headers.ts";
import type { Target } from "./target.ts";

/** One request, and the address that it came from. */
export interface Trace {
  readonly hash: number;
  readonly caller: string;
}

/**
 * By day since 1970. Of each day those with the least hashes, so that two sensors keep the same ones; of all days the
 * latest. Sorted by hash, then caller.
 */
export type TraceSample = Map<number, Trace[]>;

const DAY_MS = 86_400_000;
const SEPARATOR = 0x0a;
const SLASH = 0x2f;
/** Shorter ones are no ids (`-`, `null`, `1`), or not one request's own. */
const ID_BYTES_MIN = 8;
const METHOD_LENGTH_MAX = 16;
const NAMES: ReadonlySet<number> = new Set([
  HeaderName.XRequestId,
  HeaderName.XCorrelationId,
  HeaderName.Traceparent,
  HeaderName.XB3TraceId,
]);

/** Reads ids of requests. */
export class Tracer {
  readonly #hash: KeyedHash;
  readonly #bytes = new Uint8Array(2 * telemetryLimits.traceBytesMax + METHOD_LENGTH_MAX + 2);

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /** `sample` with what the exchange's messages bear; null while nothing ever bore an id. */
  observe(sample: TraceSample | null, exchange: Exchange, target: Target): TraceSample | null {
    const request = this.#observe(sample, exchange, exchange.request!, target);
    // Who gave the request its id may tell the caller as well.
    return this.#observe(request, exchange, exchange.response!, target);
  }

  #observe(
    sample: TraceSample | null,
    exchange: Exchange,
    { head }: Message,
    target: Target,
  ): TraceSample | null {
    let into = sample;
    for (let index = 0; index < head.fieldCount; index += 1) {
      const nameId = head.nameIdAt(index);
      if (!NAMES.has(nameId)) continue;
      const at = index * FIELD_STRIDE;
      let start = head.fields[at + 3]!;
      let end = head.fields[at + 4]!;
      if (nameId === HeaderName.Traceparent) {
        // `version-traceid-parentid-flags` (W3C Trace Context, section 3.2): the parent is another at each hop.
        start += 3;
        end = Math.min(end, start + 32);
      }
      if (end - start < ID_BYTES_MIN || end - start > telemetryLimits.traceBytesMax) continue;
      into ??= new Map();
      const day = Math.floor(Math.max(exchange.request!.startTimeMs, 0) / DAY_MS);
      const full = fullSample(into, day);
      if (full !== null && !isDrawn(head.bytes, start, end)) continue;
      const length = this.#compose(head.bytes.subarray(start, end), exchange.method, target);
      const hash = this.#hash.number(this.#bytes, 0, length);
      if (full !== null && hash > full.at(-1)!.hash) continue;
      addTrace(into, day, { hash, caller: exchange.connection.client.ip });
    }
    return into;
  }

  /** Id, method and last path segment, each behind a byte that none of them has. */
  #compose(id: Uint8Array, method: string, { bytes, pathStart, pathEnd }: Target): number {
    const into = this.#bytes;
    into.set(id);
    let length = id.length;
    into[length++] = SEPARATOR;
    for (let at = 0; at < Math.min(method.length, METHOD_LENGTH_MAX); at += 1)
      into[length++] = method.charCodeAt(at);
    into[length++] = SEPARATOR;
    if (pathStart < 0) return length;
    let end = pathEnd;
    while (end > pathStart && bytes[end - 1] === SLASH) end -= 1;
    const earliest = Math.max(pathStart, end - telemetryLimits.traceBytesMax);
    let start = end;
    while (start > earliest && bytes[start - 1] !== SLASH) start -= 1;
    into.set(bytes.subarray(start, end), length);
    return length + end - start;
  }
}

function fullSample(sample: TraceSample, day: number): readonly Trace[] | null {
  const traces = sample.get(day);
  return traces !== undefined && traces.length >= telemetryLimits.tracesMax ? traces : null;
}

/**
 * One id in eight, the same ones at each hop. Where a sample is full, those are enough to go on choosing from: most ids are
 * not worth a keyed hash.
 */
function isDrawn(bytes: Uint8Array, start: number, end: number): boolean {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return (hash & 7) === 0;
}

export function addTrace(sample: TraceSample, day: number, trace: Trace): void {
  let traces = sample.get(day);
  if (traces === undefined) {
    traces = [];
    sample.set(day, traces);
    keepLatest(sample);
  }
  const last = traces.at(-1);
  if (traces.length >= telemetryLimits.tracesMax && compare(trace, last!) >= 0) return;
  let at = traces.length;
  while (at > 0 && compare(trace, traces[at - 1]!) < 0) at -= 1;
  if (at > 0 && compare(trace, traces[at - 1]!) === 0) return;
  traces.splice(at, 0, trace);
  if (traces.length > telemetryLimits.tracesMax) traces.pop();
}

/** Of two that may be absent; `into` is changed, `from` is not. */
export function mergeTraces(
  into: TraceSample | null,
  from: TraceSample | null,
): TraceSample | null {
  if (from === null) return into;
  const merged = into ?? new Map<number, Trace[]>();
  for (const [day, traces] of from) for (const trace of traces) addTrace(merged, day, trace);
  return merged;
}

export const copyTraces = (sample: TraceSample | null): TraceSample | null =>
  mergeTraces(null, sample);

const compare = (a: Trace, b: Trace): number =>
  a.hash - b.hash || (a.caller < b.caller ? -1 : a.caller > b.caller ? 1 : 0);

function keepLatest(sample: TraceSample): void {
  while (sample.size > telemetryLimits.traceDaysMax) sample.delete(Math.min(...sample.keys()));
}
