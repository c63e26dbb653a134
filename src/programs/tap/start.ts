import { UsageError } from "../../base/errors.ts";
import { MISSING_PERMISSION } from "../../capture/live/packetsocket.ts";
import { systemClock } from "../../sensor/clock.ts";
import { explain } from "../../sensor/explain.ts";
import { Governor, LOOK_MS, processUsage, type Usage } from "../../sensor/governor.ts";
import { keyIdOf } from "../../sensor/hashkey.ts";
import type { Taken } from "../../sensor/queue.ts";
import { Sender } from "../../sensor/sender.ts";
import { type CaptureStatus, type SensorStatus, statusJson } from "../../sensor/status.ts";
import { type Knowledge, withKnowledge } from "../knowledge.ts";
import { version } from "../version.ts";
import type { Portion } from "./ear.ts";
import { Ears } from "./ears.ts";
import { coverageOf, growth } from "./facts.ts";
import { type NamespaceInput, portsText, type RunningTap, type TapOptions } from "./options.ts";
import { PassedPackets } from "./passed.ts";
import { trimMemory } from "./trim.ts";

/** How often the server is told the status; first when there is something to tell. */
const REPORT_MS = 15_000;
const REPORT_FIRST_MS = 3000;
const TRIM_MS = 10_000;

/**
 * Begins to listen, and to hand on what is learned.
 *
 * @throws UsageError where that cannot be: one line that says what to do.
 */
export const startTap = (options: TapOptions): Promise<RunningTap> =>
  withKnowledge(options, async (knowledge) => {
    const bytesBefore = process.memoryUsage.rss();
    const ears = new Ears(options, knowledge.hashKey);
    const refusal = await hear(ears, options);
    return new Tap(options, { ...knowledge, ears, refusal, bytesBefore });
  });

/** Why nothing is heard; null where something is. */
const hear = async (ears: Ears, { onRefused }: TapOptions): Promise<string | null> => {
  try {
    await ears.open();
    return null;
  } catch (error) {
    if (onRefused === "fail" || !(error instanceof UsageError)) throw error;
    return error.message;
  }
};

interface Parts extends Knowledge {
  readonly ears: Ears;
  readonly refusal: string | null;
  /** What the process took before anything was heard. */
  readonly bytesBefore: number;
}

const usageOf = (ears: Ears, bytesBefore: number): Usage => {
  const usage = processUsage();
  const memoryBytes = Math.max(0, usage.memoryBytes - bytesBefore);
  return { ...usage, memoryBytes, cpuMs: ears.facts().cpuMs };
};

class Tap implements RunningTap {
  readonly finished: Promise<void>;
  readonly #options: TapOptions;
  readonly #parts: Parts;
  readonly #sender: Sender;
  readonly #governor: Governor;
  readonly #passed = new PassedPackets();
  readonly #startedMs = Date.now();
  readonly #timer: NodeJS.Timeout;
  readonly #reporting: NodeJS.Timeout;
  readonly #trimming: NodeJS.Timeout;
  #keyId: string;
  #state: CaptureStatus["state"];
  #coverage: ReadonlyMap<string, number> = new Map();
  /** Summaries of namespaces that are left out, and of what other sensors report. */
  #notWanted = 0;
  #takenMs = Date.now();
  #dropsAtLook = 0;
  #stopped: Promise<boolean> | null = null;

