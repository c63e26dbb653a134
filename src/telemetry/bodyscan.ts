import { telemetryLimits } from "../base/limits.ts";
import type { BodySink } from "../http/exchange.ts";
import { NameFlag } from "./fieldnames.ts";
import { FormScanner } from "./formscanner.ts";
import { JsonScanner, ScanOutcome, type SelectorText } from "./jsonscanner.ts";
import { type MediaType, mediaTypeOf, sniffKind } from "./mediatype.ts";
import { MultipartScanner } from "./multipartscanner.ts";
import type { BodyKind } from "./summary.ts";
import type { Tables } from "./tables.ts";
import { Tape } from "./tape.ts";
import { Utf16Reader, utf16Order } from "./utf16.ts";
import { XmlScanner } from "./xmlscanner.ts";

/** What reads one kind of body onto a tape. */
interface Scanner {
  data(bytes: Uint8Array, start: number, end: number): void;
  end(whole: boolean): ScanOutcome;
}

/**
 * One body on its way: takes its bytes, and has its kind and tape when it ends. Reused from body to body; the
 * pool hands it out again when its exchange is over.
 */
export class BodyScan implements BodySink {
  readonly tape = new Tape();
  /** Under which the numbers on the tape mean something. */
  readonly tables: Tables;
  /** What the body turned out to be; `empty` until a byte came. */
  kind: BodyKind = "empty";
  outcome: ScanOutcome = ScanOutcome.Empty;
  mediaType: MediaType = mediaTypeOf(null);
  /** Decoded bytes that came. */
  byteCount = 0;
  /** The body was longer than what is scanned of one. */
  overLimit = false;
  selectors: readonly SelectorText[] = [];
  /** Whether `end` was called. */
  ended = false;
  readonly #json: JsonScanner;
  #form: FormScanner | null = null;
  #multipart: MultipartScanner | null = null;
  #xml: XmlScanner | null = null;
  #scanner: Scanner | null = null;
  /** First bytes of a text, and whether the kind was a guess. */
  readonly #sample = new Uint8Array(textSampleBytes);
  #sampleCount = 0;
  /** First bytes of a body, until they are enough to tell how it is read. */
  readonly #first = new Uint8Array(firstBytes);
  #firstCount = 0;
  #decided = false;
  #guessed = false;
  #utf16: Utf16Reader | null = null;
  #grow: ((byteCount: number) => void) | null = null;
  #begunBytes = 0;
  /** By how many bytes the tape grew for this body. */
  grownBytes = 0;

  constructor(tables: Tables) {
    this.tables = tables;
    this.#json = new JsonScanner(tables, this.tape);
  }

