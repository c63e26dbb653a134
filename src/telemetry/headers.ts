import { telemetryLimits } from "../base/limits.ts";
import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";
import { isCredentialName } from "./credentials.ts";
import type { Judge } from "./judge.ts";
import type { NameTable } from "./names.ts";
import type { ParameterWriter } from "./parameters.ts";

/** Numbers a field has in `Head.fields`. */
export const FIELD_STRIDE = 5;

/**
 * Headers of the protocol, of browsers, proxies and tracing, and those that bear credentials: that they came is
 * counted, their values are not looked at. Everything else may be the API's own.
 */
const UNREAD = new Set(
  (
    "host content-type content-length transfer-encoding content-encoding connection upgrade " +
    "user-agent accept accept-encoding accept-language accept-charset date server content-range range " +
    "if-range if-match if-none-match if-modified-since if-unmodified-since last-modified cache-control pragma " +
    "expires age vary via forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-prefix " +
    "x-real-ip traceparent tracestate baggage x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled origin referer expect te " +
    "trailer keep-alive proxy-authenticate proxy-connection www-authenticate http2-settings " +
    "sec-websocket-key sec-websocket-version sec-websocket-accept sec-websocket-protocol sec-websocket-extensions allow " +
    "accept-ranges access-control-allow-origin access-control-allow-methods access-control-allow-headers " +
    "access-control-allow-credentials access-control-expose-headers access-control-max-age access-control-request-method " +
    "access-control-request-headers strict-transport-security content-security-policy x-content-type-options x-frame-options " +
    "x-xss-protection x-powered-by referrer-policy permissions-policy dnt upgrade-insecure-requests sec-fetch-dest " +
    "sec-fetch-mode sec-fetch-site sec-fetch-user sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform priority max-forwards from " +
    "alt-svc x-envoy-upstream-service-time x-envoy-decorator-operation x-envoy-attempt-count cf-ray cf-connecting-ip " +
    "cf-cache-status cf-visitor cf-ipcountry nel report-to x-amz-cf-id x-amz-cf-pop x-cache x-served-by x-timer " +
    "x-amzn-trace-id x-cloud-trace-context x-datadog-trace-id x-datadog-parent-id x-datadog-sampling-priority " +
    "x-runtime x-aspnet-version x-dns-prefetch-control x-download-options x-permitted-cross-domain-policies"
  ).split(" "),
);

const SECRET = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

/** Bits beside a name's number in `HeaderNames`. */
const UNREAD_BIT = 1;
const CREDENTIAL_BIT = 2;
/** Never read, whatever anybody says. */
const SECRET_BIT = 4;
const SHIFT = 3;

/** Values are new with every message (request ids, entity tags): nothing can be learned from them. */
const FLEETING =
  /request-?id|correlation|trace|span|etag|nonce|idempotency|transaction-?id|csrf|xsrf/;

/** The names of a head in their order, which most messages of one client and one server share. */
export interface HeadPattern {
  readonly headerIds: readonly number[];
  readonly nameIds: readonly number[];
  /** Names of those that bear credentials. */
  readonly credentials: readonly string[];
}

/** What the numbers that `http/` gives to header names mean here: kept by number, since heads come in thousands. */
export class HeaderNames {
  readonly #names: NameTable;
  readonly #patterns: HeadPattern[] = [];
  readonly #patternOf = new Map<number, number>();
  /** By header name number: name number in `NameTable`, shifted left, and the bits above. */
  #known: (number | undefined)[] = [];

  constructor(names: NameTable) {
    this.#names = names;
  }

  /**
   * Counts every field of a head, judges the values of those that may be the API's own, and adds the names of
   * those that bear credentials to `credentials`. `own`: names that are the API's, as somebody said.
   */
  observe(
    head: Head,
    into: ParameterWriter,
    judge: Judge,
    credentials: string[] | null,
    own: ReadonlySet<string> | null,
  ): void {
    const fields = head.fields;
    const count = head.fieldCount;
    for (let index = 0; index < count; index += 1) {
      const at = index * FIELD_STRIDE;
      const headerId = fields[at]!;
      let known = this.#known[headerId];
      if (known === undefined || headerId === HeaderName.None)
        known = this.#add(head, index, headerId);
      const nameId = known >> SHIFT;
      const field = into.count(nameId);
      if ((known & CREDENTIAL_BIT) !== 0) credentials?.push(this.#names.text(nameId));
      if (!into.wants(field)) continue;
      if ((known & SECRET_BIT) !== 0) continue;
      if ((known & UNREAD_BIT) !== 0 && own?.has(this.#names.text(nameId)) !== true) continue;
      judge.text(this.#names.flags[nameId]!, head.bytes, fields[at + 3]!, fields[at + 4]!);
      into.observe(field, judge);
    }
  }

  /** Number of the pattern of a head's names; -1 where it has none, for want of room or for a name without a number. */
  patternOf(head: Head): number {
    const { fields, fieldCount } = head;
    let hash = fieldCount;
    for (let at = 0; at < fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
      hash = (Math.imul(hash, 31) + fields[at]!) | 0;
    }
    const known = this.#patternOf.get(hash);
    if (known === undefined) return this.#addPattern(head, hash);
    const { headerIds } = this.#patterns[known]!;
    if (headerIds.length !== fieldCount) return -1;
    for (let index = 0; index < fieldCount; index += 1) {
      if (headerIds[index] !== fields[index * FIELD_STRIDE]) return -1;
    }
    return known;
  }

  /** Where there is no room for more, all are forgotten: nothing may be counted by them. */
  renewPatterns(): void {
    if (this.#patterns.length < telemetryLimits.headPatternsMax) return;
    this.#patterns.length = 0;
    this.#patternOf.clear();
  }

  pattern(number: number): HeadPattern {
    return this.#patterns[number]!;
  }

  #addPattern(head: Head, hash: number): number {
    const { fieldCount } = head;
    const number = this.#patterns.length;
    if (number === telemetryLimits.headPatternsMax) return -1;
    if (fieldCount > telemetryLimits.headPatternFieldsMax) return -1;
    const headerIds = Array.from({ length: fieldCount }, (_, index) => head.nameIdAt(index));
    if (headerIds.includes(HeaderName.None)) return -1;
    const known = headerIds.map((id, index) => this.#known[id] ?? this.#add(head, index, id));
    this.#patterns.push({
      headerIds,
      nameIds: known.map((each) => each >> SHIFT),
      credentials: known
        .filter((each) => (each & CREDENTIAL_BIT) !== 0)
        .map((each) => this.#names.text(each >> SHIFT)),
    });
    this.#patternOf.set(hash, number);
    return number;
  }

  #add(head: Head, index: number, headerId: number): number {
    const name = head.nameAt(index);
    let known = this.#names.intern(name) << SHIFT;
    if (SECRET.has(name)) known |= SECRET_BIT;
    else if (UNREAD.has(name) || FLEETING.test(name)) known |= UNREAD_BIT;
    else if (isCredentialName(name)) known |= SECRET_BIT | CREDENTIAL_BIT;
    if (headerId !== HeaderName.None) this.#known[headerId] = known;
    return known;
  }
}
