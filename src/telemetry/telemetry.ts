import { isDeepStrictEqual } from "node:util";
import { Counters } from "../base/counters.ts";
import { telemetryLimits } from "../base/limits.ts";
import type { BodySink, Exchange, ExchangeObserver, Message } from "../http/exchange.ts";
import { ExchangeFlag } from "../http/exchange.ts";
import { ApiTable, type WorkloadOf } from "./apis.ts";
import { type Attention, endpointOf, Knowledge, Look } from "./attention.ts";
import { BodyScan } from "./bodyscan.ts";
import type { NodeBudget } from "./book.ts";
import { countBounded, forgetLeastHeard } from "./boundedcounts.ts";
import { type Correction, Corrections } from "./corrections.ts";
import { observeLatency } from "./latency.ts";
import { freezeNode, type OperationTally } from "./live.ts";
import { type MediaType, mediaTypeOfHead } from "./mediatype.ts";
import { absorbSummary, apiKeyText, mergeSummaries } from "./merge.ts";
import { MessageCounter } from "./messages.ts";
import { operationKey } from "./operationkey.ts";
import type { PrivacyRules } from "./privacy.ts";
import { REASONS, Reason, type Selection, Selector } from "./selection.ts";
import { operationSelector } from "./selector.ts";
import type { ApiSummary } from "./summary.ts";
import { Tables } from "./tables.ts";
import { TALLIES, Tally, type TallyName } from "./tallies.ts";
import { isPrivateAddress, Target } from "./target.ts";
import { observeTime } from "./timebuckets.ts";
import { Trie } from "./trie.ts";

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
  readonly workloadOf?: WorkloadOf;
  /** Decides which bodies are scanned; without it all are. */
  readonly attention?: Attention;
  /**
   * How many exchanges this one stands for, itself included, where flows are shed by a fair sample: a whole number. Calls,
   * statuses, times, bytes, callers, parameters and messages count as so many; shapes count what was really scanned.
   */
  readonly standsFor?: (exchange: Exchange) => number;
  readonly onExchange?: (exchange: Exchange, verdict: Verdict) => void;
}

/**
 * Exchanges in, summaries out. Bodies are scanned as they pass, each into a scratch of its own; when an exchange
 * is over and selected, its scratch joins the summary of its API. Nothing of a value outlives that.
 *
 * What is being counted refers to names and words by number. When their tables (or the nodes of shapes) run out, all
 * is frozen into `#settled` and begun anew, so that what comes later is heard as well as what came first.
 */
