import { Buffer } from "node:buffer";
import { httpLimits } from "../../base/limits.ts";
import type { HeldBudget } from "../decoding.ts";
import { decodeHuffman } from "./huffman.ts";
import { type Field, STATIC_TABLE } from "./statictable.ts";

/** What an entry costs beside its bytes (RFC 7541, section 4.1). */
const ENTRY_BYTES = 32;
const FIRST_TABLE_BYTES = 4096;
/** Bytes that continue an integer; with four it stays below 2^29. */
const CONTINUATIONS_MAX = 4;

/** Takes the fields of a block in order; text is latin1. */
export type FieldTaker = (name: string, value: string) => void;

/**
 * The decoder of one direction's header blocks (HPACK, RFC 7541). Each block changes what the next ones mean: once one was
 * lost or broken, none behind it can be read.
 */
export class HpackDecoder {
  readonly #budget: HeldBudget;
  /** The dynamic table, oldest first. */
  readonly #entries: Field[] = [];
  #tableBytes = 0;
  #tableBytesMax = FIRST_TABLE_BYTES;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  constructor(budget: HeldBudget) {
    this.#budget = budget;
  }

  /** Hands the fields of the block `[start, end)` to `take`; false where it is broken or asks for too much. */
  decode(bytes: Uint8Array, start: number, end: number, take: FieldTaker): boolean {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    while (this.#at < end) if (!this.#representation(bytes[this.#at]!, take)) return false;
    return true;
  }

  /** Gives back what the table holds. */
  close(): void {
    this.#shrink(0);
  }

  /** Section 6. */
  #representation(first: number, take: FieldTaker): boolean {
    if (first >= 0x80) {
      const field = this.#field(this.#integer(7));
      if (field === null) return false;
      take(field.name, field.value);
      return true;
    }
    if ((first & 0xe0) === 0x20) {
      const byteCount = this.#integer(5);
      if (byteCount < 0 || byteCount > httpLimits.hpackTableBytesMax) return false;
      this.#tableBytesMax = byteCount;
      this.#shrink(byteCount);
      return true;
    }
    const isIndexed = first >= 0x40;
    const index = this.#integer(isIndexed ? 6 : 4);
    const name = index === 0 ? this.#text() : (this.#field(index)?.name ?? null);
    if (index < 0 || name === null) return false;
    const value = this.#text();
    if (value === null) return false;
    take(name, value);
    return !isIndexed || this.#add({ name, value });
  }

  #field(index: number): Field | null {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1] ?? null;
    return this.#entries[this.#entries.length - (index - STATIC_TABLE.length)] ?? null;
  }

  #add(field: Field): boolean {
    const byteCount = sizeOf(field);
    this.#shrink(Math.max(0, this.#tableBytesMax - byteCount));
    // An entry that is larger than the table empties it (section 4.4).
    if (byteCount > this.#tableBytesMax) return true;
    if (!this.#budget.take(byteCount)) return false;
    this.#entries.push(field);
    this.#tableBytes += byteCount;
    return true;
  }

  #shrink(byteCount: number): void {
    let evicted = 0;
    while (this.#tableBytes > byteCount) {
      const size = sizeOf(this.#entries[evicted]!);
      this.#tableBytes -= size;
      this.#budget.give(size);
      evicted += 1;
    }
    if (evicted > 0) this.#entries.splice(0, evicted);
  }

  /** Section 5.1; -1 where it is cut off or too large. */
  #integer(prefixBits: number): number {
    const prefixMax = (1 << prefixBits) - 1;
    let value = this.#bytes[this.#at++]! & prefixMax;
    if (value < prefixMax) return value;
    for (let count = 0; count < CONTINUATIONS_MAX && this.#at < this.#end; count += 1) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) << (7 * count);
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /** Section 5.2; null where it is cut off or broken. */
  #text(): string | null {
    if (this.#at >= this.#end) return null;
    const isHuffman = this.#bytes[this.#at]! >= 0x80;
    const byteCount = this.#integer(7);
    const start = this.#at;
    if (byteCount < 0 || byteCount > this.#end - start) return null;
    this.#at = start + byteCount;
    if (!isHuffman) return latin1(this.#bytes, start, this.#at);
    const room = Math.ceil((byteCount * 8) / 5);
    if (scratch.length < room) scratch = new Uint8Array(room);
    const count = decodeHuffman(this.#bytes, start, this.#at, scratch);
    return count < 0 ? null : latin1(scratch, 0, count);
  }
}

let scratch = new Uint8Array(1024);

const sizeOf = ({ name, value }: Field): number => name.length + value.length + ENTRY_BYTES;

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
