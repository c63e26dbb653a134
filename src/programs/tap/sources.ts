/** Where a listener's packets come from: the ring, libpcap, or a capture that stands for them. */
import { UsageError } from "../../base/errors.ts";
import { RingSource } from "../../capture/live/afpacket.ts";
import type { LiveOptions, LiveSource } from "../../capture/live/livesource.ts";
import { PcapSource } from "../../capture/live/pcapsource.ts";
import type { PacketSink } from "../../capture/packet.ts";
import { readPackets } from "../../capture/reader.ts";
import { describeUnknown, openSource } from "../../capture/source.ts";

export interface LiveInput extends LiveOptions {
  readonly kind: "live";
  readonly capture: "ring" | "pcap";
  /** Whether this listener is alone, or which of several. */
  readonly fanout: "alone" | "found" | { readonly join: number };
}

export interface ReplayInput {
  readonly kind: "replay";
  /** `-` is standard input. */
  readonly path: string;
  /** Names, where the capture names its interfaces; empty is all. */
  readonly interfaces: readonly string[];
}

export type ListenerInput = LiveInput | ReplayInput;

/** @throws UsageError where it cannot be opened. */
export const openLive = (input: LiveInput): LiveSource => {
  if (input.capture === "ring") return new RingSource(input);
  if (input.fanout !== "alone") {
    throw new UsageError("--workers: libpcap hands all packets to one worker; use --capture ring");
  }
  return new PcapSource(input);
};

/** Reads a capture to its end, or until `signal`; gives its warnings. */
export const replay = async (
  input: ReplayInput,
  sink: PacketSink,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const source = await openSource(input.path, { signal });
  if (source.kind !== "pcap" && source.kind !== "pcapng") {
    if (source.kind === "empty" || source.kind === "unknown") {
      throw new UsageError(describeUnknown(source));
    }
    throw new UsageError(
      `--read: ${source.name} holds no packets; nta reconstruct takes HAR files`,
    );
  }
  const { interfaces } = input;
  const result = await readPackets(source, sink, { signal, interfaces });
  return result.warnings.map((text) => `${source.name}: ${text}`);
};
