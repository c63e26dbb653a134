import { Framer } from "./framer.ts";
import type { SourceKind } from "./kind.ts";
import type { PacketSink } from "./packet.ts";
import { PcapReader } from "./pcap.ts";
import { PcapngReader } from "./pcapng.ts";
import type { ByteSource } from "./source.ts";

/** What was read of a capture. */
export interface CaptureResult {
  readonly format: SourceKind;
  readonly packets: number;
  /** Captured bytes of all frames, and their bytes on the wire. */
  readonly bytes: number;
  readonly wireBytes: number;
  /** Packets of interfaces that were not asked for; the other figures leave them out. */
  readonly unwantedPackets: number;
  /** Whether the capture ends inside a record. */
  readonly truncated: boolean;
  /** Whether the signal ended it early. */
  readonly cancelled: boolean;
  readonly warnings: readonly string[];
  /** Packets by LINKTYPE_ value. */
  readonly linkTypes: ReadonlyMap<number, number>;
  /** Earliest and latest time of a packet, in milliseconds since 1970; null where none has a time. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

/**
 * Hands every packet of a pcap or pcapng source to `sink`, and lets the event loop run between two chunks. A
 * source of another kind has no packets. `interfaces` are the names whose packets are wanted, empty being all; it acts
 * where a file names its interfaces, as pcapng may. After an abort, from within the sink too, no packet is handed on.
 *
 * @throws UsageError where the file cannot be read on.
 */
export async function readPackets(
  source: ByteSource,
  sink: PacketSink,
  options: { readonly signal?: AbortSignal; readonly interfaces?: readonly string[] } = {},
): Promise<CaptureResult> {
  const { signal, interfaces } = options;
  const reader =
    source.kind === "pcapng" ? new PcapngReader(sink, interfaces) : new PcapReader(sink);
  const framer = new Framer(reader);
  const stop = (): void => {
    reader.stopped = true;
  };
  signal?.addEventListener("abort", stop);
  try {
    if (source.kind === "pcap" || source.kind === "pcapng") {
      for await (const chunk of source.chunks) {
        if (signal?.aborted) break;
        framer.push(chunk, 0, chunk.length);
        if (reader.stopped) break;
        await new Promise(setImmediate);
      }
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  const { tally } = reader;
  const cancelled = signal?.aborted === true;
  const truncated = !cancelled && framer.end();
  const warnings = [...source.warnings, ...tally.warnings()];
  if (truncated && source.warnings.length === 0) {
    warnings.push("the capture is cut off in its last record; used up to there");
  }
  return {
    format: source.kind,
    packets: tally.packets,
    bytes: tally.bytes,
    wireBytes: tally.wireBytes,
    unwantedPackets: tally.unwanted,
    truncated,
    cancelled,
    warnings,
    linkTypes: tally.linkTypes(),
    firstMs: tally.firstMs <= tally.lastMs ? tally.firstMs : null,
    lastMs: tally.firstMs <= tally.lastMs ? tally.lastMs : null,
  };
}
