import { Counters } from "../base/counters.ts";
import { telemetryLimits } from "../base/limits.ts";
import type { BodySink, Exchange, ExchangeObserver, Message } from "../http/exchange.ts";
import { HeaderName } from "../http/headername.ts";
import { BodyScan } from "./bodyscan.ts";
import type { Book } from "./book.ts";
import {
  authorizationCredential,
  cookieCredential,
  credentialSet,
  grantCredential,
  headerCredential,
} from "./credentials.ts";
import { forgetFields } from "./freeze.ts";
import { HeaderNames } from "./headers.ts";
import { Joiner } from "./join.ts";
import { ScanOutcome } from "./jsonscanner.ts";
import { observeLatency } from "./latency.ts";
import {
  ApiTally,
  type BodiesTally,
  freezeNode,
  type OperationTally,
  RequestTally,
  ResponseTally,
} from "./live.ts";
import { type MediaType, mediaTypeOf } from "./mediatype.ts";
import { PairReader } from "./pairs.ts";
import { ParameterWriter } from "./parameters.ts";
import type { PrivacyRules } from "./privacy.ts";
import { REASONS, Reason, type Selection, Selector } from "./selection.ts";
import { operationSelector } from "./selector.ts";
import type { ApiSummary } from "./summary.ts";
import { Tables } from "./tables.ts";
import { isPrivateAddress, parseAuthority, Target } from "./target.ts";
import { observeTime } from "./timebuckets.ts";
import { release, Trie } from "./trie.ts";

/** Stable names of what was counted beside the reasons of `REASONS`. */
export const TALLIES = [
  "bodies-scanned",
  "bodies-truncated",
  "bodies-invalid",
  "bodies-over-limit",
  "bodies-not-scanned",
  "names-refused",
  "nodes-refused",
  "paths-refused",
  "apis-forgotten",
] as const;
export type TallyName = (typeof TALLIES)[number];

const Tally = {
  Scanned: 0,
  Truncated: 1,
  Invalid: 2,
  OverLimit: 3,
  NotScanned: 4,
  NamesRefused: 5,
  NodesRefused: 6,
  PathsRefused: 7,
  ApisForgotten: 8,
} as const;

/** What became of an exchange: `REASONS[reason]`. */
export interface Verdict {
  readonly selected: boolean;
  readonly reason: string;
}

const VERDICTS: readonly Verdict[] = REASONS.map((reason, index) => ({
  selected: index === Reason.Selected,
  reason,
}));

export interface TelemetryOptions {
  readonly selection: Selection;
  readonly privacy: PrivacyRules;
  /** At least 8 bytes: one key an installation, or one an offline job. */
  readonly hashKey: Uint8Array;
  /** Which workload answers at an address (`namespace/kind/name`), empty where that is not known. */
  readonly workloadOf?: (ip: string, port: number) => string;
  readonly onExchange?: (exchange: Exchange, verdict: Verdict) => void;
}

/**
 * Exchanges in, summaries out. Bodies are scanned as they pass, each into a scratch of its own; when an exchange
 * is over and selected, its scratch joins the summary of its API. Nothing of a value outlives that.
 */
