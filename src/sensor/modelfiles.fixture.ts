import type { Files } from "./files.ts";

/** A file's bytes as processes see them, and as they would be after a power cut. */
interface Content {
  seen: Uint8Array;
  synced: Uint8Array;
}

type Folder = Map<string, Content>;

/**
 * A file system in memory that can crash. Each operation is a step; at the chosen one it does a part of its work and
 * then nothing ever answers again, as for a process that was killed. `survive` gives what the next process finds.
 */
export class ModelFiles implements Files {
  readonly #seen: Folder;
  readonly #durable: Folder;
  /** Renames and removals that are seen and not yet durable. */
  #pending: ((folder: Folder) => void)[] = [];
  #steps = 0;
  #crashAtStep = Number.POSITIVE_INFINITY;
  #onCrash: () => void = () => {};
  isCrashed = false;
  /** Set to make every operation of that name fail with this code. */
  readonly failures = new Map<"create" | "write" | "rename" | "remove" | "syncFolder", string>();

  constructor(seen: Folder = new Map(), durable: Folder = new Map(seen)) {
    this.#seen = seen;
    this.#durable = durable;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Crashes at step `step` counted from now, and calls `onCrash` at that moment. */
  crashAt(step: number, onCrash: () => void = () => {}): void {
    this.#crashAtStep = this.#steps + step;
    this.#onCrash = onCrash;
  }

  crash(): void {
    if (this.isCrashed) return;
    this.isCrashed = true;
    this.#onCrash();
  }

  /** What is there after the process was killed, or the power cut. */
  survive(kind: "kill" | "power cut", random: () => number): ModelFiles {
    if (kind === "kill") return new ModelFiles(copyOf(this.#seen, (content) => content.seen));
    const folder = new Map(this.#durable);
    const done = Math.floor(random() * (this.#pending.length + 1));
    for (const operation of this.#pending.slice(0, done)) operation(folder);
    const left = copyOf(folder, (content) =>
      content.synced === content.seen || random() < 0.5
        ? content.synced
        : content.seen.slice(0, Math.floor(random() * content.seen.length)),
    );
    return new ModelFiles(left);
  }

  bytes(path: string): Uint8Array | undefined {
    return this.#seen.get(path)?.seen;
  }

  put(path: string, bytes: Uint8Array): void {
    const content = { seen: bytes, synced: bytes };
    this.#seen.set(path, content);
    this.#durable.set(path, content);
  }

  paths(): string[] {
    return [...this.#seen.keys()];
  }

  async makeFolder(): Promise<void> {}

  async read(path: string, bytesMax: number): Promise<Uint8Array | null | "too large"> {
    await this.#step("read");
    const bytes = this.#seen.get(path)?.seen ?? null;
    return bytes !== null && bytes.length > bytesMax ? "too large" : bytes;
  }

  async create(path: string): ReturnType<Files["create"]> {
    await this.#step("create");
    if (this.#seen.has(path)) throw failure("EEXIST");
    const content: Content = { seen: new Uint8Array(0), synced: new Uint8Array(0) };
    this.#change((folder) => folder.set(path, content));
    return {
      write: async (bytes) => {
        await this.#step("write", () => {
          content.seen = bytes.slice(0, bytes.length >> 1);
        });
        content.seen = Uint8Array.from(bytes);
      },
      sync: async () => {
        await this.#step("sync");
        content.synced = content.seen;
      },
      close: () => this.#step("close"),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step("rename");
    const content = this.#seen.get(from);
    if (content === undefined) throw failure("ENOENT");
    this.#change((folder) => {
      folder.delete(from);
      folder.set(to, content);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#step("remove");
    if (this.#seen.has(path)) this.#change((folder) => folder.delete(path));
  }

  async syncFolder(): Promise<void> {
    await this.#step("syncFolder");
    for (const operation of this.#pending) operation(this.#durable);
    this.#pending = [];
  }

  #change(operation: (folder: Folder) => void): void {
    operation(this.#seen);
    this.#pending.push(operation);
  }

  async #step(name: string, half: () => void = () => {}): Promise<void> {
    this.#steps += 1;
    if (!this.isCrashed && this.#steps >= this.#crashAtStep) {
      half();
      this.crash();
    }
    if (this.isCrashed) await new Promise(() => {});
    const code = this.failures.get(name as "write");
    if (code !== undefined) throw failure(code);
  }
}

const copyOf = (folder: Folder, choose: (content: Content) => Uint8Array): Folder => {
  const copy: Folder = new Map();
  for (const [path, content] of folder) {
    const bytes = choose(content);
    copy.set(path, { seen: bytes, synced: bytes });
  }
  return copy;
};

const failure = (code: string): Error => Object.assign(new Error(`${code}: simulated`), { code });

/** Numbers from 0 up to 1 that look random (Mulberry32), the same for the same seed. */
export const randomFrom = (seed: number): (() => number) => {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let hash = Math.imul(state ^ (state >>> 15), state | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
  };
};
