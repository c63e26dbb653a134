/** All listeners of a tap together: opened, asked and closed as one. */
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { liveLimits } from "../../base/limits.ts";
import type { Plan } from "../../sensor/budget.ts";
import { duplicatesMemory } from "../../sensor/duplicates.ts";
import type { Correction } from "../../telemetry/corrections.ts";
import { type Ear, openHere, openThread, type Portion } from "./ear.ts";
import { addFacts, type ListenerFacts, noFacts } from "./facts.ts";
import type { ListenerOptions } from "./listener.ts";
import { ringBytesOf, threadHeapBytesOf } from "./memory.ts";
import type { NamespaceInput, TapInput, TapOptions } from "./options.ts";
import type { LiveInput } from "./sources.ts";
import { isSame, type Workloads } from "./workloads.ts";

/** Of a further network namespace: there may be many. */
const SMALL_RING_BYTES = 4 << 20;

export class Ears {
  readonly #options: TapOptions;
  readonly #duplicates = duplicatesMemory();
  readonly #salt = randomInt(2 ** 32);
  /** By network namespace; the empty text is that of the input, where there may be several. */
  readonly #open = new Map<string, readonly Ear[]>();
  #hashKey: Uint8Array;
  #plan: Plan | null = null;
  #corrections: readonly Correction[] = [];
  #workloads: Workloads = new Map();
  /** Of those that were closed: counts never fall. */
  #factsBefore = noFacts;

  constructor(options: TapOptions, hashKey: Uint8Array) {
    this.#options = options;
    this.#hashKey = hashKey;
  }

  get count(): number {
    return this.#all().length;
  }

  /** @throws UsageError where nothing can be heard. */
  async open(): Promise<void> {
    const { input, workers, ownThread, workloadOf, budget } = this.#options;
    if (input.kind === "replay") {
      this.#open.set("", [openHere(this.#with(input))]);
      return;
    }
    const alone = this.#with(liveInput(this.#options, input, "alone"));
    if (workers === 1 && !ownThread) {
      const options = workloadOf === undefined ? alone : { ...alone, workloadOf };
      this.#open.set("", [openHere(options)]);
      return;
    }
    const heapBytesMax = threadHeapBytesOf(budget.memoryBytesMax, workers);
    if (workers === 1) {
      this.#open.set("", [await openThread(alone, heapBytesMax)]);
      return;
    }
    const open = (fanout: LiveInput["fanout"]): Promise<Ear> =>
      openThread(this.#with(liveInput(this.#options, input, fanout)), heapBytesMax);
    const first = await open("found");
    const join = { join: first.fanoutGroup! };
    const others = await Promise.all(Array.from({ length: workers - 1 }, () => open(join)));
    this.#open.set("", [first, ...others]);
  }

  /** @throws UsageError where the namespace cannot be listened in. */
  openIn(namespace: string, only?: NamespaceInput): void {
    const { input, workloadIn } = this.#options;
    const workloadOf = workloadIn?.(namespace) ?? this.#options.workloadOf;
    if (input.kind === "replay" || this.#open.has(namespace)) return;
    const live = liveInput(this.#options, { ...input, ...only, namespace }, "alone");
    const options = this.#with({ ...live, bufferBytes: SMALL_RING_BYTES });
    const ear = openHere(workloadOf === undefined ? options : { ...options, workloadOf });
    if (this.#plan !== null) ear.follow(this.#plan);
    ear.correct(this.#corrections);
    // An interface that goes with its pod is no failure of the tap.
    ear.done.catch(() => {});
    this.#open.set(namespace, [ear]);
  }

  /** What was heard there since it was asked last. */
  async closeIn(namespace: string): Promise<Portion> {
    const ears = this.#open.get(namespace) ?? [];
    this.#open.delete(namespace);
    const portions: Portion[] = [];
    for (const ear of ears) {
      await ear.close();
      portions.push(await ear.take());
      this.#factsBefore = addFacts(this.#factsBefore, { ...ear.facts(), ringFill: 0 });
      ear.release();
    }
    return portions.flat();
  }

  /** Ends after `close`, or with a capture; rejects where capture fails. */
  async done(): Promise<void> {
    await Promise.all((this.#open.get("") ?? []).map((ear) => ear.done));
  }

  facts(): ListenerFacts {
    return this.#all().reduce((sum, ear) => addFacts(sum, ear.facts()), this.#factsBefore);
  }

  async take(): Promise<Portion> {
    return (await Promise.all(this.#all().map((ear) => ear.take()))).flat();
  }

  async rekey(hashKey: Uint8Array): Promise<Portion> {
    this.#hashKey = hashKey;
    return (await Promise.all(this.#all().map((ear) => ear.rekey(hashKey)))).flat();
  }

  follow(plan: Plan): void {
    this.#plan = plan;
    for (const ear of this.#all()) ear.follow(plan);
  }

  correct(corrections: readonly Correction[]): void {
    if (isDeepStrictEqual(corrections, this.#corrections)) return;
    this.#corrections = corrections;
    for (const ear of this.#all()) ear.correct(corrections);
  }

  tick(nowMs: number): void {
    this.#tellWorkloads();
    for (const ear of this.#all()) ear.tick(nowMs);
  }

  #tellWorkloads(): void {
    const workloads = this.#options.workloads?.() ?? this.#workloads;
    if (isSame(workloads, this.#workloads)) return;
    this.#workloads = workloads;
    for (const ear of this.#all()) ear.tell(workloads);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((ear) => ear.close()));
  }

  release(): void {
    for (const ear of this.#all()) ear.release();
  }

  #all(): readonly Ear[] {
    return [...this.#open.values()].flat();
  }

  #with(input: ListenerOptions["input"]): ListenerOptions {
    const { selection, privacy } = this.#options;
    return {
      ...{ input, selection, privacy },
      hashKey: this.#hashKey,
      duplicates: this.#duplicates,
      salt: this.#salt,
    };
  }
}

const liveInput = (
  { workers, budget, selection }: TapOptions,
  input: TapInput,
  fanout: LiveInput["fanout"],
): LiveInput => {
  const { tunnels, exclude } = input;
  return {
    kind: "live",
    capture: captureOf(input.capture),
    rules: {
      ports: selection.ports,
      tunnels,
      exclude: exclude.slice(0, liveLimits.excludedEndpointsMax),
    },
    interfaces: input.interfaces,
    expression: input.filter,
    bufferBytes: ringBytesOf(budget.memoryBytesMax) / workers,
    namespace: input.namespace,
    promiscuous: input.promiscuous,
    fanout,
  };
};

const captureOf = (capture: TapInput["capture"]): LiveInput["capture"] => {
  if (capture !== "auto") return capture;
  return process.platform === "linux" ? "ring" : "pcap";
};
