import { telemetryLimits } from "../base/limits.ts";
import { JsonScanner, ScanOutcome } from "./jsonscanner.ts";
import type { Judge } from "./judge.ts";
import { CHAR_BITS, Char, LexicalClass } from "./lexical.ts";
import { mediaTypeOf } from "./mediatype.ts";
import type { NameTable } from "./names.ts";
import type { Tables } from "./tables.ts";
import { CLASS_SHIFT, LENGTH_SHIFT, lengthClass, Tape, TapeFlag, TapeKind } from "./tape.ts";

/**
 * `multipart/form-data` (RFC 7578) to a tape: one object of its parts by name. A file is a string of class
 * `Binary` whose word is its content type; a part that is JSON has the shape of its content.
 *
 *     Preamble ──delimiter──► AfterDelimiter ──CRLF──► Headers ──blank line──► Content ──delimiter──┐
 *                                  │ ▲                                                              │
 *                                  │ └──────────────────────────────────────────────────────────────┘
 *                                  └──"--"──► Epilogue
 */
const State = {
  Preamble: 0,
  AfterDelimiter: 1,
  Headers: 2,
  Content: 3,
  Epilogue: 4,
  Full: 5,
} as const;

const CR = 0x0d;
const LF = 0x0a;
const headerBytesMax = 2_048;

