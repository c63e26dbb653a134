import { liveLimits } from "../../base/limits.ts";
import type { InterfaceFacts } from "./facts.ts";

interface Tally {
  name: string | null;
  packets: number;
  bytes: number;
}

/** Packets by interface. Interfaces that are gone keep their counts. */
export class InterfaceTallies {
  packets = 0;
  bytes = 0;
  readonly #tallies = new Map<number, Tally>();
  #lastId = -1;
  #last: Tally = { name: null, packets: 0, bytes: 0 };

  add(id: number, byteCount: number): void {
    this.packets += 1;
    this.bytes += byteCount;
    if (id !== this.#lastId) this.#turnTo(id);
    this.#last.packets += 1;
    this.#last.bytes += byteCount;
  }

  list(nameOf: (id: number) => string | null): InterfaceFacts[] {
    return [...this.#tallies].map(([id, tally]) => {
      const name = nameOf(id);
      tally.name = name ?? tally.name;
      const { packets, bytes } = tally;
      return { name: tally.name ?? `interface ${id}`, isUp: name !== null, packets, bytes };
    });
  }

  #turnTo(id: number): void {
    let tally = this.#tallies.get(id);
    if (tally === undefined) {
      tally = { name: null, packets: 0, bytes: 0 };
      if (this.#tallies.size < liveLimits.interfacesMax) this.#tallies.set(id, tally);
    }
    this.#lastId = id;
    this.#last = tally;
  }
}
