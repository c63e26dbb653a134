/**
 * Files that people give: captures and HAR files are read by a job in a thread of its own, descriptions go to the inventory
 * as they are. A file's deltas are named by its content, so the same file given twice counts once.
 */
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serverLimits } from "../base/limits.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { decodeDelta } from "../sensor/delta.ts";
import type { Upload } from "./contract.ts";
import type { Ingest } from "./ingest.ts";
import { notFound, Refusal } from "./problem.ts";

/** What a job tells while it runs. */
export interface JobListener {
  progress(bytesDone: number, exchanges: number): void;
  /** Deltas, as their texts; the job waits until they are stored. */
  deltas(texts: readonly string[]): Promise<void>;
}
export interface Job {
  /** Rejects where the file cannot be read; the message is for people. */
  readonly done: Promise<void>;
  cancel(): void;
}
/** Reads a capture or HAR file in a thread; handed in, as what it runs stands in a later room. */
export type StartJob = (path: string, epoch: string, listener: JobListener) => Job;

export interface UploadsOptions {
  readonly inventory: Inventory;
  readonly ingest: Ingest;
  readonly startJob: StartJob;
  readonly bytesMax: number;
  /** Called at each change, but not for each piece of progress. */
  readonly onChange: (upload: Upload) => void;
}

interface Entry {
  upload: { -readonly [Key in keyof Upload]: Upload[Key] };
  readonly abort: AbortController;
  toldMs: number;
}

