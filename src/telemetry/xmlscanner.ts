import { telemetryLimits } from "../base/limits.ts";
import { ScanOutcome, type SelectorText } from "./jsonscanner.ts";
import type { Judge } from "./judge.ts";
import { CHAR_BITS, Char } from "./lexical.ts";
import type { NameTable } from "./names.ts";
import type { Tables } from "./tables.ts";
import { Tape, TapeKind } from "./tape.ts";

/**
 * The structure of an XML document as a tape: an object with the root element, in which an element is an object
 * of its attributes (`@name`), its child elements, and its text (`#text`); an element with nothing but text is
 * that text. A child that occurs again is a repeated member. No entity is expanded beyond the five of XML 1.0,
 * no document type is read, nothing is validated but that tags nest.
 *
 *     Text ──<──► Tag ──name──► Inside ──attributes──► Inside ──>──► Text
 *                  ├──/──► EndTag ──>──► Text             └──/>──► Text
 *                  ├──?──► Instruction ──?>──► Text
 *                  └──!──► Declaration (comment, CDATA, DOCTYPE) ──► Text
 */
const State = {
  Text: 0,
  Tag: 1,
  Name: 2,
  Inside: 3,
  Attribute: 4,
  BeforeValue: 5,
  Value: 6,
  EndTag: 7,
  Instruction: 8,
  Declaration: 9,
  Comment: 10,
  Cdata: 11,
  Empty: 12,
  Full: 13,
  Invalid: 14,
} as const;

const LESS = 0x3c;
const GREATER = 0x3e;
const nameBytesMax = telemetryLimits.nameBytesMax + 1;

export class XmlScanner {
  readonly #names: NameTable;
  readonly #judge: Judge;
  #tape = new Tape();
  #state: number = State.Text;
  selectors: SelectorText[] = [];
  #depth = 0;
  /** By depth: name, tape entry of the object (-1 where the element has only text so far). */
  readonly #nameIds = new Int32Array(telemetryLimits.bodyDepthMax + 2);
  readonly #openedAt = new Int32Array(telemetryLimits.bodyDepthMax + 2);
  /** Elements within one that is too deep. */
  #tooDeep = 0;
  #rootOpenedAt = 0;
  #rootDone = false;
  #started = false;
  readonly #name = new Uint8Array(nameBytesMax);
  #nameCount = 0;
  readonly #token = new Uint8Array(telemetryLimits.tokenBytesMax);
  #tokenCount = 0;
  #tokenBytes = 0;
  #mask = 0;
  #quote = 0;
  #before = 0;
  #brackets = 0;
  #soapBody = false;

  constructor(tables: Tables) {
    this.#names = tables.names;
    this.#judge = tables.judge;
  }

  begin(tape: Tape): void {
    this.#tape = tape;
    this.#state = State.Text;
    if (this.selectors.length > 0) this.selectors = [];
    this.#depth = 0;
    this.#tooDeep = 0;
    this.#rootDone = false;
    this.#started = false;
    this.#soapBody = false;
    this.#nameCount = 0;
    this.#clearToken();
    this.#rootOpenedAt = tape.open(TapeKind.Object);
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      if (this.#state >= State.Full) return;
      this.#byte(bytes[at]!);
    }
  }

