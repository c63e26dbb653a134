/**
 * A mirror of one kind of objects, kept up by list and watch as the Kubernetes API wants it:
 *
 *   list (pages) ──► watch from the list's version ──► ended: watch again from the last version seen
 *     ▲                        │ 410, or the stream said so
 *     └────────────────────────┘
 *
 * Every failure is waited out with a growing, jittered pause. What the mirror has stays in use meanwhile.
 */
import { kubernetesLimits } from "../base/limits.ts";
import { backoffMs } from "../sensor/backoff.ts";
import type { Clock } from "../sensor/clock.ts";
import type { QuietLog } from "../sensor/quietlog.ts";
import { type ApiClient, ApiError } from "./client.ts";

/** What the objects become. An item that is too many is left out by the reflector, and counted. */
export interface Mirror<Item> {
  /** All there are now. */
  replace(items: readonly Item[]): void;
  upsert(item: Item): void;
  remove(item: Item): void;
}

export interface ReflectorOptions<Item> {
  readonly client: ApiClient;
  /** `/api/v1/pods` */
  readonly path: string;
  /** `spec.nodeName=worker-3`; empty for all. */
  readonly fieldSelector: string;
  /** What is kept of an object; null for one that is of no use. Never throws. */
  readonly project: (object: unknown) => Item | null;
  readonly mirror: Mirror<Item>;
  readonly clock: Clock;
  readonly log: QuietLog;
  readonly random: () => number;
}

/** A watch is ended by the server within this, so that they do not all end at one time. */
const WATCH_SECONDS = 240;
const SHORT_MS = 1000;

export class Reflector<Item> {
  readonly #options: ReflectorOptions<Item>;
  #failures = 0;
  /** Version to watch from; empty asks for a list. */
  #version = "";
  /** Whether a list was complete once. */
  isSynced = false;
  /** Objects beyond the limit, which are not known. */
  leftOut = 0;
  /** How often all was listed anew. */
  lists = 0;

  constructor(options: ReflectorOptions<Item>) {
    this.#options = options;
  }

  /** Until `signal`; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#version === "") await this.#list(signal);
        const startMs = clock.steadyMs();
        await this.#watch(signal);
        // A server that ends watches at once must not be asked in a loop.
        if (clock.steadyMs() - startMs < SHORT_MS)
          await clock.sleep(backoffMs(1, null, random()), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status === 410) {
          this.#version = "";
          // Lists of a large cluster are dear for it: not at once, and not all taps at one time.
          await clock.sleep(random() * 1000, signal);
          continue;
        }
        await clock.sleep(this.#failed(error), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, project, mirror } = this.#options;
    const items: Item[] = [];
    let next = "";
    let version = "";
    this.leftOut = 0;
    const take = (object: unknown): void => {
      const item = project(object);
      if (item === null) return;
      if (items.length < kubernetesLimits.objectsMax) items.push(item);
      else this.leftOut += 1;
    };
    do {
      const path = this.#path({ limit: kubernetesLimits.pageObjects, continue: next });
      const page = asObject(await client.list(path, take, signal));
      const metadata = asObject(page["metadata"]);
      version = asText(metadata["resourceVersion"]);
      next = asText(metadata["continue"]);
    } while (next !== "" && !signal.aborted);
    if (signal.aborted) return;
    mirror.replace(items);
    this.lists += 1;
    this.#version = version;
    this.isSynced = true;
    this.#worked();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, random } = this.#options;
    const path = this.#path({
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: this.#version,
      timeoutSeconds: Math.round(WATCH_SECONDS * (1 + random() / 4)),
    });
    for await (const line of client.watch(path, signal)) {
      this.#event(line);
      this.#worked();
    }
  }

  #event(line: string): void {
    const { project, mirror } = this.#options;
    const event = asObject(JSON.parse(line));
    const object = asObject(event["object"]);
    if (event["type"] === "ERROR") {
      throw new ApiError(Number(object["code"]) || 500, null, asText(object["message"]));
    }
    const version = asText(asObject(object["metadata"])["resourceVersion"]);
    if (version !== "") this.#version = version;
    if (event["type"] === "BOOKMARK") return;
    const item = project(object);
    if (item === null) return;
    if (event["type"] === "DELETED") mirror.remove(item);
    else mirror.upsert(item);
  }

  #path(parameters: Readonly<Record<string, string | number>>): string {
    const query = new URLSearchParams();
    const { path, fieldSelector } = this.#options;
    for (const [name, value] of Object.entries({ ...parameters, fieldSelector })) {
      if (value !== "") query.set(name, String(value));
    }
    return `${path}?${query}`;
  }

  #worked(): void {
    const { log, path } = this.#options;
    if (this.#failures > 0) log.over(path, `Kubernetes: ${path} can be read again`);
    this.#failures = 0;
  }

  #failed(error: unknown): number {
    const { log, path, random } = this.#options;
    this.#failures += 1;
    const afterMs = error instanceof ApiError ? error.afterMs : null;
    const isForbidden = error instanceof ApiError && (error.status === 401 || error.status === 403);
    const advice = isForbidden ? "; the service account needs get, list and watch of it" : "";
    // A watch that a proxy or a restart of the API server cut is nothing to speak of, as long as the next one works.
    if (this.#failures > 1 || isForbidden) {
      log.trouble(
        path,
        `Kubernetes: ${path} cannot be read (${(error as Error).message})${advice}`,
      );
    }
    return backoffMs(this.#failures, afterMs, random());
  }
}

type Loose = Readonly<Record<string, unknown>>;
const NOTHING: Loose = {};
export const asObject = (value: unknown): Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : NOTHING;
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const asText = (value: unknown): string => (typeof value === "string" ? value : "");
