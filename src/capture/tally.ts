import type { Packet } from "./packet.ts";

/** What a reader handed on, and what it could not. */
export class Tally {
  packets = 0;
  /** Captured bytes, and bytes on the wire. */
  bytes = 0;
  wireBytes = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  /** Packets that were left out because they are longer than `recordBytesMax`. */
  oversized = 0;
  /** Packets whose own lengths contradict each other, or whose interface was never declared. */
  malformed = 0;
  /** Packets of interfaces that nobody asked for. */
  unwanted = 0;
  /** Why the rest of the input was not read; empty where it was. */
  problem = "";
  readonly #linkTypes = new Map<number, number>();
  #linkType = -1;
  #linkTypePackets = 0;

  add(packet: Packet, hasTime: boolean): void {
    this.packets += 1;
    this.bytes += packet.end - packet.start;
    this.wireBytes += packet.wireBytes;
    if (hasTime) {
      if (packet.timeMs < this.firstMs) this.firstMs = packet.timeMs;
      if (packet.timeMs > this.lastMs) this.lastMs = packet.timeMs;
    }
    if (packet.linkType !== this.#linkType) this.#changeLinkType(packet.linkType);
    this.#linkTypePackets += 1;
  }

  /** Packets by LINKTYPE_ value. */
  linkTypes(): Map<number, number> {
    this.#changeLinkType(this.#linkType);
    return new Map(this.#linkTypes);
  }

  warnings(): string[] {
    const warnings: string[] = [];
    if (this.oversized > 0)
      warnings.push(`${this.oversized} packets longer than 1 MiB were left out`);
    if (this.malformed > 0)
      warnings.push(`${this.malformed} malformed packet records were left out`);
    if (this.problem !== "") warnings.push(`${this.problem}; used up to there`);
    return warnings;
  }

  #changeLinkType(next: number): void {
    if (this.#linkTypePackets > 0) {
      const before = this.#linkTypes.get(this.#linkType) ?? 0;
      this.#linkTypes.set(this.#linkType, before + this.#linkTypePackets);
    }
    this.#linkType = next;
    this.#linkTypePackets = 0;
  }
}
