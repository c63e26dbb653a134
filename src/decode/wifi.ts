import { readU16, readU16LE, readU32, readU32LE } from "../base/bytes.ts";
import { type Frame, Layer, passOver, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";

const TSFT_PRESENT = 0x01;
const FLAGS_PRESENT = 0x02;
const MORE_PRESENT = 0x80000000;
/** The driver padded the 802.11 header to a multiple of four bytes. */
const FLAG_PADDED = 0x20;

/** Radiotap: version, length, bit maps of the fields present, fields. Only the padding flag is of interest. */
export function readRadiotap(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8) return Outcome.TruncatedWifi;
  const headerBytes = readU16LE(bytes, at + 2);
  if (bytes[at] !== 0 || headerBytes < 8) return Outcome.OtherLinkType;
  if (end - at < headerBytes) return Outcome.TruncatedWifi;
  frame.at = at + headerBytes;
  return (radiotapFlags(bytes, at, headerBytes) & FLAG_PADDED) === 0
    ? Layer.Wifi
    : readWifi(frame, true);
}

function radiotapFlags(bytes: Uint8Array, start: number, headerBytes: number): number {
  const present = readU32LE(bytes, start + 4);
  let offset = 4;
  let more = true;
  while (more) {
    if (offset + 4 > headerBytes) return 0;
    more = readU32LE(bytes, start + offset) >= MORE_PRESENT;
    offset += 4;
  }
  if ((present & TSFT_PRESENT) !== 0) offset = ((offset + 7) & ~7) + 8;
  return (present & FLAGS_PRESENT) !== 0 && offset < headerBytes ? bytes[start + offset]! : 0;
}

/** Prism (message code, message length in the byte order of the host), or AVS in its place. */
export function readPrism(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8) return Outcome.TruncatedWifi;
  if (readU32(bytes, at) >>> 12 === 0x80211) return readAvs(frame);
  const length = readU32LE(bytes, at + 4);
  const headerBytes = length < 0x10000 ? length : readU32(bytes, at + 4);
  return passOver(frame, headerBytes, Layer.Wifi, Outcome.TruncatedWifi);
}

/** AVS: version and length, big-endian. */
export function readAvs(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8) return Outcome.TruncatedWifi;
  return passOver(frame, readU32(bytes, at + 4), Layer.Wifi, Outcome.TruncatedWifi);
}

/** Bits of the frame control field's second byte (IEEE 802.11-2020, section 9.2.4.1). */
const BOTH_DISTRIBUTION = 0x03;
const MORE_FRAGMENTS = 0x04;
const PROTECTED = 0x40;
const HAS_HT_CONTROL = 0x80;
/** Bits of the subtype of a data frame. */
const NO_DATA = 0x40;
const QUALITY_OF_SERVICE = 0x80;

/**
 * A frame of IEEE 802.11 (section 9.3.2). Data behind the header is LLC unless it is encrypted; some drivers decrypt
 * and leave the bit that says so.
 */
export function readWifi(frame: Frame, padded = false): Step {
  const { bytes, at, end } = frame;
  if (end - at < 2) return Outcome.TruncatedWifi;
  const type = bytes[at]! & 0x0f;
  if (type === 0x00) return Outcome.WifiManagement;
  if (type !== 0x08) return Outcome.WifiControl;
  const subtype = bytes[at]!;
  const control = bytes[at + 1]!;
  if ((subtype & NO_DATA) !== 0) return Outcome.WifiNoData;
  const hasQos = (subtype & QUALITY_OF_SERVICE) !== 0;
  const addressBytes = (control & BOTH_DISTRIBUTION) === BOTH_DISTRIBUTION ? 30 : 24;
  let headerBytes = addressBytes;
  if (hasQos) headerBytes += (control & HAS_HT_CONTROL) === 0 ? 2 : 6;
  if (padded) headerBytes = (headerBytes + 3) & ~3;
  if (end - at < headerBytes) return Outcome.TruncatedWifi;
  if ((control & MORE_FRAGMENTS) !== 0 || (bytes[at + 22]! & 0x0f) !== 0)
    return Outcome.WifiFragment;
  frame.at = at + headerBytes;
  const isAggregate = hasQos && (bytes[at + addressBytes]! & 0x80) !== 0;
  const llcAt = isAggregate ? frame.at + SUBFRAME_BYTES : frame.at;
  if ((control & PROTECTED) !== 0 && !isSnap(bytes, llcAt, end)) return Outcome.WifiEncrypted;
  return isAggregate ? readAggregate(frame) : Layer.Llc;
}

/** Two addresses and a length in front of each part of an aggregate. */
const SUBFRAME_BYTES = 14;
const CHECK_SEQUENCE_BYTES = 4;

/** An A-MSDU (section 9.3.2.2): read where it has a single part; otherwise counted. */
function readAggregate(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < SUBFRAME_BYTES) return Outcome.TruncatedWifi;
  const partEnd = at + SUBFRAME_BYTES + readU16(bytes, at + 12);
  if (frame.wireEnd - partEnd > 3 + CHECK_SEQUENCE_BYTES) return Outcome.WifiAggregate;
  frame.at = at + SUBFRAME_BYTES;
  return Layer.Llc;
}

const isSnap = (bytes: Uint8Array, at: number, end: number): boolean =>
  end - at >= 3 && readU16(bytes, at) === 0xaaaa && bytes[at + 2] === 0x03;
