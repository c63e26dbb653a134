import type { Head } from "../http/head.ts";
import { FIELD_STRIDE } from "./headers.ts";

/** Some tens of values, as of user agents, seldom meet in one place. */
const PLACES = 512;
const valueBytesMax = 256;

interface Place<Value> {
  readonly bytes: Uint8Array;
  readonly value: Value;
}

/**
 * What was concluded of the value of one header field, by its bytes: most messages bear one of few values, and comparing
 * them costs less than making a string. Direct-mapped; it changes no outcome.
 */
export class FieldCache<Value> {
  readonly #nameId: number;
  readonly #conclude: (text: string | null) => Value;
  readonly #absent: Value;
  readonly #places: (Place<Value> | undefined)[] = new Array(PLACES).fill(undefined);

  /** `conclude` is pure; null stands for a head without the field. */
  constructor(nameId: number, conclude: (text: string | null) => Value) {
    this.#nameId = nameId;
    this.#conclude = conclude;
    this.#absent = conclude(null);
  }

  /** Of the first field with the name. */
  of(head: Head): Value {
    const { fields, bytes } = head;
    const fieldsEnd = head.fieldCount * FIELD_STRIDE;
    let at = 0;
    while (at < fieldsEnd && fields[at] !== this.#nameId) at += FIELD_STRIDE;
    if (at >= fieldsEnd) return this.#absent;
    const start = fields[at + 3]!;
    const length = fields[at + 4]! - start;
    if (length === 0 || length > valueBytesMax) {
      return this.#conclude(head.valueAt(at / FIELD_STRIDE));
    }
    // Of every byte: values often differ in one digit of a version.
    let hash = length;
    for (let index = 0; index < length; index += 1)
      hash = (Math.imul(hash, 31) + bytes[start + index]!) | 0;
    const number = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const place = this.#places[number];
    if (place !== undefined && place.bytes.length === length) {
      const known = place.bytes;
      let index = 0;
      while (index < length && known[index] === bytes[start + index]) index += 1;
      if (index === length) return place.value;
    }
    const value = this.#conclude(head.valueAt(at / FIELD_STRIDE));
    // A copy: heads are used again, and `slice` of a Buffer shares its memory.
    this.#places[number] = { bytes: new Uint8Array(bytes.subarray(start, start + length)), value };
    return value;
  }
}