export class Telemetry implements ExchangeObserver {
  readonly counters = new Counters<TallyName>(TALLIES);
  /** Exchanges by what became of them. */
  readonly reasons = new Counters<string>(REASONS);
  readonly #options: TelemetryOptions;
  readonly #selector: Selector;
  readonly #budget = { left: telemetryLimits.shapeNodesMax, refused: 0 };
  readonly #tables: Tables;
  readonly #joiner: Joiner;
  readonly #headers: HeaderNames;
  readonly #pairs: PairReader;
  readonly #trie: Trie;
  readonly #parameters: ParameterWriter;
  readonly #target = new Target();
  #apis = new Map<string, ApiTally>();
  readonly #free: BodyScan[] = [];
  #scansAlive = 0;
  /** Serial number of the message that is counted: tells repeated parameters from new ones. */
  #message = 0;
  readonly #credentials: string[] = [];

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#selector = new Selector(options.selection);
    this.#tables = new Tables(options.hashKey, options.privacy);
    this.#joiner = new Joiner(this.#tables);
    this.#parameters = new ParameterWriter(forgetFields(this.#tables));
    this.#headers = new HeaderNames(this.#tables.names);
    this.#pairs = new PairReader(this.#tables.names, this.#tables.judge);
    this.#trie = new Trie(this.#tables, options.privacy, this.#budget);
  }

  requestHead(exchange: Exchange): BodySink | null {
    if (!this.#selector.mayTeach(exchange)) return null;
    const head = exchange.request?.head;
    return head === undefined ? null : this.#scan(mediaTypeOf(head.value(HeaderName.ContentType)));
  }

  responseHead(exchange: Exchange): BodySink | null {
    if (exchange.request === null || !this.#selector.allowsStatus(exchange.status)) return null;
    if (exchange.method === "HEAD" || !this.#selector.mayTeach(exchange)) return null;
    const head = exchange.response?.head;
    return head === undefined ? null : this.#scan(mediaTypeOf(head.value(HeaderName.ContentType)));
  }

  exchange(exchange: Exchange): void {
    const reason = this.#selector.select(exchange);
    this.reasons.add(reason);
    if (reason === Reason.Selected || reason === Reason.Status) this.#observe(exchange, reason);
    this.#options.onExchange?.(exchange, VERDICTS[reason]!);
    this.#release(exchange.request);
    this.#release(exchange.response);
  }

  /** What was learned since the last `take`, as values of their own. APIs with refused calls only are left out. */
  summaries(): ApiSummary[] {
    return this.#freeze(false);
  }

  /** The same for a delta, with operations of which every call was refused; then all begins anew. */
  take(): ApiSummary[] {
    const summaries = this.#freeze(true);
    this.#apis = new Map();
    this.#trie.nodeCount = 0;
    this.#budget.left = telemetryLimits.shapeNodesMax;
    return summaries;
  }

  #freeze(keepRefused: boolean): ApiSummary[] {
    const summaries: ApiSummary[] = [];
    for (const api of this.#apis.values()) {
      if (api.calls === 0 && !keepRefused) continue;
      summaries.push({
        key: api.key,
        root: freezeNode(api, api.root, this.#tables, keepRefused),
        serverAddresses: new Map(api.serverAddresses),
        limits: new Map(api.limits),
      });
    }
    return summaries;
  }

  #scan(mediaType: MediaType): BodySink | null {
    let scan = this.#free.pop();
    if (scan === undefined) {
      if (this.#scansAlive >= telemetryLimits.bodiesMax) {
        this.counters.add(Tally.NotScanned);
        return null;
      }
      scan = new BodyScan(this.#tables, mediaType);
    }
    this.#scansAlive += 1;
    scan.begin(mediaType);
    return scan;
  }

  #release(message: Message | null): void {
    const scan = message?.sink;
    if (!(scan instanceof BodyScan)) return;
    if (message !== null) message.sink = null;
    this.#scansAlive -= 1;
    if (this.#free.length < pooledScansMax && scan.scratchBytes <= pooledScratchBytes) {
      this.#free.push(scan);
    }
  }

  #observe(exchange: Exchange, reason: number): void {
    const target = this.#target;
    target.read(exchange.target);
    const api = this.#api(exchange);
    const refused = reason !== Reason.Selected;
    if (refused) api.refused += 1;
    else api.calls += 1;
    const node = this.#trie.reach(api, target, refused);
    if (node === null) {
      this.counters.add(Tally.PathsRefused);
      return;
    }
    const scan = exchange.request?.sink;
    const selector = scan instanceof BodyScan ? operationSelector(scan.selectors) : "";
    const method = methodName(exchange.method);
    const key = selector === "" ? method : `${method} ${selector}`;
    const operation = this.#trie.operation(api, node, key);
    if (operation === null) return;
    countCall(operation, exchange, refused);
    if (refused) return;
    this.#countCaller(operation, exchange.connection.client.ip);
    if (exchange.status < 400) this.#request(operation, exchange.request!);
    this.#response(operation, exchange, exchange.response!);
  }

  #api(exchange: Exchange): ApiTally {
    const { server } = exchange.connection;
    const target = this.#target;
    const named =
      target.authority === "" ? exchange.request!.head.value(HeaderName.Host) : target.authority;
    const authority = named === null ? null : parseAuthority(named);
    const host = authority?.host ?? server.ip;
    const scheme = target.scheme === "https" ? "https" : "http";
    let port = server.port;
    if (target.authority !== "" && authority !== null && authority.host !== null) {
      port = authority.port === 0 ? (scheme === "https" ? 443 : 80) : authority.port;
    }
    const workload = this.#options.workloadOf?.(server.ip, server.port) ?? "";
    const text = `${host}|${port}|${scheme}|${workload}`;
    let api = this.#apis.get(text);
    if (api === undefined) {
      if (this.#apis.size >= telemetryLimits.apisMax) this.#forgetApis();
      api = new ApiTally({ workload, host, port, scheme }, this.#budget);
      this.#apis.set(text, api);
      this.#trie.nodeCount += 1;
    }
    const calls = api.serverAddresses.get(server.ip);
    if (calls !== undefined) api.serverAddresses.set(server.ip, calls + 1);
    else if (api.serverAddresses.size < telemetryLimits.serverAddressesMax) {
      api.serverAddresses.set(server.ip, 1);
    } else api.mark("serverAddressesMax");
    return api;
  }

  /** Half of the APIs stay: those heard most, of equals the later ones. */
  #forgetApis(): void {
    const order = [...this.#apis].map(([text, api], at) => ({ text, api, at }));
    order.sort((a, b) => b.api.calls - a.api.calls || b.api.refused - a.api.refused || b.at - a.at);
    for (const { text, api } of order.slice(order.length >> 1)) {
      this.#apis.delete(text);
      this.#trie.nodeCount -= api.nodeCount;
      release(api, api.root);
      this.counters.add(Tally.ApisForgotten);
    }
  }

  #countCaller(operation: OperationTally, ip: string): void {
    if (isPrivateAddress(ip)) operation.internalCalls += 1;
    else operation.externalCalls += 1;
    if (!this.#options.privacy.callers) return;
    const { callers } = operation;
    const calls = callers.get(ip);
    if (calls !== undefined) callers.set(ip, calls + 1);
    else {
      if (callers.size >= telemetryLimits.callersMax) forgetCallers(callers);
      callers.set(ip, 1);
    }
  }

  #request(operation: OperationTally, message: Message): void {
    operation.request ??= new RequestTally();
    const request = operation.request;
    const credentials = this.#credentials;
    credentials.length = 0;
    this.#message += 1;
    request.calls += 1;
    const { head } = message;
    const { book } = operation;
    const parameters = this.#parameters;
    if (request.headers === 0) request.headers = book.node(0);
    parameters.begin(book, request.headers, this.#message);
    this.#headers.observe(head, parameters, this.#tables.judge, credentials);
    for (let at = 0; at < credentials.length; at += 1) {
      credentials[at] = headerCredential(credentials[at]!);
    }
    const authorization = authorizationCredential(head);
    if (authorization !== null) credentials.push(authorization);
    const target = this.#target;
    if (target.queryStart < target.queryEnd) {
      if (request.query === 0) request.query = book.node(0);
      parameters.begin(book, request.query, this.#message);
      this.#pairs.query(target, parameters, credentials);
    }
    if (head.has(HeaderName.Cookie)) this.#cookies(head, operation, request, credentials);
    const scan = message.sink;
    if (scan instanceof BodyScan) {
      for (const { name, text } of scan.selectors) {
        if (name === "grant_type" && scan.kind === "form") credentials.push(grantCredential(text));
      }
    }
    const set = credentialSet(credentials);
    const calls = request.credentials.get(set);
    if (calls !== undefined || request.credentials.size < telemetryLimits.credentialSetsMax) {
      request.credentials.set(set, (calls ?? 0) + 1);
    }
    this.#body(message, operation.book, request.bodies);
    operation.requestBytes += message.bodyBytes;
  }

  #cookies(
    head: Message["head"],
    operation: OperationTally,
    request: RequestTally,
    credentials: string[],
  ): void {
    if (request.cookies === 0) request.cookies = operation.book.node(0);
    this.#parameters.begin(operation.book, request.cookies, this.#message);
    for (let index = 0; index < head.fieldCount; index += 1) {
      if (head.nameIdAt(index) !== HeaderName.Cookie) continue;
      const start = head.fields[index * 5 + 3]!;
      const end = head.fields[index * 5 + 4]!;
      this.#pairs.cookies(head.bytes, start, end, this.#parameters, (name) => {
        const credential = cookieCredential(name);
        if (credential !== null) credentials.push(credential);
      });
    }
  }

  #response(operation: OperationTally, exchange: Exchange, message: Message): void {
    let response = operation.responses.get(exchange.status);
    if (response === undefined) {
      if (operation.responses.size >= telemetryLimits.statusesMax) return;
      response = new ResponseTally();
      operation.responses.set(exchange.status, response);
    }
    response.calls += 1;
    this.#message += 1;
    if (response.headers === 0) response.headers = operation.book.node(0);
    this.#parameters.begin(operation.book, response.headers, this.#message);
    this.#headers.observe(message.head, this.#parameters, this.#tables.judge, null);
    this.#body(message, operation.book, response.bodies);
    operation.responseBytes += message.bodyBytes;
  }

  #body(message: Message, book: Book, into: BodiesTally): void {
    const scan = message.sink instanceof BodyScan ? message.sink : null;
    if (message.bodyBytes === 0 && (scan === null || scan.byteCount === 0)) {
      into.bodiless += 1;
      return;
    }
    const mediaType =
      scan === null ? mediaTypeOf(message.head.value(HeaderName.ContentType)) : scan.mediaType;
    const body = into.of(mediaType.name);
    if (body === null) return;
    body.count += 1;
    body.bytes += message.bodyBytes;
    if (scan === null) {
      this.counters.add(Tally.NotScanned, message.bodyBytes);
      return;
    }
    scan.end(message.complete);
    body.kinds.set(scan.kind, (body.kinds.get(scan.kind) ?? 0) + 1);
    if (scan.overLimit) this.counters.add(Tally.OverLimit, scan.byteCount);
    if (scan.outcome === ScanOutcome.Invalid) {
      body.invalid += 1;
      this.counters.add(Tally.Invalid, scan.byteCount);
      return;
    }
    if (scan.outcome === ScanOutcome.Cut) {
      body.truncated += 1;
      this.counters.add(Tally.Truncated, scan.byteCount);
    } else {
      body.scanned += 1;
      this.counters.add(Tally.Scanned, scan.byteCount);
    }
    if (scan.tape.count === 0) return;
    if (body.root === 0) body.root = book.node(0);
    this.#joiner.join(scan.tape, book, body.root);
  }

  /** What the tables refused so far, brought into `counters`; called before they are read. */
  refreshCounters(): void {
    const refused = this.#tables.names.refused;
    for (let count = this.counters.count(Tally.NamesRefused); count < refused; count += 1) {
      this.counters.add(Tally.NamesRefused);
    }
  }
}