export class Telemetry implements ExchangeObserver {
  readonly counters = new Counters<TallyName>(TALLIES);
  /** Exchanges by what became of them. */
  readonly reasons = new Counters<string>(REASONS);
  readonly #options: TelemetryOptions;
  readonly #selector: Selector;
  readonly #target = new Target();
  readonly #settled = new Map<string, ApiSummary>();
  #budget!: NodeBudget;
  #tables!: Tables;
  #trie!: Trie;
  #apis!: ApiTable;
  #messages!: MessageCounter;
  #free: BodyScan[] = [];
  #scansAlive = 0;
  #scratchBytes = 0;
  /** Bytes of bodies that the counts in use may come from. */
  #scannedBytes = 0;
  #exchangesUntilSettle = 0;
  #given: readonly Correction[] = [];
  /** Of exchanges under way, where attention decides: four times the endpoint, plus how they are looked at. */
  readonly #attended = new Map<Exchange, number>();
  readonly #knowledge: Knowledge | null;
  /** Endpoints whose requests name the operation: theirs are scanned always. */
  readonly #selecting = new Set<number>();

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#selector = new Selector(options.selection);
    this.#knowledge = options.attention === undefined ? null : new Knowledge();
    this.#begin();
  }

  #begin(): void {
    const { hashKey, privacy, workloadOf } = this.#options;
    this.#budget = { left: telemetryLimits.shapeNodesMax, refused: 0 };
    this.#tables = new Tables(hashKey, privacy);
    this.#trie = new Trie(this.#tables, privacy, this.#budget);
    this.#apis = new ApiTable(this.#trie, this.#budget, workloadOf ?? null);
    this.#apis.correct(new Corrections(this.#given));
    this.#messages = new MessageCounter(this.#tables, this.counters);
    // It knows names by number.
    this.#knowledge?.forget();
    this.#free = [];
    this.#scannedBytes = 0;
    this.#exchangesUntilSettle = settleExchangesMin;
  }

  requestHead(exchange: Exchange): BodySink | null {
    const { request } = exchange;
    if (request === null || !this.#selector.mayTeach(exchange)) return null;
    // What tells operations on one path apart stands in requests.
    if (!this.#attends(exchange) && !this.#selecting.has(this.#endpointOf(exchange))) return null;
    return this.#scan(mediaTypeOfHead(request.head));
  }

  responseHead(exchange: Exchange): BodySink | null {
    const { request, response } = exchange;
    if (request === null || response === null || exchange.method === "HEAD") return null;
    if (!this.#selector.allowsStatus(exchange.status)) return null;
    if (!this.#selector.mayTeach(exchange) || !this.#attends(exchange)) return null;
    return this.#scan(mediaTypeOfHead(response.head));
  }

  exchange(exchange: Exchange): void {
    const judged = this.#select(exchange);
    const counts = judged === Reason.Selected || judged === Reason.Status;
    const isPassedOn = counts && (exchange.flags & ExchangeFlag.passedOn) !== 0;
    const reason = isPassedOn ? Reason.PassedOn : judged;
    this.reasons.add(reason);
    if (!isPassedOn && counts) this.#observe(exchange, judged === Reason.Status);
    else if (isPassedOn && judged === Reason.Selected) this.#observeCaller(exchange);
    if (this.#knowledge !== null) {
      if (reason === Reason.Selected) this.#tell(exchange, this.#knowledge);
      this.#attended.delete(exchange);
    }
    this.#options.onExchange?.(exchange, VERDICTS[reason]!);
    this.#release(exchange.request);
    this.#release(exchange.response);
    this.#exchangesUntilSettle -= 1;
    if (this.#exchangesUntilSettle <= 0 || this.#scannedBytes > scannedBytesMax) {
      this.#settleIfFull();
    }
  }

  /** From now on these corrections hold, and no others. */
  correct(given: readonly Correction[]): void {
    if (isDeepStrictEqual(given, this.#given)) return;
    this.#given = given;
    this.#apis.correct(new Corrections(given));
  }

  /** Instead of `exchange`, where nothing is to be learned of it. */
  discard(exchange: Exchange): void {
    this.#attended.delete(exchange);
    this.#release(exchange.request);
    this.#release(exchange.response);
  }

  /** What was learned since the last `take`, as values of their own. What was only ever refused is left out. */
  summaries(): ApiSummary[] {
    return this.#freeze(false);
  }

  /** The same for a delta, with operations of which every call was refused; then all begins anew. */
  take(): ApiSummary[] {
    const summaries = this.#freeze(true);
    this.#settled.clear();
    if (isHalfFull(this.#tables)) this.#begin();
    else {
      this.#apis.clear();
      this.#tables.headers.renewPatterns();
      this.#scannedBytes = 0;
      this.#budget.left = telemetryLimits.shapeNodesMax;
    }
    return summaries;
  }

  #freeze(keepRefused: boolean): ApiSummary[] {
    this.#countRefusals();
    const summaries = new Map(this.#settled);
    for (const api of this.#apis.all()) {
      const summary: ApiSummary = {
        key: api.key,
        root: freezeNode(api, api.root, this.#tables, keepRefused),
        serverAddresses: new Map(api.serverAddresses),
        limits: new Map(api.limits),
      };
      const text = apiKeyText(api.key);
      const settled = summaries.get(text);
      if (settled !== undefined) summaries.set(text, mergeSummaries(settled, summary));
      else if (api.calls > 0 || keepRefused) summaries.set(text, summary);
    }
    forgetLeastHeard(summaries);
    return [...summaries.values()];
  }

  /** Freezes what was learned so far where a table has run out, and begins anew beside it. */
  #settleIfFull(): void {
    this.#exchangesUntilSettle = settleExchangesMin;
    const isFull =
      isNearlyFull(this.#tables) ||
      this.#budget.left < telemetryLimits.shapeNodesMax / 16 ||
      this.#scannedBytes > scannedBytesMax;
    if (!isFull) return;
    for (const api of this.#apis.all()) {
      const summary: ApiSummary = {
        key: api.key,
        root: freezeNode(api, api.root, this.#tables, true),
        serverAddresses: api.serverAddresses,
        limits: api.limits,
      };
      const text = apiKeyText(api.key);
      const settled = this.#settled.get(text);
      if (settled === undefined) this.#settled.set(text, summary);
      else absorbSummary(settled, summary);
    }
    forgetLeastHeard(this.#settled);
    this.#countRefusals();
    this.counters.add(Tally.TablesRenewed);
    this.#begin();
  }

  /** Whether the bodies of an exchange are to be scanned. */
  #attends(exchange: Exchange): boolean {
    const { attention } = this.#options;
    if (attention === undefined) return true;
    let known = this.#attended.get(exchange);
    if (known === undefined) {
      const endpoint = endpointOf(exchange);
      known = endpoint * 4 + attention.attend(endpoint);
      this.#attended.set(exchange, known);
    }
    return lookOf(known) === Look.Bodies;
  }

  #endpointOf(exchange: Exchange): number {
    return Math.floor((this.#attended.get(exchange) ?? 0) / 4);
  }

  /** Tells what an exchange that is over has shown. */
  #tell(exchange: Exchange, knowledge: Knowledge): void {
    const known = this.#attended.get(exchange);
    if (known === undefined) return;
    const { request, response, status } = exchange;
    const endpoint = this.#endpointOf(exchange);
    let isNovel = knowledge.isNewStatus(endpoint, status);
    for (const [place, message] of [request, response].entries()) {
      if (!(message?.sink instanceof BodyScan)) continue;
      const { tape, selectors } = message.sink;
      if (operationSelector(selectors, message.head) !== "") this.#remember(endpoint);
      if (knowledge.isNewBody(tape, endpoint + status * 2 + place)) isNovel = true;
    }
    if (lookOf(known) === Look.Bodies || isNovel)
      this.#options.attention!.learned(endpoint, isNovel);
  }

  #remember(endpoint: number): void {
    if (this.#selecting.size >= telemetryLimits.selectingMax) this.#selecting.clear();
    this.#selecting.add(endpoint);
  }

  #scan(mediaType: MediaType): BodySink | null {
    if (
      this.#scansAlive >= telemetryLimits.bodiesMax ||
      this.#scratchBytes >= telemetryLimits.scratchBytesMax
    ) {
      this.counters.add(Tally.NotScanned);
      return null;
    }
    const scan = this.#free.pop() ?? new BodyScan(this.#tables);
    this.#scansAlive += 1;
    scan.begin(mediaType, this.#grow);
    return scan;
  }

  readonly #grow = (byteCount: number): void => {
    this.#scratchBytes += byteCount;
  };

  #release(message: Message | null): void {
    const scan = message?.sink;
    if (message === null || !(scan instanceof BodyScan)) return;
    message.sink = null;
    this.#scansAlive -= 1;
    this.#scannedBytes += scan.byteCount;
    this.#scratchBytes -= scan.grownBytes;
    if (
      scan.tables === this.#tables &&
      this.#free.length < pooledScansMax &&
      scan.scratchBytes <= pooledScratchBytes
    ) {
      this.#free.push(scan);
    }
  }

  /** Where it may be observed, the target has been read. */
  #select(exchange: Exchange): number {
    const reason = this.#selector.select(exchange);
    if (reason !== Reason.Selected && reason !== Reason.Status) return reason;
    this.#target.read(exchange.target);
    return this.#apis.ignores(exchange, this.#target) ? Reason.Ignored : reason;
  }

  #observe(exchange: Exchange, refused: boolean): void {
    const target = this.#target;
    const api = this.#apis.of(exchange, target);
    const times = this.#options.standsFor?.(exchange) ?? 1;
    if (times > 1) api.mark("shedCalls", times - 1);
    const look = lookOf(this.#attended.get(exchange) ?? Look.Bodies);
    if (look !== Look.Bodies) api.mark("sparedCalls", times);
    if (refused) api.refused += 1;
    else api.calls += 1;
    const node = this.#trie.reach(api, target, refused, look !== Look.Names);
    if (node === null) {
      this.counters.add(Tally.PathsRefused);
      return;
    }
    const operation = this.#trie.operation(api, node, operationKey(exchange));
    countCall(operation, exchange, refused, times);
    if (refused) return;
    this.#countCaller(operation, exchange, times);
    const { ip } = exchange.connection.server;
    countBounded(api.serverAddresses, ip, times, telemetryLimits.serverAddressesMax);
    this.#messages.begin(times, look, api.corrections?.ownHeaders ?? null);
    if (exchange.status < 400) this.#messages.request(operation, exchange.request!, target);
    this.#messages.response(operation, exchange, exchange.response!);
  }

  /** Of a call that is counted where another told of it. */
  #observeCaller(exchange: Exchange): void {
    const target = this.#target;
    const times = this.#options.standsFor?.(exchange) ?? 1;
    const api = this.#apis.of(exchange, target);
    const node = this.#trie.reach(api, target, true, false);
    if (node === null) return;
    this.#countCaller(this.#trie.operation(api, node, operationKey(exchange)), exchange, times);
  }

  #countCaller(operation: OperationTally, exchange: Exchange, times: number): void {
    const { client } = exchange.connection;
    if (isPrivateAddress(client.ip)) operation.internalCalls += times;
    else operation.externalCalls += times;
    const { callers, hashes } = this.#options.privacy;
    if (callers) countBounded(operation.callers, client.ip, times, telemetryLimits.callersMax);
    if (callers && hashes)
      operation.traces = this.#tables.tracer.observe(operation.traces, exchange, this.#target);
  }

  /** Brings what tables refused into `counters`, before the tables go. */
  #countRefusals(): void {
    const refusals = [
      [Tally.NamesRefused, this.#tables.names.refused],
      [Tally.NodesRefused, this.#budget.refused],
      [Tally.ApisForgotten, this.#apis.forgotten],
    ] as const;
    for (const [tally, count] of refusals) this.counters.addMany(tally, count);
    this.#tables.names.refused = 0;
    this.#budget.refused = 0;
    this.#apis.forgotten = 0;
  }
}

/** Tables are renewed at most so often: it costs what merging all summaries costs. */
const settleExchangesMin = 20_000;
/** A value takes a byte at least, so no count of 31 bits runs over before. */
const scannedBytesMax = 2 ** 31 - 2 * telemetryLimits.bodyBytesMax;
const pooledScansMax = 256;
const pooledScratchBytes = 65_536;

const isNearlyFull = ({ names, words }: Tables): boolean =>
  names.count > telemetryLimits.namesMax * 0.9 || words.count > telemetryLimits.wordsMax * 0.9;

const isHalfFull = ({ names, words }: Tables): boolean =>
  names.count > telemetryLimits.namesMax * 0.5 || words.count > telemetryLimits.wordsMax * 0.5;

/** Of an entry of `#attended`. */
const lookOf = (attended: number): Look => (attended & 3) as Look;

function countCall(
  operation: OperationTally,
  exchange: Exchange,
  refused: boolean,
  times: number,
): void {
  const { startTimeMs } = exchange.request!;
  // A source may not know the time: then there is none before the epoch.
  const timeMs = Math.max(startTimeMs, 0);
  if (timeMs < operation.firstMs) operation.firstMs = timeMs;
  if (timeMs > operation.lastMs) operation.lastMs = timeMs;
  if (refused) operation.refused += times;
  else operation.calls += times;
  const statusClass = Math.floor(exchange.status / 100) - 1;
  if (statusClass >= 0 && statusClass < 5) operation.statusClasses[statusClass]! += times;
  observeTime(operation.buckets, timeMs, times, exchange.status >= 400 ? times : 0);
  const latencyMs = exchange.response!.startTimeMs - exchange.request!.endTimeMs;
  observeLatency(operation.latency, Math.max(0, latencyMs), times);
}
