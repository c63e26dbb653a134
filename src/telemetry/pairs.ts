import { telemetryLimits } from "../base/limits.ts";
import {
  cookieCredential,
  isCredentialName,
  isWeakCredentialName,
  queryCredential,
} from "./credentials.ts";
import { NameFlag } from "./fieldnames.ts";
import type { Judge } from "./judge.ts";
import { LexicalClass } from "./lexical.ts";
import type { NameTable } from "./names.ts";
import type { ParameterWriter } from "./parameters.ts";
import { hexValue } from "./segment.ts";
import { CLASS_MASK, CLASS_SHIFT } from "./tape.ts";
import type { Target } from "./target.ts";

/** Reads `name=value` pairs of query strings and cookies. */
export class PairReader {
  readonly #names: NameTable;
  readonly #judge: Judge;
  readonly #name = new Uint8Array(telemetryLimits.nameBytesMax + 1);
  /** By number of a name: what a parameter or a cookie of that name is. */
  readonly #parameters: (NameKind | undefined)[] = [];
  readonly #cookies: (string | null | undefined)[] = [];
  readonly #value = new Uint8Array(telemetryLimits.tokenBytesMax);

  constructor(names: NameTable, judge: Judge) {
    this.#names = names;
    this.#judge = judge;
  }

  /**
   * Pairs of a query, joined by `&`, percent-decoded, with `+` for a blank (WHATWG URL, section 5.1); brackets stay
   * in the name. Credentials are named in `credentials`; their values are not looked at further.
   */
  query(target: Target, into: ParameterWriter, credentials: string[]): void {
    const { bytes, queryEnd } = target;
    let start = target.queryStart;
    for (let pairs = 0; start < queryEnd && pairs < telemetryLimits.pairsMax; pairs += 1) {
      let equals = -1;
      let stop = start;
      while (stop < queryEnd && bytes[stop] !== 0x26) {
        if (equals < 0 && bytes[stop] === 0x3d) equals = stop;
        stop += 1;
      }
      if (stop > start) {
        const nameEnd = equals < 0 ? stop : equals;
        const valueStart = equals < 0 ? stop : equals + 1;
        this.#pair(bytes, start, nameEnd, valueStart, stop, into, credentials);
      }
      start = stop + 1;
    }
  }

  #pair(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    into: ParameterWriter,
    credentials: string[],
  ): void {
    const nameLength = decode(bytes, nameStart, nameEnd, this.#name);
    const nameId = this.#names.id(this.#name, 0, nameLength);
    const kind = this.#kindOf(nameId);
    const field = into.count(nameId);
    if (kind === NameKind.Credential) {
      credentials.push(queryCredential(this.#names.text(nameId)));
      return;
    }
    if (kind === NameKind.Plain && !into.wants(field)) return;
    const valueLength = decode(bytes, valueStart, valueEnd, this.#value);
    this.#judge.text(this.#names.flags[nameId]!, this.#value, 0, valueLength);
    if (kind === NameKind.Weak && looksRandom(this.#judge.entry, valueLength)) {
      credentials.push(queryCredential(this.#names.text(nameId)));
      return;
    }
    if (into.wants(field)) into.observe(field, this.#judge);
  }

  #kindOf(nameId: number): NameKind {
    const known = this.#parameters[nameId];
    if (known !== undefined) return known;
    const kind = kindOf(this.#names.text(nameId));
    this.#parameters[nameId] = kind;
    return kind;
  }

  /**
   * Pairs of a Cookie field (RFC 6265, section 4.2): names, and of values only class and length. Those that are credentials are
   * named in `credentials`.
   */
  cookies(
    bytes: Uint8Array,
    start: number,
    end: number,
    into: ParameterWriter,
    credentials: string[],
  ): void {
    let from = start;
    for (let pairs = 0; from < end && pairs < telemetryLimits.pairsMax; pairs += 1) {
      while (from < end && (bytes[from] === 0x20 || bytes[from] === 0x09)) from += 1;
      let equals = -1;
      let stop = from;
      while (stop < end && bytes[stop] !== 0x3b) {
        if (equals < 0 && bytes[stop] === 0x3d) equals = stop;
        stop += 1;
      }
      if (equals > from) {
        const nameId = this.#names.id(bytes, from, equals);
        let credential = this.#cookies[nameId];
        if (credential === undefined) {
          credential = cookieCredential(this.#names.text(nameId));
          this.#cookies[nameId] = credential;
        }
        if (credential !== null) credentials.push(credential);
        const field = into.count(nameId);
        if (into.wants(field)) {
          this.#judge.text(NameFlag.Private | NameFlag.Secret, bytes, equals + 1, stop);
          into.observe(field, this.#judge);
        }
      }
      from = stop + 1;
    }
  }
}

const NameKind = { Plain: 0, Weak: 1, Credential: 2 } as const;
type NameKind = (typeof NameKind)[keyof typeof NameKind];

const kindOf = (name: string): NameKind => {
  const lower = name.toLowerCase();
  if (isCredentialName(lower)) return NameKind.Credential;
  return isWeakCredentialName(lower) ? NameKind.Weak : NameKind.Plain;
};

const RANDOM_CLASSES: ReadonlySet<number> = new Set([
  LexicalClass.Opaque,
  LexicalClass.Hex,
  LexicalClass.Uuid,
  LexicalClass.Jwt,
  LexicalClass.Base64,
  LexicalClass.Base64Url,
  LexicalClass.Secret,
]);

const looksRandom = (entry: number, byteCount: number): boolean =>
  byteCount >= 12 && RANDOM_CLASSES.has((entry >>> CLASS_SHIFT) & CLASS_MASK);

/** Decodes `source[start, end)` into `into`, cut at its length; returns how many bytes it is. */
function decode(source: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let count = 0;
  for (let at = start; at < end && count < into.length; at += 1) {
    let byte = source[at]!;
    if (byte === 0x2b) byte = 0x20;
    else if (byte === 0x25 && at + 2 < end) {
      const high = hexValue(source[at + 1]!);
      const low = hexValue(source[at + 2]!);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    into[count] = byte;
    count += 1;
  }
  return count;
}
