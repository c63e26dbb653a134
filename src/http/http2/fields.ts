import { Buffer } from "node:buffer";
import { httpLimits } from "../../base/limits.ts";

/**
 * The fields of one header block, written as the head that HTTP/1.1 would have (RFC 9113, section 8.3), so that whatever reads
 * heads need know one form. Reused.
 */
export class HeadFields {
  /** Fields that say something of the message as a whole begin with a colon. */
  readonly #pseudo = new Map<string, string>();
  readonly #lines: string[] = [];
  #byteCount = 0;
  #hasHost = false;
  #isMalformed = false;

  readonly take = (name: string, value: string): void => {
    this.#byteCount += name.length + value.length + SEPARATOR_BYTES;
    if (this.tooLong) return;
    if (!NAME.test(name) || !VALUE.test(value)) this.#isMalformed = true;
    else if (name.startsWith(":")) this.#pseudo.set(name, value);
    else {
      if (name === "host") this.#hasHost = true;
      this.#lines.push(`${name}: ${value}`);
    }
  };

  begin(): void {
    this.#pseudo.clear();
    this.#lines.length = 0;
    this.#byteCount = FIRST_LINE_BYTES;
    this.#hasHost = false;
    this.#isMalformed = false;
  }

  get tooLong(): boolean {
    return this.#byteCount > httpLimits.headBytesMax;
  }

  /** 0 where there is none that could be one. */
  get status(): number {
    const text = this.#pseudo.get(":status") ?? "";
    return /^[1-9]\d\d$/.test(text) ? Number(text) : 0;
  }

  /** Null where the fields make no request (section 8.1.1). */
  request(): Buffer | null {
    const method = this.#pseudo.get(":method") ?? "";
    const authority = this.#pseudo.get(":authority") ?? "";
    const target = method === "CONNECT" ? authority : (this.#pseudo.get(":path") ?? "");
    if (this.#isMalformed || !METHOD.test(method) || !TARGET.test(target)) return null;
    const host = this.#hasHost || authority === "" ? [] : [`host: ${authority}`];
    return this.#head(`${method} ${target} HTTP/1.1`, host);
  }

  /** Null where the fields make no response. */
  response(): Buffer | null {
    if (this.#isMalformed || this.status === 0) return null;
    return this.#head(`HTTP/1.1 ${this.status} `, []);
  }

  #head(firstLine: string, more: readonly string[]): Buffer {
    return Buffer.from([firstLine, ...more, ...this.#lines, "", ""].join("\r\n"), "latin1");
  }
}

/** Colon, blank and line end of a field. */
const SEPARATOR_BYTES = 4;
/** Around method and target. */
const FIRST_LINE_BYTES = 32;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;
const TARGET = /^[!-~\x80-\xff]+$/;
/** Section 8.2.1: names are in lower case. */
const NAME = /^:?[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[^\0\r\n]*$/;
