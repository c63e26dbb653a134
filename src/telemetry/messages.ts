import type { Counters } from "../base/counters.ts";
import { telemetryLimits } from "../base/limits.ts";
import type { Exchange, Message } from "../http/exchange.ts";
import { HeaderName } from "../http/headername.ts";
import { Look } from "./attention.ts";
import { BodyScan } from "./bodyscan.ts";
import type { Book } from "./book.ts";
import {
  authorizationCredential,
  credentialSet,
  grantCredential,
  headerCredential,
} from "./credentials.ts";
import { forgetFields } from "./freeze.ts";
import { Joiner } from "./join.ts";
import { ScanOutcome } from "./jsonscanner.ts";
import { type BodiesTally, type OperationTally, RequestTally, ResponseTally } from "./live.ts";
import { mediaTypeOfHead } from "./mediatype.ts";
import { PairReader } from "./pairs.ts";
import { ParameterWriter } from "./parameters.ts";
import { bodyKinds } from "./summary.ts";
import type { Tables } from "./tables.ts";
import { Tally, type TallyName } from "./tallies.ts";
import { withCount } from "./tally.ts";
import type { Target } from "./target.ts";
import { translate } from "./translate.ts";

/** Adds what messages said to the operation they belong to. */
export class MessageCounter {
  readonly #tables: Tables;
  readonly #counters: Counters<TallyName>;
  readonly #joiner: Joiner;
  readonly #pairs: PairReader;
  readonly #parameters: ParameterWriter;
  readonly #credentials: string[] = [];
  /** How many exchanges the one that is counted stands for, and how it is looked at. */
  #times = 1;
  #look: Look = Look.Bodies;
  #ownHeaders: ReadonlySet<string> | null = null;

  constructor(tables: Tables, counters: Counters<TallyName>) {
    this.#tables = tables;
    this.#counters = counters;
    this.#joiner = new Joiner(tables);
    this.#pairs = new PairReader(tables.names, tables.judge);
    this.#parameters = new ParameterWriter(forgetFields(tables));
  }

  /** What is true of both messages of the exchange that is counted next. */
  begin(times: number, look: Look, ownHeaders: ReadonlySet<string> | null): void {
    this.#ownHeaders = ownHeaders;
    this.#times = times;
    this.#parameters.times = times;
    this.#parameters.looksAtValues = look !== Look.Names;
    this.#look = look;
  }

  /** Other statuses than 2xx and 3xx never shape a request: the caller asks before. */
  request(operation: OperationTally, message: Message, target: Target): void {
    operation.request ??= new RequestTally();
    const { request, book } = operation;
    const { head } = message;
    const credentials = this.#credentials;
    credentials.length = 0;
    request.calls += this.#times;
    this.#headers(book, request, head, credentials);
    for (let at = 0; at < credentials.length; at += 1) {
      credentials[at] = headerCredential(credentials[at]!);
    }
    const authorization = authorizationCredential(head);
    if (authorization !== null) credentials.push(authorization);
    if (target.queryStart < target.queryEnd) {
      if (request.query === 0) request.query = book.node(0);
      this.#begin(book, request.query);
      this.#pairs.query(target, this.#parameters, credentials);
    }
    if (head.has(HeaderName.Cookie)) this.#cookies(head, book, request);
    const scan = message.sink;
    if (scan instanceof BodyScan && scan.kind === "form") {
      for (const { name, text } of scan.selectors) {
        if (name === "grant_type") credentials.push(grantCredential(text));
      }
    }
    const set = credentialSet(credentials);
    const calls = request.credentials.get(set);
    if (calls !== undefined || request.credentials.size < telemetryLimits.credentialSetsMax) {
      request.credentials.set(set, (calls ?? 0) + this.#times);
    }
    this.#body(message, book, request.bodies);
    operation.requestBytes += message.bodyBytes * this.#times;
  }

  response(operation: OperationTally, exchange: Exchange, message: Message): void {
    const { book, responses } = operation;
    let response = responses.get(exchange.status);
    if (response === undefined) {
      if (responses.size >= telemetryLimits.statusesMax) return;
      response = new ResponseTally();
      responses.set(exchange.status, response);
    }
    response.calls += this.#times;
    this.#headers(book, response, message.head, null);
    this.#body(message, book, response.bodies);
    operation.responseBytes += message.bodyBytes * this.#times;
  }

  /** Where values are not looked at, names that came together before are counted together. */
  #headers(
    book: Book,
    tally: RequestTally | ResponseTally,
    head: Message["head"],
    credentials: string[] | null,
  ): void {
    const { headers, judge } = this.#tables;
    if (this.#look === Look.Names) {
      const pattern = headers.patternOf(head);
      if (tally.headPatterns.add(pattern, this.#times)) {
        credentials?.push(...headers.pattern(pattern).credentials);
        return;
      }
    }
    if (tally.headers === 0) tally.headers = book.node(0);
    this.#begin(book, tally.headers);
    headers.observe(head, this.#parameters, judge, credentials, this.#ownHeaders);
  }

  #begin(book: Book, root: number): void {
    this.#parameters.begin(book, root, this.#tables.nextMessage());
  }

  #cookies(head: Message["head"], book: Book, request: RequestTally): void {
    if (request.cookies === 0) request.cookies = book.node(0);
    this.#begin(book, request.cookies);
    for (let index = 0; index < head.fieldCount; index += 1) {
      if (head.nameIdAt(index) !== HeaderName.Cookie) continue;
      const start = head.fields[index * 5 + 3]!;
      const end = head.fields[index * 5 + 4]!;
      this.#pairs.cookies(head.bytes, start, end, this.#parameters, this.#credentials);
    }
  }

  #body(message: Message, book: Book, into: BodiesTally): void {
    const scan = message.sink instanceof BodyScan ? message.sink : null;
    if (message.bodyBytes === 0 && (scan === null || scan.byteCount === 0)) {
      into.bodiless += this.#times;
      return;
    }
    const mediaType = scan === null ? mediaTypeOfHead(message.head) : scan.mediaType;
    const body = into.of(mediaType.name);
    if (body === null) return;
    body.count += this.#times;
    body.bytes += message.bodyBytes * this.#times;
    if (scan === null) {
      const tally = this.#look === Look.Bodies ? Tally.NotScanned : Tally.Spared;
      this.#counters.add(tally, message.bodyBytes);
      return;
    }
    scan.end(message.complete);
    body.kinds = withCount(body.kinds, bodyKinds.indexOf(scan.kind), 1);
    if (scan.overLimit) this.#counters.add(Tally.OverLimit, scan.byteCount);
    if (scan.outcome === ScanOutcome.Invalid) {
      body.invalid += 1;
      this.#counters.add(Tally.Invalid, scan.byteCount);
      return;
    }
    if (scan.outcome === ScanOutcome.Cut) {
      body.truncated += 1;
      this.#counters.add(Tally.Truncated, scan.byteCount);
    } else {
      body.scanned += 1;
      this.#counters.add(Tally.Scanned, scan.byteCount);
    }
    if (scan.tape.count === 0) return;
    if (scan.tables !== this.#tables) translate(scan.tape, scan.tables, this.#tables);
    if (body.root === 0) body.root = book.node(0);
    this.#joiner.join(scan.tape, book, body.root);
  }
}
