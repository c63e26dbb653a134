/** All listeners of a tap together: opened, asked and closed as one. */
import { liveLimits } from "../../base/limits.ts";
import { duplicatesMemory } from "../../sensor/duplicates.ts";
import { type Ear, openHere, openThread } from "./ear.ts";
import { addFacts, type ListenerFacts, noFacts } from "./facts.ts";
import type { ListenerOptions } from "./listener.ts";
import type { TapInput, TapOptions } from "./options.ts";
import type { ListenerInput, LiveInput } from "./sources.ts";

/** Of what the tap may use, for packets that wait to be read. */
const RING_SHARE = 1 / 12;
const RING_BYTES_MAX = 64 << 20;
/** What a process takes beside heap and ring. */
const BASE_BYTES = 64 << 20;
const HEAP_BYTES_MIN = 48 << 20;

/** @throws UsageError where nothing can be heard. */
export const openEars = async (
  options: TapOptions,
  hashKey: Uint8Array,
  salt: number,
): Promise<readonly Ear[]> => {
  const { input, selection, privacy, workloadOf } = options;
  const shared = { selection, privacy, hashKey, duplicates: duplicatesMemory(), salt };
  const workers = input.kind === "replay" ? 1 : options.workers;
  const optionsWith = (input: ListenerInput): ListenerOptions => ({ ...shared, input });
  if (workers === 1) {
    const listened = input.kind === "replay" ? input : liveInput(options, input, "alone");
    return [
      openHere({ ...optionsWith(listened), ...(workloadOf !== undefined && { workloadOf }) }),
    ];
  }
  const { memoryBytesMax } = options.budget;
  const heapBytes = (memoryBytesMax * (1 - RING_SHARE) - BASE_BYTES) / workers;
  const heapBytesMax = Math.max(HEAP_BYTES_MIN, heapBytes);
  const open = (fanout: LiveInput["fanout"]): Promise<Ear> =>
    openThread(optionsWith(liveInput(options, input as TapInput, fanout)), heapBytesMax);
  const first = await open("found");
  const join = { join: first.fanoutGroup! };
  const others = await Promise.all(Array.from({ length: workers - 1 }, () => open(join)));
  return [first, ...others];
};

const liveInput = (
  { workers, budget, selection }: TapOptions,
  input: TapInput,
  fanout: LiveInput["fanout"],
): LiveInput => {
  const ringBytes = Math.min(RING_BYTES_MAX, budget.memoryBytesMax * RING_SHARE) / workers;
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
    bufferBytes: ringBytes,
    namespace: input.namespace,
    promiscuous: input.promiscuous,
    fanout,
  };
};

const captureOf = (capture: TapInput["capture"]): LiveInput["capture"] => {
  if (capture !== "auto") return capture;
  return process.platform === "linux" ? "ring" : "pcap";
};

export const sumOfFacts = (ears: readonly Ear[]): ListenerFacts =>
  ears.reduce((sum, ear) => addFacts(sum, ear.facts()), noFacts);
