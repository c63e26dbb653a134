import { sensorLimits } from "../../base/limits.ts";
import type { LiveSource } from "../../capture/live/livesource.ts";
import type { Packet } from "../../capture/packet.ts";
import type { BodySink, Exchange, ExchangeObserver } from "../../http/exchange.ts";
import { HeaderName } from "../../http/headername.ts";
import { FLOW_KINDS, FlowKind } from "../../http/tallies.ts";
import { AttentionTable } from "../../sensor/attention.ts";
import { type Plan, plans } from "../../sensor/budget.ts";
import { Duplicates } from "../../sensor/duplicates.ts";
import { keepsFlow } from "../../sensor/sampling.ts";
import type { NamedCount } from "../../sensor/status.ts";
import type { WorkloadOf } from "../../telemetry/apis.ts";
import { type Attention, Look } from "../../telemetry/attention.ts";
import type { Correction } from "../../telemetry/corrections.ts";
import type { PrivacyRules } from "../../telemetry/privacy.ts";
import type { Selection } from "../../telemetry/selection.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import { byCount } from "../counts.ts";
import { flowHash } from "../flowhash.ts";
import { PacketPipeline } from "../pipeline.ts";
import { addCounts, KindWatch, type ListenerFacts } from "./facts.ts";
import { type FlowOwner, TapFlow } from "./flow.ts";
import { InterfaceTallies } from "./interfacetallies.ts";
import { type ListenerInput, openLive, replay } from "./sources.ts";

export interface ListenerOptions {
  readonly input: ListenerInput;
  readonly selection: Selection;
  readonly privacy: PrivacyRules;
  readonly hashKey: Uint8Array;
  /** Memory of `Duplicates`, the same for all listeners of a tap. */
  readonly duplicates: SharedArrayBuffer;
  /** Of the sample of flows, the same for all listeners of a tap. */
  readonly salt: number;
  readonly workloadOf?: WorkloadOf;
}

/** Packets in, knowledge out, on one thread. */
export class Listener implements ExchangeObserver, FlowOwner {
  current: TapFlow | null = null;
  readonly #options: ListenerOptions;
  readonly #source: LiveSource | null;
  readonly #stopping = new AbortController();
  readonly #pipeline: PacketPipeline;
  readonly #duplicates: Duplicates;
  readonly #interfaces = new InterfaceTallies();
  readonly #kinds: KindWatch;
  readonly #portKinds = new Map<number, number>();
  readonly #attention: Attention;
  #telemetry: Telemetry;
  /** Of telemetries before, under other hash keys. */
  #reasonsBefore: readonly NamedCount[] = [];
  #plan: Plan = plans[0]!;
  #shed = 0;
  #repeated = 0;
  #own = 0;
  #ordinal = 0;
  #packetsAtTick = 0;
  /** How full the ring was when it was last looked at. */
  #backlog = 0;
  #warnings: readonly string[] = [];
  #corrections: readonly Correction[] = [];

