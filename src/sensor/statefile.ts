/**
 * The state of a sensor on disk: written whole beside the old one, made durable, and put in its place by rename, so that
 * at every moment there is one whole state. What is torn or foreign all the same (another disk's file, a bad sector) is
 * set aside under `.aside`, and the sensor begins anew.
 *
 *     offset  0  "NTASTATE"
 *             8  version of what follows, 32 bits, big-endian
 *            12  SHA-256 of everything from offset 44
 *            44  the state, compressed with zstd
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { UsageError } from "../base/errors.ts";
import { sensorLimits } from "../base/limits.ts";
import type { Files } from "./files.ts";
import { type Lock, takeLock } from "./lock.ts";
import type { Log } from "./quietlog.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const MAGIC = Buffer.from("NTASTATE");
const VERSION = 1;
const HASH_AT = 12;
const BODY_AT = 44;

export interface StateFileOptions {
  readonly path: string;
  readonly files: Files;
  readonly log: Log;
  /** Gives null where another process holds it. */
  readonly lock?: (path: string) => Lock | null;
}

export class StateFile {
  readonly path: string;
  readonly #files: Files;
  readonly #log: Log;
  readonly #lock: Lock;
  #folderWarned = false;

  private constructor(options: StateFileOptions, lock: Lock) {
    this.path = options.path;
    this.#files = options.files;
    this.#log = options.log;
    this.#lock = lock;
  }

  /** Takes the file for this process alone. Throws a `UsageError` where that cannot be. */
  static async open(options: StateFileOptions): Promise<StateFile> {
    const { path, files } = options;
    let lock: Lock | null;
    try {
      await files.makeFolder(dirname(path));
      lock = (options.lock ?? takeLock)(`${path}.lock`);
    } catch (error) {
      throw new UsageError(
        `state file ${path}: ${reasonOf(error)}; name a file in a folder that can be written`,
      );
    }
    if (lock === null) {
      throw new UsageError(
        `state file ${path}: another nta is using it; give each its own state file`,
      );
    }
    return new StateFile(options, lock);
  }

  /** The state as it was saved last; null where there is none, or none that can be used: then that is set aside. */
  async load(): Promise<Buffer | null> {
    let bytes: Uint8Array | null | "too large";
    try {
      await this.#files.remove(this.#newPath);
      bytes = await this.#files.read(this.path, sensorLimits.stateFileBytesMax);
    } catch (error) {
      this.#lock.release();
      throw new UsageError(`state file ${this.path}: ${reasonOf(error)}`);
    }
    if (bytes === null) return null;
    const state = bytes === "too large" ? "it is too large" : await unwrap(bytes);
    if (typeof state !== "string") return state;
    await this.setAside(state);
    return null;
  }

  /** Puts what is there out of the way, with one line in the log that says why. */
  async setAside(why: string): Promise<void> {
    const aside = `${this.path}.aside`;
    this.#log.warn(
      `state file ${this.path} cannot be used: ${why}; it is now ${aside}, and a new epoch begins`,
    );
    try {
      await this.#files.rename(this.path, aside);
    } catch (error) {
      this.#log.warn(`state file ${this.path} cannot be set aside: ${reasonOf(error)}`);
    }
  }

  /**
   * Replaces the state. When this resolves, what a later `load` finds is the new one; when it rejects, it is still the
   * old one. Calls do not overlap.
   */
  async save(state: Uint8Array): Promise<void> {
    const bytes = await wrap(state);
    await this.#files.remove(this.#newPath);
    const file = await this.#files.create(this.#newPath);
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#files.rename(this.#newPath, this.path);
    await this.#syncFolder();
  }

  /** Afterwards no `load` finds a state. */
  async remove(): Promise<void> {
    await this.#files.remove(this.#newPath);
    await this.#files.remove(this.path);
    await this.#files.syncFolder(dirname(this.path));
  }

  close(): void {
    this.#lock.release();
  }

  get #newPath(): string {
    return `${this.path}.new`;
  }

  /**
   * Some file systems cannot sync a folder. The rename is done and seen by every later `load`; only a power cut could
   * undo it.
   */
  async #syncFolder(): Promise<void> {
    try {
      await this.#files.syncFolder(dirname(this.path));
    } catch (error) {
      if (this.#folderWarned) return;
      this.#folderWarned = true;
      this.#log.warn(
        `state file ${this.path}: its folder cannot be synced (${reasonOf(error)}); a power cut may undo what was saved last`,
      );
    }
  }
}

async function wrap(state: Uint8Array): Promise<Buffer> {
  const body = await compress(state);
  const bytes = Buffer.alloc(BODY_AT + body.length);
  MAGIC.copy(bytes);
  bytes.writeUInt32BE(VERSION, MAGIC.length);
  createHash("sha256").update(body).digest().copy(bytes, HASH_AT);
  body.copy(bytes, BODY_AT);
  return bytes;
}

/** The state, or why it is none. */
async function unwrap(bytes: Uint8Array): Promise<Buffer | string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < BODY_AT || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) {
    return "it is no state of nta";
  }
  const version = buffer.readUInt32BE(MAGIC.length);
  if (version !== VERSION) return `it has version ${version}, this is version ${VERSION}`;
  const body = buffer.subarray(BODY_AT);
  const hash = createHash("sha256").update(body).digest();
  if (!hash.equals(buffer.subarray(HASH_AT, BODY_AT))) return "it is damaged";
  try {
    return await decompress(body, { maxOutputLength: sensorLimits.stateBytesMax });
  } catch {
    return "it cannot be unpacked";
  }
}

const reasonOf = (error: unknown): string => (error as Error).message;