const pooledScansMax = 256;
const pooledScratchBytes = 65_536;

const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]);

/** Methods are tokens (RFC 9110, section 9.1); what no one would register is written as one name. */
function methodName(method: string): string {
  if (METHODS.has(method)) return method;
  return /^[A-Z][A-Z-]{1,19}$/.test(method) ? method : "OTHER";
}

function countCall(operation: OperationTally, exchange: Exchange, refused: boolean): void {
  const timeMs = exchange.request!.startTimeMs;
  if (timeMs < operation.firstMs) operation.firstMs = timeMs;
  if (timeMs > operation.lastMs) operation.lastMs = timeMs;
  if (refused) operation.refused += 1;
  else operation.calls += 1;
  const statusClass = Math.floor(exchange.status / 100) - 1;
  if (statusClass >= 0 && statusClass < 5) operation.statusClasses[statusClass]! += 1;
  observeTime(operation.buckets, timeMs, 1, exchange.status >= 400 ? 1 : 0);
  const latencyMs = exchange.response!.startTimeMs - exchange.request!.endTimeMs;
  observeLatency(operation.latency, Math.max(0, latencyMs));
}

function forgetCallers(callers: Map<string, number>): void {
  const order = [...callers].sort(([, a], [, b]) => a - b);
  for (const [ip] of order.slice(0, order.length >> 1)) callers.delete(ip);
}