  /** @throws UsageError where the input cannot be opened. */
  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#source = options.input.kind === "live" ? openLive(options.input) : null;
    this.#duplicates = new Duplicates(options.duplicates);
    const { salt } = options;
    const attention = new AttentionTable(sensorLimits.attentionSlots, salt);
    this.#attention = {
      attend: (endpoint) => {
        const { scansBodies, scanIntervalBits } = this.#plan;
        const bitsMin = this.#backlog > BACKLOG_LOW ? SPARSE_SCAN_BITS : 0;
        const look = attention.attend(endpoint, Math.max(scanIntervalBits, bitsMin));
        const hasNoTime = !scansBodies || this.#backlog > BACKLOG_HIGH;
        return hasNoTime && look === Look.Bodies ? Look.Heads : look;
      },
      learned: (endpoint, novel) => attention.learned(endpoint, novel),
    };
    this.#telemetry = this.#newTelemetry(options.hashKey);
    this.#pipeline = new PacketPipeline(this, {
      keeps: (segment) => {
        const { keepShare } = this.#plan;
        if (keepShare === 1 || keepsFlow(flowHash(segment, salt), keepShare)) return true;
        this.#shed += 1;
        return false;
      },
      wrap: (consumer, flow) => new TapFlow(consumer, flow, this),
    });
    const { flowKinds } = this.#pipeline.http;
    this.#kinds = new KindWatch((index) => flowKinds.count(index));
  }

  /** For others to join: see `LiveInput.fanout`. */
  get fanoutGroup(): number | null {
    return this.#source !== null && "fanoutGroup" in this.#source
      ? (this.#source.fanoutGroup as number | null)
      : null;
  }

  /** Ends after `close`, with the end of a capture, or rejects where capture fails. */
  async run(): Promise<void> {
    const { input } = this.#options;
    if (input.kind === "live") {
      await this.#source!.run(this.#take);
      return;
    }
    this.#pipeline.beginCapture();
    this.#warnings = await replay(input, this.#take, this.#stopping.signal);
    this.#pipeline.close();
  }

  /** Lets go of the interfaces; what was heard so far can be taken afterwards. */
  async close(): Promise<void> {
    this.#stopping.abort();
    if (this.#source === null) return;
    await this.#source.close();
    this.#pipeline.close();
  }

  /** What was learned since the last call. */
  take(): readonly ApiSummary[] {
    return this.#telemetry.take();
  }

  follow(plan: Plan): void {
    this.#plan = plan;
  }

  /** From now on. */
  correct(corrections: readonly Correction[]): void {
    this.#corrections = corrections;
    this.#telemetry.correct(corrections);
  }

  /** What was learned under the key before must have been taken. */
  rekey(hashKey: Uint8Array): void {
    this.#reasonsBefore = addCounts(this.#reasonsBefore, this.#telemetry.reasons.entries());
    this.#telemetry = this.#newTelemetry(hashKey);
    this.#telemetry.correct(this.#corrections);
  }

  /** To be called about once a second, so that time passes also where nothing is heard. */
  tick(nowMs: number): void {
    if (this.#source === null) return;
    const { packets } = this.#interfaces;
    if (packets === this.#packetsAtTick) this.#pipeline.tick(nowMs);
    this.#packetsAtTick = packets;
  }

  facts(): ListenerFacts {
    const { decoder, http, ports, reassembler } = this.#pipeline;
    const stats = this.#source?.stats() ?? { packets: 0, drops: 0, deviceDrops: 0 };
    const portsListed = byCount(ports.flows)
      .slice(0, PORTS_LISTED_MAX)
      .map(([port, flows]) => {
        return { port, flows, kind: FLOW_KINDS[this.#portKinds.get(port) ?? FlowKind.none]! };
      });
    const cpu = process.threadCpuUsage();
    return {
      cpuMs: (cpu.user + cpu.system) / 1000,
      offeredPackets: stats.packets,
      packets: this.#interfaces.packets,
      bytes: this.#interfaces.bytes,
      interfaces: this.#interfaces.list((id) => this.#source?.interfaceName(id) ?? null),
      packetKinds: decoder.counters.entries(),
      drops: [
        { name: "ring", count: stats.drops },
        { name: "device", count: stats.deviceDrops },
        { name: "shed", count: this.#shed },
        { name: "repeated-exchanges", count: this.#repeated },
        { name: "own-exchanges", count: this.#own },
      ].filter(({ count }) => count > 0),
      ringFill: this.#source?.backlog() ?? 0,
      openFlows: reassembler.wantedFlowCount,
      flowKinds: http.flowKinds.entries(),
      tlsNames: [...http.serverNames]
        .map(([name, count]) => ({ name, count }))
        .sort((a, b) => b.count - a.count)
        .slice(0, NAMES_LISTED_MAX),
      reasons: addCounts(this.#reasonsBefore, this.#telemetry.reasons.entries()),
      ports: portsListed,
      problems: [...(this.#source?.problems() ?? []), ...this.#warnings, ...this.#bugs()],
    };
  }

  requestHead(exchange: Exchange): BodySink | null {
    return isOurs(exchange) ? null : this.#telemetry.requestHead(exchange);
  }

  responseHead(exchange: Exchange): BodySink | null {
    return this.#telemetry.responseHead(exchange);
  }

  exchange(exchange: Exchange): void {
    if (isOurs(exchange)) {
      this.#own += 1;
      this.#telemetry.discard(exchange);
      return;
    }
    const flow = this.current;
    if (flow !== null && !flow.isHttp) {
      flow.isHttp = true;
      this.#portKinds.set(flow.port, FlowKind.http);
    }
    if (this.#isRepeated(exchange)) {
      this.#repeated += 1;
      if (flow !== null) flow.copies += 1;
      this.#telemetry.discard(exchange);
      return;
    }
    if (flow !== null) {
      if (flow.isCopy) {
        this.#telemetry.discard(exchange);
        return;
      }
      flow.copies = 0;
    }
    this.#telemetry.exchange(exchange);
  }

  letGo(flow: TapFlow): void {
    if (flow.isHttp) return;
    const kind = this.#kinds.latest();
    if (kind >= 0 && kind !== FlowKind.none) this.#portKinds.set(flow.port, kind);
  }

  readonly #take = (packet: Packet): void => {
    this.#interfaces.add(packet.interfaceId, packet.wireBytes);
    this.#ordinal = 0;
    if ((this.#interfaces.packets & (BACKLOG_PACKETS - 1)) === 0) {
      this.#backlog = this.#source?.backlog() ?? 0;
    }
    this.#pipeline.push(packet);
  };

  /** Known by where it ended; an exchange that ended by time alone has no such place, and is no exchange that teaches. */
  #isRepeated({ request, response }: Exchange): boolean {
    const { segment } = this.#pipeline;
    if (segment === null || request === null || response === null) return false;
    const { payloadStart, payloadEnd, missingBytes, sequence, acknowledgement } = segment;
    const end = (sequence + payloadEnd - payloadStart + missingBytes) | 0;
    this.#ordinal += 1;
    return this.#duplicates.isRepeated(end, acknowledgement, this.#ordinal);
  }

  #newTelemetry(hashKey: Uint8Array): Telemetry {
    const { selection, privacy, workloadOf } = this.#options;
    return new Telemetry({
      selection,
      privacy,
      hashKey,
      ...(this.#source !== null && { attention: this.#attention }),
      standsFor: () => 1 / this.#plan.keepShare,
      ...(workloadOf !== undefined && { workloadOf }),
    });
  }

  #bugs(): readonly string[] {
    const { failure } = this.#pipeline.reassembler;
    if (failure === null) return [];
    return [`a bug in nta made it drop connections, please report it: ${String(failure)}`];
  }
}

/**
 * What sensors send would describe itself. The kernel leaves out what goes to our own server; but a server that runs on this
 * host is also sent to by others, perhaps under an address of a Service that no sensor knows.
 */
const isOurs = ({ target, request }: Exchange): boolean =>
  target.endsWith(DELTAS_TARGET) &&
  request?.head.value(HeaderName.UserAgent)?.startsWith("nta-") === true;

const DELTAS_TARGET = "/api/v1/deltas";
/**
 * The plan changes once a second, and a burst fills the ring sooner: so how full it is decides at once how many bodies
 * are scanned. The ring is looked at once in so many packets, a power of two.
 */
const BACKLOG_PACKETS = 256;
const BACKLOG_LOW = 0.1;
const BACKLOG_HIGH = 0.25;
/** One body in 16. */
const SPARSE_SCAN_BITS = 4;
const PORTS_LISTED_MAX = 20;
const NAMES_LISTED_MAX = 20;
