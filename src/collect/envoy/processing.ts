/**
 * Messages of Envoy's external processing (envoy/service/ext_proc/v3/external_processor.proto), as far as they are of use
 * here. What Envoy adds later is skipped by its field number.
 *
 *     ProcessingRequest   2 request headers | 3 response headers | 4 request body | 5 response body |
 *                         6 request trailers | 7 response trailers | 9 attributes by filter
 *     HttpHeaders         1 HeaderMap | 3 end of stream          HeaderMap     1 HeaderValue…
 *     HttpBody            1 bytes | 2 end of stream              HeaderValue   1 key | 2 value | 3 raw value
 *     attributes          1 filter | 2 Struct { 1 fields { 1 name | 2 Value { 2 number | 3 text } } }
 */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { collectLimits } from "../../base/limits.ts";

export const Part = {
  RequestHeaders: 2,
  ResponseHeaders: 3,
  RequestBody: 4,
  ResponseBody: 5,
  RequestTrailers: 6,
  ResponseTrailers: 7,
} as const;
export type Part = (typeof Part)[keyof typeof Part];

export interface HeaderField {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface Processing {
  part: Part | 0;
  /** Of headers. */
  fields: HeaderField[];
  /** Of a body; a view into the message. */
  body: Uint8Array;
  /** Nothing of this direction follows. */
  isLast: boolean;
  /** `source.address` and the like. */
  readonly attributes: Map<string, string | number>;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Null for bytes that are no such message. */
export function readProcessing(bytes: Uint8Array): Processing | null {
  const processing: Processing = {
    part: 0,
    fields: [],
    body: NO_BYTES,
    isLast: false,
    attributes: new Map(),
  };
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (number >= Part.RequestHeaders && number <= Part.ResponseTrailers) {
        processing.part = number as Part;
        readPart(reader.bytes(), processing);
      } else if (number === 9) readAttributes(reader.bytes(), processing.attributes);
      else reader.skip(wireType, number);
    }
  } catch {
    return null;
  }
  return processing;
}

function readPart(bytes: Uint8Array, processing: Processing): void {
  const isBody = processing.part === Part.RequestBody || processing.part === Part.ResponseBody;
  processing.isLast = !isBody && processing.part >= Part.RequestTrailers;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && isBody) processing.body = reader.bytes();
    else if (number === 1) readHeaderMap(reader.bytes(), processing.fields);
    else if (number === (isBody ? 2 : 3) && wireType === 0) processing.isLast = reader.bool();
    else reader.skip(wireType, number);
  }
}

function readHeaderMap(bytes: Uint8Array, fields: HeaderField[]): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number !== 1 || fields.length >= collectLimits.envoyFieldsMax) {
      reader.skip(wireType, number);
      continue;
    }
    fields.push(readHeaderValue(reader.bytes()));
  }
}

function readHeaderValue(bytes: Uint8Array): HeaderField {
  const reader = new BinaryReader(bytes);
  let name = "";
  let value: Uint8Array = NO_BYTES;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) name = reader.string();
    else if (number === 2 || number === 3) {
      const found = reader.bytes();
      // Envoy fills one of the two: the raw value by default, since its values need not be UTF-8.
      if (found.length > 0) value = found;
    } else reader.skip(wireType, number);
  }
  return { name, value };
}

/** A map of filter names to a Struct; ours is the only filter that is asked for any. */
function readAttributes(bytes: Uint8Array, attributes: Map<string, string | number>): void {
  const entry = new BinaryReader(bytes);
  while (entry.pos < entry.len) {
    const [number, wireType] = entry.tag();
    if (number === 2) readStruct(entry.bytes(), attributes);
    else entry.skip(wireType, number);
  }
}

function readStruct(bytes: Uint8Array, attributes: Map<string, string | number>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && attributes.size < collectLimits.envoyAttributesMax) {
      readAttribute(reader.bytes(), attributes);
    } else reader.skip(wireType, number);
  }
}

function readAttribute(bytes: Uint8Array, attributes: Map<string, string | number>): void {
  const reader = new BinaryReader(bytes);
  let name = "";
  let value: string | number | null = null;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) name = reader.string();
    else if (number === 2) value = readValue(reader.bytes());
    else reader.skip(wireType, number);
  }
  if (value !== null) attributes.set(name, value);
}

function readValue(bytes: Uint8Array): string | number | null {
  const reader = new BinaryReader(bytes);
  let value: string | number | null = null;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 2 && wireType === 1) value = reader.double();
    else if (number === 3 && wireType === 2) value = reader.string();
    else reader.skip(wireType, number);
  }
  return value;
}
