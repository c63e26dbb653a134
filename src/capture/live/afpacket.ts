import { assert } from "../../base/errors.ts";
import { liveLimits } from "../../base/limits.ts";
import type { PacketSink } from "../packet.ts";
import { bothOf, NOTHING, type Program } from "./bpf.ts";
import { symmetricHash } from "./fanout.ts";
import { captureFilter } from "./filter.ts";
import { InterfaceWatch, missingInterfaces, selectInterfaces } from "./interfaces.ts";
import { libc, type Poll, pollReadable } from "./libc.ts";
import { compileExpression } from "./libpcap.ts";
import type { LiveOptions, LiveSource, LiveStats } from "./livesource.ts";
import { inNetworkNamespace } from "./namespace.ts";
import {
  attachFilter,
  hearOthers,
  joinFanout,
  listen,
  type MappedRing,
  mapRing,
  openPacketSocket,
  takeStatistics,
  unmapRing,
} from "./packetsocket.ts";
import { RingReader } from "./ring.ts";

export interface RingOptions extends LiveOptions {
  /** `alone`, or one of several workers that share all packets: the group that the first has founded. */
  readonly fanout: "alone" | "found" | { readonly join: number };
}

/**
 * One AF_PACKET socket that hears all interfaces of a network namespace, and its ring. Named interfaces are a matter of
 * its filter, so they may come and go without the socket being bound anew.
 */
export class RingSource implements LiveSource {
  /** What became of the packets in the ring. */
  readonly reader: RingReader;
  /** Number of the group; null where alone. */
  readonly fanoutGroup: number | null;
  readonly #options: RingOptions;
  readonly #fd: number;
  readonly #ring: MappedRing;
  readonly #watch: InterfaceWatch;
  readonly #expression: Program | null;
  readonly #taken = new Uint32Array(3);
  readonly #stats = { packets: 0, drops: 0, deviceDrops: 0 };
  /** Indexes of the named interfaces that are there. */
  #selected: readonly number[] | null = null;
  #poll: Poll | null = null;
  #sink: PacketSink | null = null;
  #state: "open" | "closing" | "closed" = "open";
  readonly #ended = Promise.withResolvers<void>();

  /** @throws UsageError where something that it needs is refused: one line that says what to do. */
  constructor(options: RingOptions) {
    this.#options = options;
    this.#expression =
      options.expression === null ? null : compileExpression(options.expression, "--filter");
    const blockCount = Math.min(
      liveLimits.ringBlocksMax,
      Math.max(
        liveLimits.ringBlocksMin,
        Math.floor(options.bufferBytes / liveLimits.ringBlockBytes),
      ),
    );
    this.#fd = inNetworkNamespace(options.namespace, openPacketSocket);
    const opened: { close(): void }[] = [{ close: () => libc().close(this.#fd) }];
    try {
      this.#watch = new InterfaceWatch(options.namespace);
      opened.push(this.#watch);
      this.#ring = mapRing(this.#fd, blockCount);
      this.reader = new RingReader(this.#ring.memory, liveLimits.ringBlockBytes);
      this.fanoutGroup = this.#listen();
    } catch (error) {
      for (const each of opened) each.close();
      throw error;
    }
    this.#watch.start(() => this.#guard(() => this.#select()));
  }

  /** Before it is in its group a socket hears what is the others' to hear; so it opens its ears only then. */
  #listen(): number | null {
    const { fanout } = this.#options;
    if (fanout === "alone") {
      this.#select();
      listen(this.#fd);
      return null;
    }
    attachFilter(this.#fd, NOTHING);
    listen(this.#fd);
    const group = joinFanout(this.#fd, fanout === "found" ? null : fanout.join, symmetricHash());
    this.#select();
    return group;
  }

  run(sink: PacketSink): Promise<void> {
    assert(this.#sink === null && this.#state === "open", "a source runs once");
    this.#sink = sink;
    this.#poll = pollReadable(this.#fd, () => this.#guard(() => this.#turn(sink)));
    return this.#ended.promise;
  }

  stats(): LiveStats {
    if (this.#state !== "closed") {
      takeStatistics(this.#fd, this.#taken);
      this.#stats.packets += this.#taken[0]!;
      this.#stats.drops += this.#taken[1]!;
    }
    return { ...this.#stats };
  }

  backlog(): number {
    return this.#state === "closed" ? 0 : this.reader.backlog();
  }

  interfaceName(id: number): string | null {
    return this.#watch.interfaces.get(id)?.name ?? null;
  }

  problems(): readonly string[] {
    const present = [...this.#watch.interfaces.values()].map(({ name }) => name);
    return missingInterfaces(this.#options.interfaces, present);
  }

  /** Waits for the block that is being filled. */
  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      attachFilter(this.#fd, NOTHING);
      if (this.#sink === null) this.#end();
      else setTimeout(() => this.#end(), 2 * liveLimits.ringRetireMs);
    }
    await this.#ended.promise.catch(() => {});
  }

  /** What goes wrong in a callback of the event loop ends `run`. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#release();
      this.#ended.reject(error);
    }
  }

  #turn(sink: PacketSink): void {
    const endMs = performance.now() + liveLimits.turnMsMax;
    while (this.reader.readBlock(sink) && performance.now() < endMs) {}
  }

  #end(): void {
    if (this.#state === "closed") return;
    try {
      if (this.#sink !== null) while (this.reader.readBlock(this.#sink)) {}
      this.#ended.resolve();
    } catch (error) {
      this.#ended.reject(error);
    } finally {
      this.#release();
    }
  }

  #release(): void {
    if (this.#state === "closed") return;
    this.stats();
    this.#state = "closed";
    this.#poll?.close();
    this.#watch.close();
    unmapRing(this.#ring);
    libc().close(this.#fd);
  }

  /** Gives the kernel the filter for the interfaces that are there now, where that is news. */
  #select(): void {
    const { interfaces: wanted, promiscuous, rules } = this.#options;
    const indexes = selectInterfaces(wanted, this.#watch.interfaces.values());
    if (this.#selected !== null && this.#selected.join() === indexes?.join()) return;
    const filter = captureFilter({ ...rules, interfaces: indexes }, "network");
    attachFilter(this.#fd, this.#expression === null ? filter : bothOf(filter, this.#expression));
    if (promiscuous) {
      for (const index of indexes ?? []) {
        if (!this.#selected?.includes(index)) hearOthers(this.#fd, index);
      }
    }
    this.#selected = indexes;
  }
}
