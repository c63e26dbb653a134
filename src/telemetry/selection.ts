/**
 * Which exchanges teach. The operator's rules come first, then the table of noise (`noise.ts`). Pure: what an
 * exchange is decides, nothing that came before it.
 */
import type { PortRange } from "../base/forms.ts";
import { type Exchange, ExchangeFlag } from "../http/exchange.ts";
import type { Head } from "../http/head.ts";
import { mediaTypeOfHead } from "./mediatype.ts";
import { type Call, type NoiseRule, noiseRules } from "./noise.ts";

export interface Selection {
  /** Three characters each, `x` standing for any digit: `200`, `20x`, `2xx`. Empty lets none through. */
  readonly statuses: readonly string[];
  /** Ports of the server; empty is all. */
  readonly ports: readonly PortRange[];
  /** In lower case; an exchange with one of them, in request or response, is dropped. */
  readonly excludeHeaders: readonly string[];
  /** Whether the table of noise applies, and which of its rules do not. */
  readonly noise: boolean;
  readonly noiseOff?: readonly string[];
}

export const defaultSelection: Selection = {
  statuses: ["2xx"],
  ports: [],
  excludeHeaders: [],
  noise: true,
};

/** Why an exchange does not teach; the names are stable, in logs and metrics. A noise rule's has its name behind it. */
export const REASONS = [
  "selected",
  "no-request",
  "no-response",
  "bad-framing",
  "bad-target",
  "port",
  "excluded-header",
  "status",
  "cut-head",
  "passed-on",
  "ignored",
  ...noiseRules.map((rule) => `noise-${rule.name}`),
] as const;

/** Index into `REASONS`. */
export const Reason = {
  Selected: 0,
  NoRequest: 1,
  NoResponse: 2,
  BadFraming: 3,
  BadTarget: 4,
  Port: 5,
  ExcludedHeader: 6,
  Status: 7,
  CutHead: 8,
  /** Heard again, farther from the service: it counts there. */
  PassedOn: 9,
  /** A hint says so (`corrections.ts`): never the selector. */
  Ignored: 10,
  FirstNoise: 11,
} as const;

export class Selector {
  /** By status: whether it is let in. */
  readonly #statuses = new Uint8Array(1000);
  /** By port, or null where all are. */
  readonly #ports: Uint8Array | null;
  readonly #excluded: ReadonlySet<string>;
  readonly #rules: readonly (NoiseRule | null)[];
  readonly #call: { -readonly [Key in keyof Call]: Call[Key] };