export class MultipartScanner {
  readonly #tables: Tables;
  readonly #names: NameTable;
  readonly #judge: Judge;
  #tape = new Tape();
  #state: number = State.Preamble;
  #openedAt = 0;
  #delimiter = new Uint8Array(0);
  /** Bytes of the delimiter that matched so far. */
  #matched = 0;
  #dashes = 0;
  #headers = "";
  #emptyLine = true;
  #nameId = 0;
  #isFile = false;
  #contentType = "";
  readonly #token = new Uint8Array(telemetryLimits.tokenBytesMax);
  #tokenCount = 0;
  #tokenBytes = 0;
  #mask = 0;
  /** A part's JSON has its own tape, which is appended where the part was valid. */
  #json: JsonScanner | null = null;
  readonly #jsonTape = new Tape();
  #inJson = false;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#names = tables.names;
    this.#judge = tables.judge;
  }

  begin(tape: Tape, boundary: string): void {
    this.#tape = tape;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#state = boundary === "" ? State.Epilogue : State.Preamble;
    // The first delimiter may stand at the very beginning, without the line break that belongs to the others.
    this.#matched = 2;
    this.#openedAt = tape.open(TapeKind.Object);
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at]!;
      switch (this.#state) {
        case State.Preamble:
        case State.Content:
          this.#match(byte);
          break;
        case State.AfterDelimiter:
          this.#afterDelimiter(byte);
          break;
        case State.Headers:
          this.#header(byte);
          break;
        default:
          return;
      }
    }
  }

  end(whole: boolean): ScanOutcome {
    if (this.#state === State.Full) return ScanOutcome.Cut;
    if (this.#state !== State.Epilogue) return whole ? ScanOutcome.Invalid : ScanOutcome.Cut;
    if (!this.#tape.reserve()) return ScanOutcome.Cut;
    this.#tape.close(this.#openedAt);
    return ScanOutcome.Whole;
  }

  /** Content, or what may be the delimiter behind it. */
  #match(byte: number): void {
    const delimiter = this.#delimiter;
    if (byte === delimiter[this.#matched]) {
      this.#matched += 1;
      if (this.#matched < delimiter.length) return;
      this.#matched = 0;
      if (this.#state === State.Content) this.#finishPart();
      if (this.#state === State.Full) return;
      this.#state = State.AfterDelimiter;
      this.#dashes = 0;
      return;
    }
    // A carriage return stands only at the delimiter's beginning, so no other start is missed.
    const failed = this.#matched;
    this.#matched = 0;
    if (this.#state === State.Content) {
      for (let index = 0; index < failed; index += 1) this.#content(delimiter[index]!);
    }
    if (byte === CR) this.#matched = 1;
    else if (this.#state === State.Content) this.#content(byte);
  }

  #afterDelimiter(byte: number): void {
    if (byte === 0x2d) {
      this.#dashes += 1;
      if (this.#dashes === 2) this.#state = State.Epilogue;
    } else if (byte === LF) {
      this.#state = State.Headers;
      this.#headers = "";
      this.#emptyLine = true;
    }
  }

  #header(byte: number): void {
    if (byte === LF) {
      if (this.#emptyLine) {
        this.#beginPart();
        return;
      }
      this.#emptyLine = true;
    } else if (byte !== CR) this.#emptyLine = false;
    if (this.#headers.length < headerBytesMax) this.#headers += String.fromCharCode(byte);
  }

  #beginPart(): void {
    this.#state = State.Content;
    this.#tokenCount = 0;
    this.#tokenBytes = 0;
    this.#mask = 0;
    this.#matched = 0;
    let name = "";
    this.#isFile = false;
    this.#contentType = "";
    for (const line of this.#headers.split("\n")) {
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      const field = line.slice(0, colon).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (field === "content-type") this.#contentType = mediaTypeOf(value).name;
      if (field !== "content-disposition") continue;
      name = parameterOf(value, "name") ?? "";
      this.#isFile = /;\s*filename\*?=/i.test(value);
    }
    const bytes = Buffer.from(name, "latin1");
    this.#nameId = this.#names.id(bytes, 0, bytes.length);
    this.#inJson = !this.#isFile && mediaTypeOf(this.#contentType).kind === "json";
    if (!this.#inJson) return;
    this.#jsonTape.reset();
    this.#json ??= new JsonScanner(this.#tables, this.#jsonTape);
    this.#json.begin(this.#jsonTape);
  }

  #content(byte: number): void {
    this.#tokenBytes += 1;
    this.#mask |= CHAR_BITS[byte]!;
    if (this.#inJson) {
      ONE[0] = byte;
      this.#json!.data(ONE, 0, 1);
    }
    if (this.#tokenCount >= this.#token.length) return;
    this.#token[this.#tokenCount] = byte;
    this.#tokenCount += 1;
  }

  #finishPart(): void {
    const tape = this.#tape;
    if (!tape.reserve()) {
      this.#state = State.Full;
      return;
    }
    tape.name(this.#nameId);
    if (
      this.#inJson &&
      this.#json!.end(true) === ScanOutcome.Whole &&
      tape.append(this.#jsonTape)
    ) {
      return;
    }
    if (this.#isFile) {
      const word = this.#judge.words.idOf(this.#contentType);
      tape.entries[tape.count] =
        TapeKind.String |
        (LexicalClass.Binary << CLASS_SHIFT) |
        (lengthClass(this.#tokenBytes) << LENGTH_SHIFT) |
        (word === 0 ? 0 : TapeFlag.HasWord);
      tape.count += 1;
      if (word === 0) return;
      tape.entries[tape.count] = word;
      tape.count += 1;
      return;
    }
    const flags = this.#names.flags[this.#nameId]!;
    const mask = this.#mask & ~Char.JsonStop;
    this.#judge.string(flags, this.#token, 0, this.#tokenCount, this.#tokenBytes, mask);
    this.#judge.write(tape, false);
  }
}

const ONE = new Uint8Array(1);

/** The value of a parameter of a Content-Disposition (RFC 6266), or null. */
function parameterOf(value: string, wanted: string): string | null {
  let at = value.indexOf(";");
  while (at >= 0 && at < value.length) {
    const equals = value.indexOf("=", at);
    if (equals < 0) return null;
    const name = value
      .slice(at + 1, equals)
      .trim()
      .toLowerCase();
    let stop: number;
    let text: string;
    if (value.charAt(equals + 1) === '"') {
      stop = equals + 2;
      while (stop < value.length && value.charAt(stop) !== '"') {
        stop += value.charAt(stop) === "\\" ? 2 : 1;
      }
      text = value.slice(equals + 2, stop).replaceAll("\\", "");
      stop = value.indexOf(";", stop);
    } else {
      stop = value.indexOf(";", equals);
      text = value.slice(equals + 1, stop < 0 ? value.length : stop).trim();
    }
    if (name === wanted) return text;
    at = stop;
  }
  return null;
}