  /** `grow` hears of every byte by which the tape grows. */
  begin(mediaType: MediaType, grow: (byteCount: number) => void): void {
    this.mediaType = mediaType;
    this.#grow = grow;
    this.grownBytes = 0;
    this.tape.reset();
    this.kind = "empty";
    this.outcome = ScanOutcome.Empty;
    this.byteCount = 0;
    this.overLimit = false;
    this.selectors = [];
    this.ended = false;
    this.#scanner = null;
    this.#sampleCount = 0;
    this.#firstCount = 0;
    this.#decided = false;
    this.#guessed = false;
    this.#utf16 = null;
    this.#begunBytes = this.scratchBytes;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) return;
    if (this.#decided) this.#scan(bytes, start, end);
    else this.#begin(bytes, start, end);
  }

  /** The first bytes decide how a body is read, and always as many of them, however they are cut into pieces. */
  #begin(bytes: Uint8Array, start: number, end: number): void {
    const wanted = decidingBytes(this.mediaType.kind);
    if (this.#firstCount === 0 && end - start >= wanted) {
      this.#decide(bytes, start, start + wanted);
      this.#scan(bytes, start, end);
      return;
    }
    const stop = Math.min(end, start + wanted - this.#firstCount);
    for (let at = start; at < stop; at += 1) {
      this.#first[this.#firstCount] = bytes[at]!;
      this.#firstCount += 1;
    }
    if (this.#firstCount < wanted) return;
    this.#decideByFirst();
    if (stop < end) this.#scan(bytes, stop, end);
  }

  #decideByFirst(): void {
    this.#decide(this.#first, 0, this.#firstCount);
    this.#scan(this.#first, 0, this.#firstCount);
  }

  #scan(bytes: Uint8Array, start: number, end: number): void {
    const left = telemetryLimits.bodyBytesMax - this.byteCount;
    this.byteCount += end - start;
    if (left <= 0) {
      this.overLimit = true;
      return;
    }
    const stop = Math.min(end, start + left);
    if (stop < end) this.overLimit = true;
    if (this.#utf16 !== null) this.#utf16.data(bytes, start, stop, this.#scanner!);
    else if (this.#scanner !== null) this.#scanner.data(bytes, start, stop);
    if (this.#scanner === null || this.#guessed) this.#gatherSample(bytes, start, stop);
    const grown = this.scratchBytes - this.#begunBytes - this.grownBytes;
    if (grown > 0) {
      this.grownBytes += grown;
      this.#grow?.(grown);
    }
  }

  end(whole: boolean): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.#decided && this.#firstCount > 0) this.#decideByFirst();
    if (this.byteCount === 0) {
      this.outcome = whole ? ScanOutcome.Empty : ScanOutcome.Cut;
      return;
    }
    const complete = whole && !this.overLimit;
    if (this.#scanner === null) {
      this.#endText(complete);
      return;
    }
    this.outcome = this.#scanner.end(complete);
    if (this.#scanner === this.#json) {
      this.selectors = this.#json.selectors;
      if (this.#json.documents > 1) this.kind = "json-lines";
    } else if (this.#form !== null && this.#scanner === this.#form) {
      this.selectors = this.#form.selectors;
    } else if (this.#xml !== null && this.#scanner === this.#xml) {
      this.selectors = this.#xml.selectors;
    }
    if (this.outcome !== ScanOutcome.Invalid) return;
    this.tape.reset();
    if (this.#guessed) {
      this.kind = this.mediaType.name === "application/octet-stream" ? "binary" : "text";
      this.#endText(complete);
    }
  }

  #decide(bytes: Uint8Array, start: number, end: number): void {
    this.#decided = true;
    const declared = this.mediaType.kind;
    this.kind = declared ?? sniffKind(this.mediaType, bytes, start, end);
    this.#guessed = declared === null && this.kind !== "text" && this.kind !== "binary";
    switch (this.kind) {
      case "json":
      case "json-lines":
        this.#json.begin(this.tape);
        this.#scanner = this.#json;
        break;
      case "form":
        this.#form ??= new FormScanner(this.tables);
        this.#form.begin(this.tape);
        this.#scanner = this.#form;
        break;
      case "multipart":
        this.#multipart ??= new MultipartScanner(this.tables);
        this.#multipart.begin(this.tape, this.mediaType.boundary);
        this.#scanner = this.#multipart;
        break;
      case "xml":
        this.#xml ??= new XmlScanner(this.tables);
        this.#xml.begin(this.tape);
        this.#scanner = this.#xml;
        break;
      default:
        this.#scanner = null;
    }
    if (this.kind !== "json" && this.kind !== "xml") return;
    const order = utf16Order(bytes, start, end);
    if (order !== null) this.#utf16 = new Utf16Reader(order);
  }

  #gatherSample(bytes: Uint8Array, start: number, end: number): void {
    const stop = Math.min(end, start + textSampleBytes - this.#sampleCount);
    for (let at = start; at < stop; at += 1) {
      this.#sample[this.#sampleCount] = bytes[at]!;
      this.#sampleCount += 1;
    }
  }

  /** A text is one string of which only class and length are kept; a binary body has no shape. */
  #endText(complete: boolean): void {
    this.outcome = complete ? ScanOutcome.Whole : ScanOutcome.Cut;
    if (this.kind !== "text" || this.overLimit) return;
    this.tables.judge.text(NameFlag.Private | NameFlag.Secret, this.#sample, 0, this.#sampleCount);
    this.tables.judge.write(this.tape, false);
  }

  /** Memory of the tape, in bytes. */
  get scratchBytes(): number {
    return this.tape.entries.byteLength;
  }
}

const textSampleBytes = 256;
const firstBytes = 128;

/** What is not declared shows in its first characters; what may be in UTF-16, in its first two bytes. */
function decidingBytes(declared: BodyKind | null): number {
  if (declared === null) return firstBytes;
  return declared === "json" || declared === "xml" ? 2 : 1;
}
