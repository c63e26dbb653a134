import { readFileSync } from "node:fs";
import { listInterfaces } from "../../capture/live/interfaces.ts";
import type { InterfaceStatus } from "../../sensor/status.ts";
import type { InterfaceFacts } from "./facts.ts";

/** Packets that passed each interface of this network namespace since it is there, as the kernel counts them. */
const kernelCounts = (): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const line of readFileSync("/proc/thread-self/net/dev", "utf8").split("\n")) {
    const [name, figures] = line.split(":");
    if (figures === undefined) continue;
    const columns = figures.trim().split(/\s+/).map(Number);
    // Bytes and packets received come first, those sent in the ninth and tenth column.
    counts.set(name!.trim(), (columns[1] ?? 0) + (columns[9] ?? 0));
  }
  return counts;
};

/** The interfaces that are there, heard or not, and what passes them. */
export class PassedPackets {
  readonly #before: ReadonlyMap<string, number>;

  constructor() {
    this.#before = tryElse(kernelCounts, new Map());
  }

  /** `wanted`: names, empty is all. Where the kernel cannot be asked, only what was heard. */
  list(heard: readonly InterfaceFacts[], wanted: readonly string[]): readonly InterfaceStatus[] {
    const now = tryElse(kernelCounts, new Map<string, number>());
    const present = tryElse(() => listInterfaces(), []);
    const statuses = new Map<string, InterfaceStatus>(
      heard.map((each) => [each.name, { ...each, isUp: false, passed: null }]),
    );
    for (const { name, up } of present) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const { packets, bytes } = statuses.get(name) ?? { packets: 0, bytes: 0 };
      const count = now.get(name);
      const passed = count === undefined ? null : count - (this.#before.get(name) ?? 0);
      statuses.set(name, { name, isUp: up, packets, bytes, passed });
    }
    return [...statuses.values()];
  }
}

const tryElse = <Value>(ask: () => Value, otherwise: Value): Value => {
  try {
    return ask();
  } catch {
    return otherwise;
  }
};
