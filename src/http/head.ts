/**
 * The head of one message: its own copy of the bytes, and where each field stands in it. Reused by a pool;
 * strings are made only for what is asked.
 *
 * Layout of `fields`, five numbers a field: name id, name start, name end, value start, value end (value
 * without surrounding white space; RFC 9112, section 5.1). The name id is `HeaderName`, or an interned
 * number from `HeaderName.FirstUnknown` up, or 0 where the table of names is full.
 */
export interface Head {
  readonly bytes: Uint8Array;
  readonly byteCount: number;
  readonly fieldCount: number;
  readonly fields: Int32Array;
  /** First value of the field with this name id as latin1 text, or null. */
  value(nameId: number): string | null;
  has(nameId: number): boolean;
  /** Name id of field `index` (0-based, in order of arrival). */
  nameIdAt(index: number): number;
  /** Name of field `index`, in lower case. */
  nameAt(index: number): string;
  valueAt(index: number): string;
}
