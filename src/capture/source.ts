import { closeSync, fstatSync, open, readSync, type Stats } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { UsageError } from "../base/errors.ts";
import { captureLimits } from "../base/limits.ts";
import { describeKind, type SourceKind, sniffKind } from "./kind.ts";
import { sniffWrapping, unwrap } from "./unwrap.ts";

/** An input as a stream of decompressed bytes. */
export interface ByteSource {
  /** As given, `standard input` for `-`; safe to print. */
  readonly name: string;
  readonly kind: SourceKind;
  /**
   * Can be iterated once. A chunk is valid until the next one is asked for: files are read into one reused
   * buffer. Nothing comes of a source of kind `empty` or `unknown`, which is closed already.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Size of the file as it lies on the disk; null for a pipe. */
  readonly bytesTotal: number | null;
  /** Bytes of the file that were read so far, before decompression. */
  bytesRead(): number;
  /** What went wrong on the way without ending it; filled while `chunks` is iterated. */
  readonly warnings: readonly string[];
  /** The first bytes after decompression, for `describeUnknown`. */
  readonly head: Uint8Array;
}

/**
 * Opens a file, or standard input for `-`; gzip and zstd are unwrapped. An abort ends `chunks` early.
 *
 * @throws UsageError where it cannot be read: one line that says what to do.
 */
