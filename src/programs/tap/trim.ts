import { loadFirst } from "../../capture/live/libc.ts";

/**
 * Gives back what the C library keeps of memory that was freed: compilers and decoders take and free some megabytes now and
 * then, and glibc returns by itself only what lies at the end. Under a millisecond; nothing where there is no glibc.
 */
export const trimMemory = (): void => {
  trim ??= loadFirst(["libc.so.6"])?.func("int malloc_trim(size_t keep)") ?? (() => {});
  trim(0);
};

let trim: ((keepBytes: number) => void) | null = null;