  constructor(selection: Selection) {
    for (const pattern of selection.statuses) this.#allow(pattern);
    // RFC 9110, section 15: codes outside of 100 to 599 are invalid, and no description can name them.
    this.#statuses.fill(0, 0, 100).fill(0, 600);
    this.#ports = selection.ports.length === 0 ? null : new Uint8Array(65_536);
    for (const { first, last } of selection.ports) this.#ports?.fill(1, first, last + 1);
    this.#excluded = new Set(selection.excludeHeaders.map((name) => name.toLowerCase()));
    const off = new Set(selection.noiseOff ?? []);
    this.#rules = noiseRules.map((rule) => (selection.noise && !off.has(rule.name) ? rule : null));
    this.#call = {
      method: "",
      path: "",
      hasQuery: false,
      status: 0,
      upgraded: false,
      request: NO_HEAD,
      response: NO_HEAD,
      contentType: "",
      contentTypeParameters: "",
    };
  }

  #allow(pattern: string): void {
    const [hundredsFirst, hundredsEnd] = digitsOf(pattern.charAt(0));
    const [tensFirst, tensEnd] = digitsOf(pattern.charAt(1));
    const [onesFirst, onesEnd] = digitsOf(pattern.charAt(2));
    for (let hundreds = hundredsFirst; hundreds < hundredsEnd; hundreds += 1)
      for (let tens = tensFirst; tens < tensEnd; tens += 1)
        this.#statuses.fill(
          1,
          hundreds * 100 + tens * 10 + onesFirst,
          hundreds * 100 + tens * 10 + onesEnd,
        );
  }

  allowsStatus(status: number): boolean {
    return this.#statuses[status] === 1;
  }

  /** Whether an exchange whose request is known may still be selected: cheap, asked before its body is read. */
  mayTeach(exchange: Exchange): boolean {
    if (this.#ports !== null && this.#ports[exchange.connection.server.port] !== 1) return false;
    if (exchange.method === "CONNECT" || exchange.method === "TRACE") return false;
    return exchange.request === null || !this.#isExcluded(exchange.request.head);
  }

  /** Index into `REASONS`; 0 where the exchange teaches. */
  select(exchange: Exchange): number {
    const { request, response } = exchange;
    if (request === null || (exchange.flags & ExchangeFlag.noRequest) !== 0)
      return Reason.NoRequest;
    if (response === null || (exchange.flags & ExchangeFlag.noResponse) !== 0) {
      return Reason.NoResponse;
    }
    if ((exchange.flags & ExchangeFlag.badFraming) !== 0) return Reason.BadFraming;
    if ((exchange.flags & ExchangeFlag.headCut) !== 0) return Reason.CutHead;
    if (this.#ports !== null && this.#ports[exchange.connection.server.port] !== 1) {
      return Reason.Port;
    }
    if (this.#isExcluded(request.head) || this.#isExcluded(response.head)) {
      return Reason.ExcludedHeader;
    }
    const noise = this.#noise(exchange, request.head, response.head);
    if (noise !== Reason.Selected) return noise;
    return this.#statuses[exchange.status] === 1 ? Reason.Selected : Reason.Status;
  }

  #isExcluded(head: Head): boolean {
    if (this.#excluded.size === 0) return false;
    for (let index = 0; index < head.fieldCount; index += 1) {
      if (this.#excluded.has(head.nameAt(index))) return true;
    }
    return false;
  }

  #noise(exchange: Exchange, request: Head, response: Head): number {
    const call = this.#call;
    const path = pathOf(exchange.target);
    call.method = exchange.method;
    call.path = path.toLowerCase();
    call.hasQuery = path.length < exchange.target.length;
    call.status = exchange.status;
    call.upgraded = (exchange.flags & ExchangeFlag.upgraded) !== 0;
    call.request = request;
    call.response = response;
    const type = mediaTypeOfHead(response);
    call.contentType = type.name;
    call.contentTypeParameters = type.parameters;
    for (let index = 0; index < this.#rules.length; index += 1) {
      const rule = this.#rules[index];
      if (rule?.test(call)) return Reason.FirstNoise + index;
    }
    // `OPTIONS *` asks the server about itself (RFC 9110, section 9.3.7); an authority belongs to CONNECT.
    return path === "" || path.startsWith("/") ? Reason.Selected : Reason.BadTarget;
  }
}

/** Values of the digit that a character of a pattern stands for, half-open; none where it stands for none. */
function digitsOf(character: string): readonly [first: number, end: number] {
  if (character === "x" || character === "X") return [0, 10];
  const digit = "0123456789".indexOf(character);
  return digit < 0 || character === "" ? [0, 0] : [digit, digit + 1];
}

/** The path of an origin-form or absolute-form target, without its query; the target itself in other forms. */
function pathOf(target: string): string {
  let start = 0;
  if (!target.startsWith("/")) {
    const scheme = target.indexOf("://");
    if (scheme < 0) return target;
    start = target.indexOf("/", scheme + 3);
    if (start < 0) return "/";
  }
  const query = target.indexOf("?", start);
  return query < 0 ? target.slice(start) : target.slice(start, query);
}

const NO_HEAD: Head = {
  bytes: new Uint8Array(0),
  byteCount: 0,
  fieldCount: 0,
  fields: new Int32Array(0),
  value: () => null,
  has: () => false,
  nameIdAt: () => 0,
  nameAt: () => "",
  valueAt: () => "",
};