  end(whole: boolean): ScanOutcome {
    if (this.#state === State.Invalid) return ScanOutcome.Invalid;
    if (this.#state === State.Full) return ScanOutcome.Cut;
    if (!this.#started) return ScanOutcome.Empty;
    if (!this.#rootDone) return whole ? ScanOutcome.Invalid : ScanOutcome.Cut;
    if (!this.#tape.reserve()) return ScanOutcome.Cut;
    this.#tape.close(this.#rootOpenedAt);
    if (this.#soapBody && this.selectors.length === 0) {
      this.selectors.push({ name: "soap", text: "" });
    }
    return ScanOutcome.Whole;
  }

  #byte(byte: number): void {
    switch (this.#state) {
      case State.Text:
        if (byte === LESS) this.#state = State.Tag;
        else this.#text(byte);
        return;
      case State.Tag:
        this.#tag(byte);
        return;
      case State.Name:
        if (isNameEnd(byte)) this.#openElement(byte);
        else this.#nameByte(byte);
        return;
      case State.Inside:
        this.#inside(byte);
        return;
      case State.Attribute:
        if (byte === 0x3d) this.#state = State.BeforeValue;
        else if (byte === GREATER) this.#state = State.Invalid;
        else if (!isSpace(byte)) this.#nameByte(byte);
        return;
      case State.BeforeValue:
        if (byte === 0x22 || byte === 0x27) {
          this.#quote = byte;
          this.#clearToken();
          this.#state = State.Value;
        } else if (!isSpace(byte)) this.#state = State.Invalid;
        return;
      case State.Value:
        if (byte === this.#quote) this.#attribute();
        else this.#gather(byte);
        return;
      case State.EndTag:
        if (byte === GREATER) this.#closeElement();
        return;
      default:
        this.#markup(byte);
    }
  }

  /** Instructions, comments, CDATA, declarations, and the end of an empty element. */
  #markup(byte: number): void {
    switch (this.#state) {
      case State.Instruction:
        if (byte === GREATER && this.#before === 0x3f) this.#state = State.Text;
        this.#before = byte;
        return;
      case State.Declaration:
        this.#declaration(byte);
        return;
      case State.Comment:
        if (byte === GREATER && this.#before === 2) this.#state = State.Text;
        this.#before = byte === 0x2d ? Math.min(2, this.#before + 1) : 0;
        return;
      case State.Cdata:
        if (byte === GREATER && this.#before >= 2) this.#state = State.Text;
        else if (byte !== 0x5d) this.#text(byte);
        this.#before = byte === 0x5d ? this.#before + 1 : 0;
        return;
      case State.Empty:
        if (byte !== GREATER) this.#state = State.Invalid;
        else this.#closeElement();
        return;
      default:
    }
  }

  #tag(byte: number): void {
    this.#nameCount = 0;
    this.#before = 0;
    if (byte === 0x2f) this.#state = State.EndTag;
    else if (byte === 0x3f) this.#state = State.Instruction;
    else if (byte === 0x21) {
      this.#state = State.Declaration;
      this.#brackets = 0;
    } else if (isNameEnd(byte) || (this.#depth === 0 && this.#rootDone))
      this.#state = State.Invalid;
    else {
      this.#state = State.Name;
      this.#nameByte(byte);
    }
  }

  /** `<!--`, `<![CDATA[`, or a document type with its internal subset, which is passed over. */
  #declaration(byte: number): void {
    if (this.#nameCount < 7) {
      this.#nameByte(byte);
      const text = Buffer.from(this.#name.buffer, 0, this.#nameCount).toString("latin1");
      if (text === "--") {
        this.#state = State.Comment;
        return;
      }
      if (text === "[CDATA[") {
        this.#state = State.Cdata;
        return;
      }
    }
    if (byte === 0x5b) this.#brackets += 1;
    else if (byte === 0x5d) this.#brackets -= 1;
    else if (byte === GREATER && this.#brackets <= 0) this.#state = State.Text;
  }

  #nameByte(byte: number): void {
    if (this.#nameCount >= nameBytesMax) return;
    this.#name[this.#nameCount] = byte;
    this.#nameCount += 1;
  }

  #openElement(byte: number): void {
    this.#started = true;
    if (this.#tooDeep > 0 || this.#depth > telemetryLimits.bodyDepthMax - 1) {
      this.#tooDeep += 1;
    } else {
      if (!this.#openParent() || !this.#tape.reserve()) {
        this.#state = State.Full;
        return;
      }
      const nameId = this.#localName();
      this.#depth += 1;
      this.#tape.name(nameId);
      this.#nameIds[this.#depth] = nameId;
      this.#openedAt[this.#depth] = -1;
      this.#noteSoap(nameId);
    }
    this.#clearToken();
    this.#state = State.Inside;
    this.#inside(byte);
  }

  /** Element names without their prefix: a prefix is the sender's choice. */
  #localName(): number {
    let start = 0;
    for (let at = 0; at < this.#nameCount; at += 1) if (this.#name[at] === 0x3a) start = at + 1;
    return this.#names.id(this.#name, start, this.#nameCount);
  }

  /** The first element within the body of a SOAP envelope names the operation; where there is none, its action does. */
  #noteSoap(nameId: number): void {
    const name = this.#names.text(nameId);
    if (this.#depth === 2 && name === "Body") {
      this.#soapBody = this.#names.text(this.#nameIds[1]!) === "Envelope";
    } else if (this.#depth === 3 && this.#soapBody && this.selectors.length === 0) {
      this.selectors.push({ name: "soap", text: name });
    }
  }

  /** Makes the element at the current depth an object, if it was not one; what text it had becomes `#text`. */
  #openParent(): boolean {
    const depth = this.#depth;
    if (depth === 0 || this.#openedAt[depth]! >= 0) return true;
    if (!this.#tape.reserve()) return false;
    this.#openedAt[depth] = this.#tape.open(TapeKind.Object);
    return true;
  }

  #inside(byte: number): void {
    if (isSpace(byte)) return;
    if (byte === GREATER) this.#state = State.Text;
    else if (byte === 0x2f) this.#state = State.Empty;
    else {
      this.#nameCount = 0;
      this.#nameByte(0x40);
      this.#nameByte(byte);
      this.#state = State.Attribute;
    }
  }

  #attribute(): void {
    this.#state = State.Inside;
    const text = Buffer.from(this.#name.buffer, 0, this.#nameCount).toString("latin1");
    const declares = text === "@xmlns" || text.startsWith("@xmlns:");
    if (!declares && this.#tooDeep === 0) {
      const nameId = this.#names.id(this.#name, 0, this.#nameCount);
      if (!this.#openParent()) this.#state = State.Full;
      else this.#member(nameId);
    }
    this.#clearToken();
  }

  #member(nameId: number): void {
    if (!this.#tape.reserve()) {
      this.#state = State.Full;
      return;
    }
    this.#tape.name(nameId);
    this.#writeToken(nameId);
  }

  #writeToken(nameId: number): void {
    const end = this.#tokenCount;
    const mask = this.#mask & ~Char.JsonStop;
    this.#judge.string(this.#names.flags[nameId]!, this.#token, 0, end, this.#tokenBytes, mask);
    this.#judge.write(this.#tape, false);
  }

  #closeElement(): void {
    this.#state = State.Text;
    if (this.#tooDeep > 0) {
      this.#tooDeep -= 1;
      return;
    }
    const depth = this.#depth;
    if (depth === 0) {
      this.#state = State.Invalid;
      return;
    }
    this.#trimToken();
    const openedAt = this.#openedAt[depth]!;
    if (!this.#tape.reserve()) this.#state = State.Full;
    else if (openedAt < 0) this.#writeToken(this.#nameIds[depth]!);
    else {
      if (this.#tokenBytes > 0) this.#member(this.#names.intern("#text"));
      if (this.#tape.reserve()) this.#tape.close(openedAt);
      else this.#state = State.Full;
    }
    this.#clearToken();
    this.#depth = depth - 1;
    if (this.#depth === 0) this.#rootDone = true;
  }

  #text(byte: number): void {
    if (this.#depth === 0) {
      const mark = byte === 0xef || byte === 0xbb || byte === 0xbf;
      if (!isSpace(byte) && !mark) this.#state = State.Invalid;
      return;
    }
    if (this.#tooDeep > 0 || (this.#tokenBytes === 0 && isSpace(byte))) return;
    this.#gather(byte);
  }

  #gather(byte: number): void {
    this.#tokenBytes += 1;
    this.#mask |= CHAR_BITS[byte]!;
    if (this.#tokenCount >= this.#token.length) return;
    this.#token[this.#tokenCount] = byte;
    this.#tokenCount += 1;
  }

  /** Leaves out white space behind a text, which only lays the document out. */
  #trimToken(): void {
    if (this.#tokenBytes > this.#tokenCount) return;
    const before = this.#tokenCount;
    while (this.#tokenCount > 0 && isSpace(this.#token[this.#tokenCount - 1]!))
      this.#tokenCount -= 1;
    if (this.#tokenCount === before) return;
    this.#tokenBytes = this.#tokenCount;
    this.#mask = 0;
    for (let at = 0; at < this.#tokenCount; at += 1) this.#mask |= CHAR_BITS[this.#token[at]!]!;
  }

  #clearToken(): void {
    this.#tokenCount = 0;
    this.#tokenBytes = 0;
    this.#mask = 0;
  }
}

const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const isNameEnd = (byte: number): boolean => isSpace(byte) || byte === GREATER || byte === 0x2f;
