import { createGunzip, createZstdDecompress } from "node:zlib";
import { captureLimits } from "../base/limits.ts";

export type Wrapping = "gzip" | "zstd";

/** Which compression the first bytes announce: RFC 1952 section 2.3.1, RFC 8878 sections 3.1.1 and 3.1.2. */
export function sniffWrapping(head: Uint8Array): Wrapping | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  const zstdFrame = head[0] === 0x28 && head[1] === 0xb5;
  const skippableFrame = (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a;
  if ((zstdFrame && head[2] === 0x2f) || (skippableFrame && head[2] === 0x4d)) return "zstd";
  return null;
}

/**
 * Decompresses a stream of one or more gzip members or zstd frames. Data that are cut off or damaged end the
 * output with a warning. The next chunk is inflated in the thread pool while the one before it is used.
 */
export async function* unwrap(
  chunks: AsyncIterable<Uint8Array>,
  wrapping: Wrapping,
  warnings: string[],
): AsyncGenerator<Uint8Array, void, void> {
  let member = new Member(wrapping);
  try {
    for await (const chunk of chunks) {
      let at = 0;
      while (at < chunk.length) {
        const used = yield* member.inflate(at === 0 ? chunk : chunk.subarray(at));
        if (member.error !== null || used === 0) {
          warnings.push(damage(wrapping, member));
          return;
        }
        at += used;
        if (at < chunk.length) {
          member.close();
          member = new Member(wrapping, true);
        }
      }
    }
    yield* member.finish();
    if (member.error !== null) warnings.push(damage(wrapping, member));
  } finally {
    member.close();
  }
}

function damage(wrapping: Wrapping, member: Member): string {
  if (member.error?.code === "Z_BUF_ERROR") {
    return `the ${wrapping} data are cut off; used up to there`;
  }
  if (member.follows && member.outputBytes === 0) {
    return `bytes behind the ${wrapping} data were ignored`;
  }
  return `the ${wrapping} data are damaged (${member.error?.message ?? "no progress"}); used up to there`;
}

/**
 * One gzip member or zstd frame. Node's zlib stops at the end of a zstd frame and drops the rest of what was
 * written, so the caller compares what was used with what it gave.
 */
class Member {
  readonly follows: boolean;
  error: NodeJS.ErrnoException | null = null;
  outputBytes = 0;
  readonly #stream: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;
  #ended = false;
  #wake: () => void = () => {};

  constructor(wrapping: Wrapping, follows = false) {
    this.follows = follows;
    const options = { chunkSize: captureLimits.inflatedChunkBytes };
    this.#stream = wrapping === "gzip" ? createGunzip(options) : createZstdDecompress(options);
    this.#stream.on("error", (error) => {
      this.error = error;
      this.#wake();
    });
    this.#stream.on("readable", () => this.#wake());
    this.#stream.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Yields what comes out of `input`; returns how many bytes of it belong to this member. */
  async *inflate(input: Uint8Array): AsyncGenerator<Uint8Array, number, void> {
    const before = this.#stream.bytesWritten;
    let written = false;
    this.#stream.write(input, () => {
      written = true;
      this.#wake();
    });
    yield* this.#output(() => written);
    return this.#stream.bytesWritten - before;
  }

  async *finish(): AsyncGenerator<Uint8Array, void, void> {
    this.#stream.end();
    yield* this.#output(() => this.#ended);
  }

  close(): void {
    this.#stream.destroy();
  }

  /** Output that is left when an error comes is used too, which Node's own iterator would drop. */
  async *#output(isDone: () => boolean): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const output: Uint8Array | null = this.#stream.read();
      if (output !== null) {
        this.outputBytes += output.length;
        yield output;
      } else if (isDone() || this.error !== null) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