export async function openSource(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ByteSource> {
  const warnings: string[] = [];
  const input = await openInput(path, options.signal);
  const wrapping = await peek(input.chunks, (head, ended) =>
    head.length >= 4 || ended ? { value: sniffWrapping(head) } : null,
  );
  const bytes =
    wrapping.value === null ? wrapping.chunks : unwrap(wrapping.chunks, wrapping.value, warnings);
  const kind = await peek(bytes, (head, ended) => {
    const value = sniffKind(head, ended);
    return value === null ? null : { value };
  });
  if (kind.value === "empty" || kind.value === "unknown") await kind.chunks.return();
  return {
    name: input.name,
    kind: kind.value,
    chunks: kind.chunks,
    bytesTotal: input.bytesTotal,
    bytesRead: () => input.bytesRead,
    warnings,
    head: kind.head,
  };
}

/** For a source of kind `unknown` or `empty`: one line that says what it seems to be and what to do. */
export const describeUnknown = (source: ByteSource): string =>
  `${source.name} ${describeKind(source.kind, source.head)}`;

interface Input {
  readonly name: string;
  readonly bytesTotal: number | null;
  bytesRead: number;
  chunks: AsyncGenerator<Uint8Array, void, void>;
}

async function openInput(path: string, signal: AbortSignal | undefined): Promise<Input> {
  const fromStdin = path === "-";
  const name = fromStdin ? "standard input" : printable(path);
  const fd = fromStdin ? 0 : await openFile(path, name);
  const stats = statOf(fd, name);
  const problem = problemOf(stats, fd, name);
  if (problem !== null) {
    if (!fromStdin) closeSync(fd);
    throw new UsageError(problem);
  }
  const regular = stats.isFile();
  const input: Input = {
    name,
    bytesTotal: regular ? stats.size : null,
    bytesRead: 0,
    chunks: none(),
  };
  input.chunks = regular
    ? fileChunks(fd, input, signal)
    : streamChunks(fromStdin ? process.stdin : new Socket({ fd, writable: false }), input, signal);
  return input;
}

async function openFile(path: string, name: string): Promise<number> {
  try {
    return await promisify(open)(path, "r");
  } catch (error) {
    throw readError(error, name);
  }
}

function statOf(fd: number, name: string): Stats {
  try {
    return fstatSync(fd);
  } catch (error) {
    throw readError(error, name);
  }
}

/** Why nobody can read a capture from there, or null. */
function problemOf(stats: Stats, fd: number, name: string): string | null {
  if (stats.isDirectory()) {
    return `${name} is a folder; name the captures in it, as in ${name.replace(/\/+$/, "")}/*.pcap`;
  }
  if (isatty(fd)) {
    return `${name} is a terminal; pipe a capture into it, as in \`tcpdump -w - | ...\``;
  }
  // Without standard input a process is given /dev/null, which is empty.
  if (fd !== 0 && (stats.isCharacterDevice() || stats.isBlockDevice())) {
    return `${name} is a device; name a capture file, or - for standard input`;
  }
  return null;
}

/**
 * Reads synchronously: from the page cache that costs less than a round through the thread pool, and the
 * kernel reads ahead. Whoever iterates lets the event loop run between two chunks.
 */
async function* fileChunks(
  fd: number,
  input: Input,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const size = Math.min(captureLimits.chunkBytes, Math.max(4096, (input.bytesTotal ?? 0) + 1));
  const buffer = new Uint8Array(size);
  try {
    while (!signal?.aborted) {
      const byteCount = readSync(fd, buffer, 0, buffer.length, null);
      if (byteCount === 0) return;
      input.bytesRead += byteCount;
      yield byteCount === buffer.length ? buffer : buffer.subarray(0, byteCount);
    }
  } catch (error) {
    throw readError(error, input.name);
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

/** Reads a pipe or a socket as it grows. */
async function* streamChunks(
  stream: Readable,
  input: Input,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const stop = (): void => {
    stream.destroy();
  };
  signal?.addEventListener("abort", stop);
  try {
    if (signal?.aborted) return;
    for await (const chunk of stream) {
      input.bytesRead += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!signal?.aborted) throw readError(error, input.name);
  } finally {
    signal?.removeEventListener("abort", stop);
    stream.destroy();
  }
}

interface Peeked<T> {
  readonly value: T;
  readonly head: Uint8Array;
  /** All bytes, those that were looked at included. */
  readonly chunks: AsyncGenerator<Uint8Array, void, void>;
}

/** Reads as much as `decide` wants to see. Its answer is wrapped, so that null can mean "more". */
async function peek<T>(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  decide: (head: Uint8Array, ended: boolean) => { readonly value: T } | null,
): Promise<Peeked<T>> {
  let seen: Uint8Array = new Uint8Array(0);
  for (;;) {
    const next = await chunks.next();
    if (!next.done) seen = seen.length === 0 ? next.value : Buffer.concat([seen, next.value]);
    const head = seen.subarray(0, captureLimits.sniffBytesMax);
    const decision = decide(head, next.done === true);
    if (decision !== null) {
      return { value: decision.value, head: head.slice(), chunks: rejoin(seen, chunks) };
    }
    seen = seen.slice();
  }
}

async function* rejoin(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (first.length > 0) yield first;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* none(): AsyncGenerator<Uint8Array, void, void> {}

function readError(error: unknown, name: string): Error {
  if (error instanceof UsageError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const advice = READ_ADVICE.get(code) ?? (code || String(error));
  return new UsageError(`cannot read ${name}: ${advice}`);
}

const READ_ADVICE: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file; check its name and the folder that you are in"],
  ["ENOTDIR", "a part of its path is not a folder; check the path"],
  ["EACCES", "no permission; run as a user who may read it, or make it readable with chmod"],
  ["EPERM", "no permission; run as a user who may read it, or make it readable with chmod"],
  ["EISDIR", "it is a folder; name the captures in it"],
  ["ELOOP", "its symbolic links go round in a circle; name the file itself"],
  ["ENAMETOOLONG", "its name is too long; check it"],
  ["EMFILE", "too many files are open; raise the limit with `ulimit -n`"],
  ["ENXIO", "it is a socket; pipe a capture into standard input instead"],
  ["EIO", "the disk reported an error; copy the file to another disk and try again"],
  ["ESTALE", "the network file system lost it; mount it again"],
]);

/** A name for messages of one line: control characters become `?`. */
const printable = (path: string): string => path.replace(/\p{Cc}/gu, "?");
