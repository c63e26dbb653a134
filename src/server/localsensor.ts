import { hostname } from "node:os";
import type { IngestOptions, Inventory } from "../inventory/inventory.ts";
import { systemClock } from "../sensor/clock.ts";
import { keyIdOf } from "../sensor/hashkey.ts";
import { DeltaQueue } from "../sensor/queue.ts";
import { type Log, QuietLog } from "../sensor/quietlog.ts";
import { Sender } from "../sensor/sender.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import type { Selection } from "../telemetry/selection.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { type Ingest, InProcessTransport } from "./ingest.ts";

const FLUSH_MS = 2000;
const STOP_MS = 5000;

export interface LocalSensorOptions {
  readonly ingest: Ingest;
  readonly inventory: Inventory;
  readonly selection: Selection;
  readonly log: Log;
}

/**
 * A sensor of this server's own, fed with exchanges instead of packets: its doors. What it learned and has not stored yet,
 * two seconds' worth, is in memory alone.
 */
export class LocalSensor {
  readonly telemetry: Telemetry;
  readonly #sender: Sender;

  private constructor(telemetry: Telemetry, sender: Sender) {
    this.telemetry = telemetry;
    this.#sender = sender;
  }

  static async open(
    name: string,
    kind: NonNullable<IngestOptions["kind"]>,
    { ingest, inventory, selection, log }: LocalSensorOptions,
  ): Promise<LocalSensor> {
    const quiet = new QuietLog(log, systemClock.nowMs);
    const { hashKey } = inventory;
    const telemetry = new Telemetry({ selection, privacy: defaultPrivacy, hashKey });
    const queue = await DeltaQueue.open({
      stateFile: null,
      log: quiet,
      sensor: `${name}@${hostname()}`,
      nowMs: systemClock.nowMs,
    });
    const keyId = keyIdOf(hashKey);
    const told = new Map<string, number>();
    let fromMs = Date.now();
    const sender = new Sender({
      queue,
      transport: new InProcessTransport(ingest, inventory, { kind }),
      clock: systemClock,
      log: quiet,
      flushIntervalMs: FLUSH_MS,
      onAnswer: ({ hints }) => telemetry.correct(hints),
      random: Math.random,
      take: () => {
        const toMs = Date.now();
        const taken = {
          summaries: telemetry.take(),
          coverage: grown(telemetry, told),
          keyId,
          keptShare: 1,
          fromMs,
          toMs,
        };
        fromMs = toMs;
        return taken;
      },
    });
    sender.start();
    return new LocalSensor(telemetry, sender);
  }

  /** What was learned so far is on its way when this resolves. */
  async flush(): Promise<void> {
    await this.#sender.flush();
  }

  async close(): Promise<void> {
    await this.#sender.stop(systemClock.steadyMs() + STOP_MS);
  }
}

/** Exchanges by what became of them, since they were told last. */
function grown(telemetry: Telemetry, told: Map<string, number>): Map<string, number> {
  const coverage = new Map<string, number>();
  for (const { name, count } of telemetry.reasons.entries()) {
    const before = told.get(name) ?? 0;
    if (count > before) coverage.set(`exchanges-${name}`, count - before);
    told.set(name, count);
  }
  return coverage;
}
