/** How the memory that a tap may use is shared out, and how little of it is wasted. Loaded before anything large is. */
import { limitHeap } from "../heap.ts";

/** Of what the tap may use, for packets that wait to be read. */
const RING_SHARE = 1 / 8;
const RING_BYTES_MAX = 64 << 20;
/** What a process takes beside heap and ring. */
const BASE_BYTES = 64 << 20;
const THREAD_HEAP_BYTES_MIN = 48 << 20;
/** Each half of V8's young generation: at twice that nothing is faster. */
export const SEMI_SPACE_MIB = 2;

/** All rings of a tap. */
export const ringBytesOf = (memoryBytesMax: number): number =>
  Math.min(RING_BYTES_MAX, memoryBytesMax * RING_SHARE);

/** The heap of one of several threads that listen. */
export const threadHeapBytesOf = (memoryBytesMax: number, threads: number): number =>
  Math.max(
    THREAD_HEAP_BYTES_MIN,
    (memoryBytesMax - ringBytesOf(memoryBytesMax) - BASE_BYTES) / threads,
  );

/** To be called first: the process may begin anew with its limits. */
export const limitMemory = (memoryBytesMax: number): void => {
  const bytesMax = memoryBytesMax - ringBytesOf(memoryBytesMax);
  limitHeap({ bytesMax, semiSpaceMib: SEMI_SPACE_MIB, savesMemory: true });
};
