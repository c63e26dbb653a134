/** A sensor that is fed by Envoys: the sink, what was learned, and the queue to the server. */
import type { ListenAddress } from "../../base/quantities.ts";
import type { Connection } from "../../http/exchange.ts";
import { systemClock } from "../../sensor/clock.ts";
import { explain } from "../../sensor/explain.ts";
import { keyIdOf } from "../../sensor/hashkey.ts";
import type { Taken } from "../../sensor/queue.ts";
import type { Log } from "../../sensor/quietlog.ts";
import { Sender } from "../../sensor/sender.ts";
import { type SensorStatus, statusJson } from "../../sensor/status.ts";
import type { Transport } from "../../sensor/transport.ts";
import { EnvoySink } from "../../server/envoysink.ts";
import type { WorkloadOf } from "../../telemetry/apis.ts";
import type { Correction } from "../../telemetry/corrections.ts";
import type { PrivacyRules } from "../../telemetry/privacy.ts";
import type { Selection } from "../../telemetry/selection.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import { type Knowledge, withKnowledge } from "../knowledge.ts";
import { growth } from "../tap/facts.ts";
import { version } from "../version.ts";

export interface CollectorOptions {
  readonly listen: ListenAddress;
  readonly selection: Selection;
  readonly privacy: PrivacyRules;
  readonly transport: Transport;
  readonly sensor: string;
  readonly stateFile: string | null;
  readonly hashKey: Uint8Array | null;
  readonly flushIntervalMs: number;
  /** Of how many requests Envoys show one. */
  readonly oneIn: number;
  readonly log: Log;
  /** What is not wanted is not sent. */
  readonly isWanted: (summary: ApiSummary) => boolean;
  readonly workloadOf?: WorkloadOf;
}

/** Access logs tell of requests, whatever part of them a filter shows. */
const isLogged = ({ id }: Connection): boolean => id === 0;

const REPORT_MS = 15_000;

/** @throws UsageError where the address cannot be listened on, or the state cannot be kept. */
export const openCollector = (options: CollectorOptions): Promise<Collector> =>
  withKnowledge(options, async (knowledge) => {
    const collector = new Collector(options, knowledge);
    await collector.open();
    return collector;
  });

class Collector {
  readonly #options: CollectorOptions;
  readonly #parts: Knowledge;
  readonly #sink: EnvoySink;
  readonly #sender: Sender;
  readonly #reporting: NodeJS.Timeout;
  readonly #startedMs = Date.now();
  #telemetry: Telemetry;
  #corrections: readonly Correction[] = [];
  #keyId: string;
  /** Counts of telemetries that were replaced. */
  #before: ReadonlyMap<string, number> = new Map();
  #coverage: ReadonlyMap<string, number> = new Map();
  #takenMs = Date.now();
  bound: { readonly address: string; readonly port: number } = { address: "", port: 0 };

  constructor(options: CollectorOptions, parts: Knowledge) {
    this.#options = options;
    this.#parts = parts;
    this.#keyId = keyIdOf(parts.hashKey);
    this.#telemetry = this.#newTelemetry(parts.hashKey);
    this.#sink = new EnvoySink({
      ...options.listen,
      observer: {
        requestHead: (exchange) => this.#telemetry.requestHead(exchange),
        responseHead: (exchange) => this.#telemetry.responseHead(exchange),
        exchange: (exchange) => this.#telemetry.exchange(exchange),
      },
      nowMs: systemClock.nowMs,
    });
    this.#sender = new Sender({
      queue: parts.queue,
      transport: options.transport,
      clock: systemClock,
      log: parts.quiet,
      take: () => this.#take(),
      flushIntervalMs: options.flushIntervalMs,
      onAnswer: ({ hashKey, hints }) => {
        this.#corrections = hints;
        this.#telemetry.correct(hints);
        if (hashKey !== null) this.#rekey(hashKey);
      },
      random: Math.random,
    });
    this.#reporting = setInterval(() => this.#report(), REPORT_MS);
  }

  async open(): Promise<void> {
    this.bound = await this.#sink.open();
    this.#sender.start();
  }

  status(): SensorStatus {
    const { queue } = this.#parts;
    const counts = [...this.#counts()].map(([name, count]) => ({ name, count }));
    const reasons = counts
      .filter(({ name }) => name.startsWith("exchanges-"))
      .map(({ name, count }) => ({ name: name.slice("exchanges-".length), count }));
    const refused = reasons.filter(({ name }) => name !== "selected");
    const selected = reasons.find(({ name }) => name === "selected")?.count ?? 0;
    return {
      version: version(),
      startedMs: this.#startedMs,
      nowMs: Date.now(),
      capture: {
        ...{ state: "listening", problems: [], namedInterfaces: [], interfaces: [], ports: "" },
        ...{ filter: "", packets: 0, bytes: 0, packetKinds: [], drops: [], ringFill: 0 },
      },
      envoy: { ...this.#sink.load(), streamsBy: this.#sink.counters.entries() },
      flows: { open: 0, kinds: [], tlsNames: [] },
      exchanges: {
        seen: selected + refused.reduce((sum, { count }) => sum + count, 0),
        selected,
        refused,
      },
      ports: [],
      budget: null,
      queue: queue.status(),
      server: this.#sender.status(),
    };
  }

  /** Whether all that was learned was taken by the server. */
  async stop(withinMs: number): Promise<boolean> {
    const deadlineMs = systemClock.steadyMs() + withinMs;
    clearInterval(this.#reporting);
    await this.#sink.close();
    const isAllSent = await this.#sender.stop(deadlineMs);
    this.#parts.stateFile?.close();
    return isAllSent;
  }

  #newTelemetry(hashKey: Uint8Array): Telemetry {
    const { selection, privacy, workloadOf, oneIn } = this.#options;
    return new Telemetry({
      ...{ selection, privacy, hashKey },
      ...(oneIn > 1 && { standsFor: ({ connection }) => (isLogged(connection) ? 1 : oneIn) }),
      ...(workloadOf !== undefined && { workloadOf }),
    });
  }

  #take(): Taken {
    const toMs = Date.now();
    const counts = this.#counts();
    const taken: Taken = {
      summaries: this.#telemetry.take().filter(this.#options.isWanted),
      coverage: growth(this.#coverage, counts),
      keyId: this.#keyId,
      keptShare: 1,
      fromMs: this.#takenMs,
      toMs,
    };
    this.#coverage = counts;
    this.#takenMs = toMs;
    return taken;
  }

  #counts(): Map<string, number> {
    const counts = new Map(this.#before);
    const add = (name: string, count: number): void => {
      if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
    };
    for (const { name, count } of this.#telemetry.reasons.entries())
      add(`exchanges-${name}`, count);
    for (const { name, count } of this.#sink.counters.entries()) {
      if (name !== "exchanges") add(`envoy-${name}`, count);
    }
    return counts;
  }

  /** From now on hashes are those of the installation; what was learned under others stays apart. */
  #rekey(hashKey: Uint8Array): void {
    const keyId = keyIdOf(hashKey);
    if (keyId === this.#keyId) return;
    this.#parts.queue.add(this.#take());
    const kept = [...this.#counts()].filter(([name]) => name.startsWith("exchanges-"));
    this.#before = new Map(kept);
    this.#keyId = keyId;
    this.#telemetry = this.#newTelemetry(hashKey);
    this.#telemetry.correct(this.#corrections);
  }

  /** For the server's page of sensors. */
  #report(): void {
    const { transport } = this.#options;
    if (transport.report === undefined) return;
    const status = this.status();
    void transport.report(this.#parts.queue.status().sensor, statusJson(status, explain(status)));
  }
}
