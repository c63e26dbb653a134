import type { Batch } from "../../sensor/delta.ts";
import type { Outcome, Transport } from "../../sensor/transport.ts";
import { printLine } from "../standardoutput.ts";

/** Prints deltas as they leave, each on a line, and hands them on where there is someone to take them. */
export class Printer implements Transport {
  readonly target: string;
  readonly #next: Transport | null;
  /** The last that was printed of each sequence: what is sent again is printed once. */
  readonly #printed = new Map<string, number>();

  constructor(next: Transport | null) {
    this.#next = next;
    this.target = next?.target ?? "standard output";
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    for (const { epoch, shard, sequence, text } of batch.deltas) {
      const key = `${epoch}/${shard}`;
      if ((this.#printed.get(key) ?? 0) >= sequence) continue;
      this.#printed.set(key, sequence);
      printLine(text);
    }
    return (await this.#next?.publish(batch, signal)) ?? { kind: "accepted", answer: null };
  }

  close(): void {
    this.#next?.close();
  }
}
