/** A server that is plainly right: it remembers the last sequence of each stream of deltas, and counts calls by endpoint. */
import { decodeBatch } from "./delta.ts";
import { callsByEndpoint } from "./summaries.fixture.ts";

export class ModelServer {
  readonly calls = new Map<string, number>();
  readonly coverage = new Map<string, number>();
  readonly sensors = new Set<string>();
  standsFor = 0;
  readonly #last = new Map<string, number>();

  /** Takes the body of a request in; the counts of its answer, or what is wrong with it. */
  receive(body: string): { accepted: number; duplicates: number } | string {
    const deltas = decodeBatch(JSON.parse(body));
    if (typeof deltas === "string") return deltas;
    let accepted = 0;
    for (const delta of deltas) {
      const stream = `${delta.sensor}/${delta.epoch}/${delta.shard}`;
      this.sensors.add(`${delta.sensor}/${delta.epoch}`);
      if (delta.sequence <= (this.#last.get(stream) ?? 0)) continue;
      this.#last.set(stream, delta.sequence);
      accepted += 1;
      this.standsFor += delta.standsFor;
      callsByEndpoint(delta.summaries, this.calls);
      for (const [reason, count] of delta.coverage) {
        this.coverage.set(reason, (this.coverage.get(reason) ?? 0) + count);
      }
    }
    return { accepted, duplicates: deltas.length - accepted };
  }
}
