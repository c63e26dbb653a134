import type { PacketSink } from "../packet.ts";
import type { CaptureRules } from "./filter.ts";

/** Where live packets come from; the ring of AF_PACKET and libpcap are two such sources. */
export interface LiveSource {
  /**
   * Hands each packet to `sink`, a bounded turn at a time so that timers and sockets of the process get theirs. Ends
   * after `close`; rejects where the source fails, or with what the sink throws. To be called once.
   */
  run(sink: PacketSink): Promise<void>;
  /** Since the source was opened. */
  stats(): LiveStats;
  /** How full the buffer between the kernel and `run` is, 0 to 1; null where the source cannot tell. */
  backlog(): number | null;
  /** The name of `Packet.interfaceId`; null where it is not known, or not any more. */
  interfaceName(id: number): string | null;
  /** One line for each thing that is not as it was asked for now, such as a named interface that is not there. */
  problems(): readonly string[];
  /** Hands on what was captured already, then lets go of everything. */
  close(): Promise<void>;
}

export interface LiveStats {
  /** Packets that the filter let through, those lost included. */
  readonly packets: number;
  /** Packets that were lost because the buffer was full. */
  readonly drops: number;
  /** Packets that the network device lost before anyone saw them, as far as it tells. */
  readonly deviceDrops: number;
}

export interface LiveOptions {
  readonly rules: Omit<CaptureRules, "interfaces">;
  /** Names; empty means all, and those that appear later. */
  readonly interfaces: readonly string[];
  /** What `--filter` says, in the language of pcap-filter(7); null for nothing. It narrows the rules. */
  readonly expression: string | null;
  /** Memory for packets between the kernel and `run`. */
  readonly bufferBytes: number;
  /** A network namespace as `/proc/PID/ns/net`; null is our own. */
  readonly namespace: string | null;
  /** Whether named interfaces also hand over what is sent to others, as the port of a mirroring switch does. */
  readonly promiscuous: boolean;
}
