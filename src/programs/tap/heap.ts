import { getHeapStatistics } from "node:v8";

/** A process that has less than this for its heap would collect all the time. */
const HEAP_MIB_MIN = 96;

/**
 * The limit of V8's heap is set when a process starts, and by default it is a share of the machine's memory, up to which V8
 * lets garbage lie. So this process begins anew with a limit of its own where the one that it has is higher than what it may
 * use. Its id, its files and its permissions stay.
 */
export const limitHeap = (bytesMax: number): void => {
  const mebibytes = Math.max(HEAP_MIB_MIN, Math.floor(bytesMax / 2 ** 20));
  const isSet = process.execArgv.some((argument) => argument.startsWith(FLAG));
  if (isSet || getHeapStatistics().heap_size_limit <= mebibytes * 2 ** 20) return;
  if (process.platform !== "linux" || process.execve === undefined) return;
  const [node, ...words] = process.argv;
  const flags = [
    `${FLAG}${mebibytes}`,
    "--max-semi-space-size=4",
    "--disable-warning=ExperimentalWarning",
  ];
  process.execve(node!, [node!, ...flags, ...process.execArgv, ...words], process.env);
};

const FLAG = "--max-old-space-size=";
