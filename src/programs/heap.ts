import { getHeapStatistics } from "node:v8";

/** A process that has less than this for its heap would collect all the time. */
const HEAP_MIB_MIN = 96;

export interface HeapLimits {
  readonly bytesMax: number;
  /** One half of the young generation, of which V8 has three; what it grants by itself is more than short-lived values need. */
  readonly semiSpaceMib: number;
  /** How much garbage may lie beside what is alive before it is collected, in percent; V8's own rule allows up to 300. */
  readonly growingPercent?: number;
  /** Whether the old generation is kept at a third above what lives, and collected more often for it. */
  readonly savesMemory?: boolean;
}

/**
 * The limit of V8's heap is set when a process starts, and by default it is a share of the machine's memory, up to which V8
 * lets garbage lie. So this process begins anew with limits of its own; a limit that the operator gave (`NODE_OPTIONS`) and
 * one that is lower already stay. Its id, its files and its permissions stay too.
 */
export const limitHeap = (limits: HeapLimits): void => {
  const { bytesMax, semiSpaceMib, growingPercent, savesMemory } = limits;
  if (process.execArgv.some((argument) => argument.startsWith(YOUNG))) return;
  if (process.platform !== "linux" || process.execve === undefined) return;
  const mebibytes = Math.max(HEAP_MIB_MIN, Math.floor(bytesMax / 2 ** 20));
  const isGiven = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ").includes(OLD);
  const isLower = getHeapStatistics().heap_size_limit <= mebibytes * 2 ** 20;
  const flags = [
    ...(isGiven || isLower ? [] : [`${OLD}${mebibytes}`]),
    `${YOUNG}${semiSpaceMib}`,
    ...(growingPercent === undefined ? [] : [`--heap-growing-percent=${growingPercent}`]),
    // Set later it would make Node's cache of compiled sources useless, as that is kept by flags.
    ...(savesMemory === true ? ["--memory-saver-mode"] : []),
    "--disable-warning=ExperimentalWarning",
  ];
  const [node, ...words] = process.argv;
  // Each arena of the C library keeps what its thread freed, and threads of Node pass memory on to each other.
  const environment = { MALLOC_ARENA_MAX: "2", ...process.env };
  process.execve(node!, [node!, ...flags, ...process.execArgv, ...words], environment);
};

const OLD = "--max-old-space-size=";
const YOUNG = "--max-semi-space-size=";
