import { type RingOptions, RingSource } from "../../src/capture/live/afpacket.ts";
import type { LiveSource } from "../../src/capture/live/livesource.ts";
import { PcapSource } from "../../src/capture/live/pcapsource.ts";
import { type SeenSegment, segmentOf } from "./frames.ts";
import { pathOf } from "./namespaces.ts";

export const OPTIONS: RingOptions = {
  rules: { ports: [], tunnels: false, exclude: [] },
  interfaces: [],
  expression: null,
  bufferBytes: 8 << 20,
  namespace: null,
  promiscuous: false,
  fanout: "alone",
};

/** A source in a namespace, and the segments that it has seen so far. */
export interface Tap<Source extends LiveSource> {
  readonly source: Source;
  readonly seen: readonly SeenSegment[];
  /** `INTERFACE SEQUENCE`, and its tags, of each segment. */
  readonly lines: readonly string[];
  /** The bytes in which the last segment lay. */
  lastBytes(): Uint8Array | undefined;
  readonly done: Promise<void>;
  finish(): Promise<void>;
}

/** `onSegment` is called before a segment is noted. */
export const openTap = (
  namespace: string,
  options: Partial<RingOptions> = {},
  onSegment: () => void = () => {},
): Tap<RingSource> =>
  runTap(new RingSource({ ...OPTIONS, namespace: pathOf(namespace), ...options }), onSegment);

export const openPcapTap = (
  namespace: string,
  options: Partial<RingOptions> = {},
): Tap<PcapSource> =>
  runTap(new PcapSource({ ...OPTIONS, namespace: pathOf(namespace), ...options }), () => {});

const runTap = <Source extends LiveSource>(source: Source, onSegment: () => void): Tap<Source> => {
  const seen: SeenSegment[] = [];
  const lines: string[] = [];
  let lastBytes: Uint8Array | undefined;
  const done = source.run((packet) => {
    const segment = segmentOf(packet);
    if (segment === null) return;
    onSegment();
    lastBytes = packet.bytes;
    seen.push(segment);
    const tags = segment.vlans.map((vlan) => ` vlan ${vlan}`).join("");
    lines.push(`${source.interfaceName(packet.interfaceId)} ${segment.sequence}${tags}`);
  });
  return {
    source,
    seen,
    lines,
    lastBytes: () => lastBytes,
    done,
    finish: async () => {
      await source.close();
      await done;
    },
  };
};

export const range = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index);