  constructor(options: TapOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#keyId = keyIdOf(parts.hashKey);
    const { queue, quiet, ears, refusal } = parts;
    this.#governor = new Governor(
      options.budget,
      options.budgetOf === "process" ? processUsage : () => usageOf(ears, parts.bytesBefore),
    );
    this.#state = refusal === null ? "listening" : stateOf(refusal);
    this.#sender = new Sender({
      queue,
      transport: options.transport,
      clock: systemClock,
      log: quiet,
      take: () => this.#take(),
      flushIntervalMs: options.flushIntervalMs,
      onAnswer: ({ hashKey, coveredAddresses, hints }) => {
        ears.correct(hints);
        if (coveredAddresses !== null) options.onCovered?.(coveredAddresses);
        if (hashKey !== null) void this.#rekey(hashKey);
      },
      random: Math.random,
    });
    this.#sender.start();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#reporting = setInterval(() => this.#report(), REPORT_MS);
    this.#trimming = setInterval(trimMemory, TRIM_MS);
    setTimeout(() => this.#report(), REPORT_FIRST_MS).unref();
    const ended = ears.done().then(() => {
      if (refusal === null) this.#state = "ended";
    });
    ended.catch(() => {
      this.#state = "failed";
    });
    // Without ears there is only the server to serve, until `stop`.
    this.finished = refusal === null ? ended : new Promise(() => {});
  }

  flush(): Promise<void> {
    return this.#sender.flush();
  }

  listenIn(namespace: string, only?: NamespaceInput): void {
    this.#parts.ears.openIn(namespace, only);
  }

  async leave(namespace: string): Promise<void> {
    const { ears, queue } = this.#parts;
    const keyId = this.#keyId;
    const portion = await ears.closeIn(namespace);
    queue.add(this.#taken(keyId, portion));
  }

  stop(withinMs: number): Promise<boolean> {
    this.#stopped ??= this.#stop(systemClock.steadyMs() + withinMs);
    return this.#stopped;
  }

  status(): SensorStatus {
    const { queue, ears, refusal } = this.#parts;
    const facts = ears.facts();
    const { input, selection } = this.#options;
    const namedInterfaces = input.interfaces;
    const isSelected = (name: string): boolean => name === "selected";
    const sum = (counts: readonly { readonly count: number }[]): number =>
      counts.reduce((total, { count }) => total + count, 0);
    return {
      version: version(),
      startedMs: this.#startedMs,
      nowMs: Date.now(),
      capture: {
        state: this.#state,
        problems: refusal === null ? facts.problems : [refusal],
        namedInterfaces,
        interfaces:
          input.kind === "replay"
            ? facts.interfaces.map((each) => ({ ...each, passed: null }))
            : this.#passed.list(facts.interfaces, namedInterfaces),
        ports: portsText(selection.ports),
        filter: input.kind === "live" ? (input.filter ?? "") : "",
        packets: facts.packets,
        bytes: facts.bytes,
        packetKinds: facts.packetKinds,
        drops: facts.drops,
        ringFill: facts.ringFill,
      },
      flows: { open: facts.openFlows, kinds: facts.flowKinds, tlsNames: facts.tlsNames },
      exchanges: {
        seen: sum(facts.reasons),
        selected: sum(facts.reasons.filter(({ name }) => isSelected(name))),
        refused: facts.reasons.filter(({ name }) => !isSelected(name)),
      },
      ports: facts.ports,
      budget: input.kind === "replay" ? null : this.#governor.status(),
      queue: queue.status(),
      server: this.#sender.status(),
    };
  }

  async #take(): Promise<Taken> {
    const keyId = this.#keyId;
    return this.#taken(keyId, await this.#parts.ears.take());
  }

  #taken(keyId: string, portion: Portion): Taken {
    const nowMs = Date.now();
    const summaries = this.#options.choose?.(portion) ?? portion;
    this.#notWanted += portion.length - summaries.length;
    const coverage = new Map(coverageOf(this.#parts.ears.facts()));
    coverage.set("summaries-not-wanted", this.#notWanted);
    const taken: Taken = {
      keyId,
      summaries,
      coverage: growth(this.#coverage, coverage),
      fromMs: this.#takenMs,
      toMs: nowMs,
      // Telemetry scales up what was shed.
      keptShare: 1,
    };
    this.#coverage = coverage;
    this.#takenMs = nowMs;
    return taken;
  }

  /** From now on hashes are those of the installation; what was learned under others stays apart. */
  async #rekey(hashKey: Uint8Array): Promise<void> {
    const [keyId, before] = [keyIdOf(hashKey), this.#keyId];
    if (keyId === before) return;
    this.#keyId = keyId;
    const portion = await this.#parts.ears.rekey(hashKey);
    this.#parts.queue.add(this.#taken(before, portion));
  }

  /** For the server's page of sensors. */
  #report(): void {
    const { transport } = this.#options;
    if (transport.report === undefined || this.#stopped !== null) return;
    const status = this.status();
    const { sensor } = this.#parts.queue.status();
    void transport.report(sensor, statusJson(status, explain(status)));
  }

  #look(): void {
    const { ears } = this.#parts;
    ears.tick(Date.now());
    if (this.#options.input.kind === "replay") return;
    const { drops, ringFill } = ears.facts();
    const dropped = drops.find(({ name }) => name === "ring")?.count ?? 0;
    const before = this.#governor.plan;
    const plan = this.#governor.look(ringFill, dropped - this.#dropsAtLook);
    this.#dropsAtLook = dropped;
    if (plan !== before) ears.follow(plan);
  }

  async #stop(deadlineMs: number): Promise<boolean> {
    const { ears, stateFile } = this.#parts;
    clearInterval(this.#timer);
    clearInterval(this.#reporting);
    clearInterval(this.#trimming);
    await ears.close();
    const isAllSent = await this.#sender.stop(deadlineMs);
    ears.release();
    stateFile?.close();
    return isAllSent;
  }
}

const stateOf = (refusal: string): CaptureStatus["state"] =>
  refusal === MISSING_PERMISSION ? "refused" : "failed";
