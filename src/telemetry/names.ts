import { telemetryLimits } from "../base/limits.ts";
import { NameFlag, nameFlags } from "./fieldnames.ts";
import { namePattern } from "./segment.ts";

/** `"` and `":`. */
const FRAME_BYTES = 3;

const FNV_START = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/**
 * Every distinct name that traffic bears (fields, parameters, cookies), once, by number. A name that looks like a
 * value has the number of its pattern (`{uuid}`), so a map with random keys has one name here.
 *
 * Lookup is by hash, and every hit is compared byte by byte. Layout: `slots` is an open-addressing table of
 * numbers; name `n` is `bytes[offsets[n], offsets[n] + lengths[n])`, with `"` before it and `":` behind it, as it stands
 * in JSON. Number 0 is no name: the table is full.
 */
export class NameTable {
  /** Names that were refused because the table was full. */
  refused = 0;
  count = 1;
  readonly flags: Uint8Array;
  readonly offsets: Int32Array;
  readonly lengths: Uint8Array;
  bytes: Uint8Array;
  /** Of `bytes`. */
  view: DataView;
  #bytesUsed = 0;
  readonly #hashes: Int32Array;
  readonly #slots: Int32Array;
  readonly #slotMask: number;
  readonly #texts: string[] = [""];

  constructor(namesMax: number = telemetryLimits.namesMax) {
    let slotCount = 1;
    while (slotCount < namesMax * 2) slotCount *= 2;
    this.#slots = new Int32Array(slotCount);
    this.#slotMask = slotCount - 1;
    this.#hashes = new Int32Array(namesMax);
    this.flags = new Uint8Array(namesMax);
    this.offsets = new Int32Array(namesMax);
    this.lengths = new Uint8Array(namesMax);
    this.bytes = new Uint8Array(4096);
    this.view = new DataView(this.bytes.buffer);
  }

  text(id: number): string {
    return this.#texts[id] ?? "";
  }

  /** The number of the name `source[start, end)`, or of its pattern; 0 where the table is full. */
  id(source: Uint8Array, start: number, end: number): number {
    let hash = FNV_START;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ source[at]!, FNV_PRIME);
    return this.idHashed(source, start, end, hash);
  }

  /** The same, where the caller has hashed the name as it passed (`hashStart`, `hashByte`). */
  idHashed(source: Uint8Array, start: number, end: number, hash: number): number {
    const found = this.#find(source, start, end, hash);
    if (found !== 0) return found;
    return this.#add(source, start, end, hash);
  }

  #find(source: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start;
    let slot = (hash ^ (hash >>> 15)) & this.#slotMask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id === 0) return 0;
      if (this.#hashes[id] === hash && this.lengths[id] === length) {
        const offset = this.offsets[id]!;
        let index = 0;
        while (index < length && this.bytes[offset + index] === source[start + index]) index += 1;
        if (index === length) return id;
      }
      slot = (slot + 1) & this.#slotMask;
    }
  }

  #add(source: Uint8Array, start: number, end: number, hash: number): number {
    const pattern = namePattern(source, start, end);
    if (pattern !== null) {
      const patternBytes = Buffer.from(pattern);
      let patternHash = FNV_START;
      for (const byte of patternBytes) patternHash = Math.imul(patternHash ^ byte, FNV_PRIME);
      const known = this.#find(patternBytes, 0, patternBytes.length, patternHash);
      return known !== 0
        ? known
        : this.#insert(patternBytes, 0, patternBytes.length, patternHash, pattern);
    }
    return this.#insert(
      source,
      start,
      end,
      hash,
      Buffer.from(source.buffer, source.byteOffset + start, end - start).toString("utf8"),
    );
  }

  #insert(source: Uint8Array, start: number, end: number, hash: number, text: string): number {
    const length = end - start;
    if (this.count >= this.flags.length || length > 255) {
      this.refused += 1;
      return 0;
    }
    const id = this.count;
    this.count += 1;
    const used = this.#bytesUsed + length + FRAME_BYTES;
    if (used > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, used));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    const offset = this.#bytesUsed + 1;
    this.bytes[offset - 1] = 0x22;
    for (let index = 0; index < length; index += 1) {
      this.bytes[offset + index] = source[start + index]!;
    }
    this.bytes[offset + length] = 0x22;
    this.bytes[offset + length + 1] = 0x3a;
    this.offsets[id] = offset;
    this.lengths[id] = length;
    this.#bytesUsed = used;
    this.#hashes[id] = hash;
    this.flags[id] = nameFlags(text);
    this.#texts[id] = text;
    let slot = (hash ^ (hash >>> 15)) & this.#slotMask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#slotMask;
    this.#slots[slot] = id;
    return id;
  }

  /** The number of a name known to the program itself. */
  intern(text: string): number {
    const bytes = Buffer.from(text);
    return this.id(bytes, 0, bytes.length);
  }

  isIdLike(id: number): boolean {
    return (this.flags[id]! & NameFlag.IdLike) !== 0;
  }
}

export const NAME_HASH_START = FNV_START;
export const NAME_HASH_PRIME = FNV_PRIME;
