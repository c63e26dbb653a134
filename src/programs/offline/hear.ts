/**
 * Captures to summaries, on one thread or on several. Each of several threads reads all packets and takes the connections that
 * fall to its share: reading and decoding are a hundredth of the work, and nothing need be passed between threads.
 */
import type { ByteSource } from "../../capture/source.ts";
import { defaultPrivacy } from "../../telemetry/privacy.ts";
import type { Selection } from "../../telemetry/selection.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import { countsOf } from "../counts.ts";
import { flowHash } from "../flowhash.ts";
import { type JobOptions, readCaptures } from "../pipeline.ts";
import type { Heard } from "./heard.ts";

/** Plain values, as threads are told them. */
export interface Job {
  readonly captures: readonly string[];
  readonly interfaces: readonly string[];
  readonly selection: Selection;
  readonly hashKey: Uint8Array;
}

/** The connections whose hash leaves `index` when it is divided by `count`. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

export const WHOLE: Share = { index: 0, count: 1 };

export const hear = async (
  { captures, interfaces, selection, hashKey }: Job,
  { index, count }: Share,
  options: Pick<JobOptions, "signal" | "onPiece">,
): Promise<Heard> => {
  const telemetry = new Telemetry({ selection, privacy: defaultPrivacy, hashKey });
  const job = await readCaptures(captures, telemetry, {
    ...options,
    interfaces,
    ...(count > 1 && {
      keeps: (segment) => (flowHash(segment, 0) >>> 0) % count === index,
      readsArchives: index === 0,
    }),
  });
  const { decoder, http, ports } = job.packets;
  return {
    summaries: telemetry.summaries(),
    exchanges: countsOf(telemetry.reasons),
    packets: countsOf(decoder.counters),
    flows: countsOf(http.flowKinds),
    ports: ports.flows,
    serverNames: new Map(http.serverNames),
    captures: job.captures,
    warnings: job.warnings,
  };
};

/** How far a source was read, as threads tell it. */
export type Reach = Pick<ByteSource, "name" | "bytesTotal"> & { readonly bytesRead: number };

export const reachOf = (source: ByteSource): Reach => ({
  name: source.name,
  bytesTotal: source.bytesTotal,
  bytesRead: source.bytesRead(),
});