const TELL_MS = 250;
const APIS_MAX = 100;

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #entries = new Map<string, Entry>();
  #running = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  list(): Upload[] {
    return [...this.#entries.values()].map(({ upload }) => upload).reverse();
  }

  get(id: string): Upload {
    return this.#entry(id).upload;
  }

  cancel(id: string): Upload {
    const entry = this.#entry(id);
    entry.abort.abort();
    if (entry.upload.state === "running") this.#end(entry, "cancelled", null);
    return entry.upload;
  }

  close(): void {
    for (const { abort } of this.#entries.values()) abort.abort();
  }

  /** Receives the file, then reads it in the background; resolves when it was received. */
  async receive(body: Readable, name: string, bytes: number | null, who: string): Promise<Upload> {
    const { bytesMax } = this.#options;
    if (bytes !== null && bytes > bytesMax) throw tooLarge(bytesMax);
    if (this.#running >= serverLimits.uploadsRunningMax) {
      throw new Refusal(429, "other uploads are running; wait for one to end, or cancel it", {
        headers: { "retry-after": "10" },
      });
    }
    this.#running += 1;
    const entry = this.#begin(name, bytes ?? 0);
    const folder = await mkdtemp(join(tmpdir(), "nta-upload-"));
    const leave = async (): Promise<void> => {
      this.#running -= 1;
      await rm(folder, { recursive: true, force: true });
    };
    try {
      const path = join(folder, "file");
      const hash = await this.#store(body, path, entry);
      entry.upload.kind = await kindOf(path);
      this.#tell(entry, true);
      // Goes on after the answer.
      void this.#read(entry, path, hash, who).then(leave, leave);
      return entry.upload;
    } catch (error) {
      await leave();
      this.#entries.delete(entry.upload.id);
      throw error;
    }
  }

  #begin(name: string, bytes: number): Entry {
    for (const [id, { upload }] of this.#entries) {
      if (this.#entries.size < serverLimits.uploadsKeptMax) break;
      if (upload.state !== "running") this.#entries.delete(id);
    }
    const upload: Entry["upload"] = {
      id: randomBytes(8).toString("hex"),
      name: name.replaceAll(/\p{C}/gu, "").slice(0, 200),
      kind: "capture",
      state: "running",
      bytes,
      bytesDone: 0,
      exchanges: 0,
      apis: [],
      problem: null,
      startedMs: Date.now(),
    };
    const entry: Entry = { upload, abort: new AbortController(), toldMs: 0 };
    this.#entries.set(upload.id, entry);
    this.#tell(entry, true);
    return entry;
  }

  /** Gives the hash of the content. */
  async #store(body: Readable, path: string, entry: Entry): Promise<string> {
    const { bytesMax } = this.#options;
    const hash = createHash("sha256");
    let byteCount = 0;
    let checkedBytes = 0;
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        byteCount += chunk.length;
        hash.update(chunk);
        done(byteCount > bytesMax ? tooLarge(bytesMax) : null, chunk);
      },
    });
    const pace = setInterval(() => {
      const grown = byteCount - checkedBytes;
      checkedBytes = byteCount;
      if (grown >= (serverLimits.uploadBytesPerSecondMin * PACE_MS) / 1000) return;
      meter.destroy(new Refusal(408, "the file comes too slowly"));
    }, PACE_MS);
    try {
      await pipeline(body, meter, createWriteStream(path, { mode: 0o600 }), {
        signal: entry.abort.signal,
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOSPC") throw new Refusal(503, "the disk has no room for this file");
      if (code === "ABORT_ERR") throw new Refusal(409, "the upload was cancelled");
      if (code === "ERR_STREAM_PREMATURE_CLOSE") throw new Refusal(400, "the file is cut off");
      throw error;
    } finally {
      clearInterval(pace);
    }
    entry.upload.bytes = byteCount;
    return hash.digest("hex");
  }

  async #read(entry: Entry, path: string, hash: string, who: string): Promise<void> {
    try {
      if (entry.upload.kind === "openapi") await this.#import(entry, path, who);
      else await this.#learn(entry, path, hash);
      entry.upload.bytesDone = entry.upload.bytes;
      this.#end(entry, "done", entry.upload.problem);
    } catch (error) {
      this.#end(entry, "failed", (error as Error).message);
    }
  }

  async #import({ upload }: Entry, path: string, who: string): Promise<void> {
    if (upload.bytes > serverLimits.descriptionBytesMax)
      throw tooLarge(serverLimits.descriptionBytesMax);
    const result = await this.#options.inventory.imports.put(
      null,
      await readFile(path, "utf8"),
      who,
    );
    upload.apis = [result.api];
    const [problem] = result.problems;
    if (problem !== undefined) upload.problem = `${problem.path}: ${problem.message}`;
  }

  async #learn(entry: Entry, path: string, hash: string): Promise<void> {
    const { startJob, ingest, inventory } = this.#options;
    const { upload, abort } = entry;
    const places = new Map<string, Set<number>>();
    let accepted = 0;
    let duplicates = 0;
    const job = startJob(path, hash, {
      progress: (bytesDone, exchanges) => {
        upload.bytesDone = Math.min(bytesDone, upload.bytes);
        upload.exchanges = exchanges;
        this.#tell(entry, false);
      },
      deltas: async (texts) => {
        const deltas = texts.map((text) => {
          const delta = decodeDelta(JSON.parse(text));
          if (typeof delta === "string") throw new Error(`internal error: ${delta}`);
          return delta;
        });
        for (const { key } of deltas.flatMap(({ summaries }) => summaries)) {
          const ports = places.get(key.host) ?? new Set();
          places.set(key.host, ports.add(key.port));
        }
        const result = await ingest.store(deltas, { kind: "import" });
        accepted += result.accepted;
        duplicates += result.duplicates;
      },
    });
    abort.signal.addEventListener("abort", () => job.cancel(), { once: true });
    await job.done;
    if (accepted === 0) {
      upload.problem =
        duplicates > 0
          ? "this file was read before: it counts once"
          : "there is no HTTP exchange in it that makes an API";
    }
    await inventory.settled();
    upload.apis = await apisAt(inventory, places);
  }

  #end(entry: Entry, state: Upload["state"], problem: string | null): void {
    // What was cancelled stays so, however its job ends.
    if (entry.upload.state !== "running") return;
    entry.upload.state = state;
    entry.upload.problem = problem;
    this.#tell(entry, true);
  }

  #tell(entry: Entry, isImportant: boolean): void {
    const nowMs = Date.now();
    if (!isImportant && nowMs - entry.toldMs < TELL_MS) return;
    entry.toldMs = nowMs;
    this.#options.onChange({ ...entry.upload });
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw notFound("upload");
    return entry;
  }
}

const PACE_MS = 15_000;
const HEAD_BYTES = 4096;

const tooLarge = (bytes: number): Refusal =>
  new Refusal(
    413,
    `at most ${Math.floor(bytes / 2 ** 20)} MiB are taken; --upload-max allows more`,
  );

/** HAR begins with its `log`; any other text is taken for a description; whatever else for a capture. */
async function kindOf(path: string): Promise<Upload["kind"]> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer
      .subarray(0, bytesRead)
      .toString("latin1")
      .replace(/^\u00ef\u00bb\u00bf/, "");
    if (/^\s*\{\s*"log"\s*:/.test(head)) return "har";
    const isText = bytesRead > 0 && !/[^\t\n\r\u0020-\u007e\u0080-\u00ff]/.test(head);
    return isText ? "openapi" : "capture";
  } finally {
    await file.close();
  }
}

/** The APIs that have what was heard among their sources. */
async function apisAt(
  { apis }: Inventory,
  places: ReadonlyMap<string, ReadonlySet<number>>,
): Promise<string[]> {
  const found = new Set<string>();
  for (const [host, ports] of [...places].slice(0, APIS_MAX)) {
    const { items } = await apis.list({ host, limit: APIS_MAX });
    for (const row of items) if (row.ports.some((port) => ports.has(port))) found.add(row.id);
  }
  return [...found].slice(0, APIS_MAX);
}
