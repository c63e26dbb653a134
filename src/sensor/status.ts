/**
 * What a sensor says about itself, at `/status`: what it hears, what it loses and why, what it learned and what became of
 * that. Plain JSON; fields are added, never renamed. It holds names, ports and counts, and no value of a message.
 */
import type { GovernorStatus } from "./governor.ts";
import type { QueueStatus } from "./queue.ts";
import type { SenderStatus } from "./sender.ts";

/** A reason or kind with how often it was met, as `Counters.entries` gives it. */
export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

export interface InterfaceStatus {
  readonly name: string;
  readonly isUp: boolean;
  /** Packets of it that the tap was handed. */
  readonly packets: number;
  readonly bytes: number;
  /** Packets that passed it since the tap listens, by the interface's own count; null where that is not known. */
  readonly passed: number | null;
}

export interface CaptureStatus {
  /** `refused`: the permission is missing. `failed`: see `problems`. */
  readonly state: "opening" | "listening" | "refused" | "failed" | "ended";
  /** Lines for people, such as that a named interface is not there. */
  readonly problems: readonly string[];
  /** What `--interfaces` names; empty for all. */
  readonly namedInterfaces: readonly string[];
  readonly interfaces: readonly InterfaceStatus[];
  /** What `--ports` and `--filter` say; empty for all. */
  readonly ports: string;
  readonly filter: string;
  readonly packets: number;
  readonly bytes: number;
  /** Packets by what they are (`decode/outcome.ts`): `tcp`, `udp`, … */
  readonly packetKinds: readonly NamedCount[];
  /** Packets that were lost, by cause: `ring`, `device`, …; and those left out, such as `duplicate`. */
  readonly drops: readonly NamedCount[];
  /** How full the fullest ring is, 0 to 1. */
  readonly ringFill: number;
}

/** Packets that passed by unheard: those that found the ring full, and those that the device lost. */
export const packetsLost = ({ drops }: CaptureStatus): number =>
  drops
    .filter(({ name }) => name === "ring" || name === "device")
    .reduce((sum, { count }) => sum + count, 0);

export interface FlowsStatus {
  readonly open: number;
  /** By what they carry (`http/tallies.ts`): `http`, `tls`, …; `none` are those that said too little. */
  readonly kinds: readonly NamedCount[];
  /** Names that TLS clients asked for, most frequent first. */
  readonly tlsNames: readonly NamedCount[];
}

export interface ExchangesStatus {
  readonly seen: number;
  readonly selected: number;
  /** Why the others teach nothing (`telemetry/selection.ts`). */
  readonly refused: readonly NamedCount[];
}

/** Of a collector, which is told of exchanges instead of hearing packets. */
export interface EnvoyStatus {
  readonly connections: number;
  readonly streams: number;
  /** Streams by what became of them (`collect/envoy/tallies.ts`). */
  readonly streamsBy: readonly NamedCount[];
}

export interface PortStatus {
  readonly port: number;
  readonly kind: string;
  readonly flows: number;
}

export interface SensorStatus {
  readonly version: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly capture: CaptureStatus;
  readonly envoy?: EnvoyStatus;
  readonly flows: FlowsStatus;
  readonly exchanges: ExchangesStatus;
  /** Server ports with the most flows. */
  readonly ports: readonly PortStatus[];
  readonly budget: GovernorStatus | null;
  /** Null where nothing is sent, such as with `--output`. */
  readonly queue: QueueStatus | null;
  readonly server: SenderStatus | null;
}

/** What `/status` answers: the facts, and in front of them what they mean. */
export const statusJson = (status: SensorStatus, explanation: readonly string[]): string =>
  `${JSON.stringify({ v: 1, explanation, ...status }, null, 2)}\n`;
