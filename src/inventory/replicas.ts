/**
 * What happens at one server, told to the others that share its PostgreSQL (LISTEN and NOTIFY), so that live pages are live at
 * each of them. Whoever was away missed what happened meanwhile, so its pages are sent away to ask anew.
 */
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { InventoryEvent } from "./inventory.ts";
import type { Store } from "./store.ts";

const CHANNEL = "nta_events";
const RETRY_MS = 2_000;
const SENSORS_EVERY_MS = 1_000;

interface Told {
  readonly from: string;
  readonly event: InventoryEvent;
}

export class Replicas {
  readonly #store: Store;
  readonly #url: string;
  readonly #onEvent: (event: InventoryEvent) => void;
  readonly #name = randomBytes(9).toString("base64url");
  #end: (() => Promise<void>) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #sensorsToldMs = Number.NEGATIVE_INFINITY;

  /** `onEvent` gets what happened elsewhere. */
  constructor(store: Store, url: string, onEvent: (event: InventoryEvent) => void) {
    this.#store = store;
    this.#url = url;
    this.#onEvent = onEvent;
  }

  /** Resolves when the others are heard; where there can be no others, at once. */
  async listen(): Promise<void> {
    if (this.#store.engine !== "postgres" || this.#isClosed) return;
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true });
    const again = (): void => {
      if (this.#isClosed || this.#timer !== null) return;
      this.#timer = setTimeout(() => {
        this.#timer = null;
        void this.listen();
      }, RETRY_MS);
      this.#timer.unref();
    };
    client.on("error", again);
    client.on("end", again);
    client.on("notification", ({ payload }) => this.#hear(payload ?? ""));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      if (this.#end !== null) this.#onEvent({ kind: "anew" });
      this.#end = () => client.end();
      if (this.#isClosed) await client.end();
    } catch {
      client.end().catch(() => undefined);
      again();
    }
  }

  /** Never rejects: what cannot be told is seen when it is asked for. */
  tell(event: InventoryEvent): void {
    if (this.#store.engine !== "postgres" || this.#isClosed) return;
    if (event.kind === "sensor" && !this.#maySpeakOfSensors()) return;
    const told: Told = { from: this.#name, event };
    const payload = JSON.stringify(told);
    if (Buffer.byteLength(payload) > inventoryLimits.notificationBytesMax) return;
    sql`select pg_notify(${CHANNEL}, ${payload})`.execute(this.#store.db).catch(() => undefined);
  }

  /** Sensors are heard all the time, and whoever shows them asks for all. */
  #maySpeakOfSensors(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#sensorsToldMs < SENSORS_EVERY_MS) return false;
    this.#sensorsToldMs = nowMs;
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#end?.().catch(() => undefined);
  }

  #hear(payload: string): void {
    const { from, event } = JSON.parse(payload) as Told;
    if (from !== this.#name) this.#onEvent(event);
  }
}
