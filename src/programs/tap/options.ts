import type { PortRange } from "../../base/forms.ts";
import type { Endpoint } from "../../capture/live/filter.ts";
import type { BudgetLimits } from "../../sensor/budget.ts";
import type { Log } from "../../sensor/quietlog.ts";
import type { SensorStatus } from "../../sensor/status.ts";
import type { Transport } from "../../sensor/transport.ts";
import type { WorkloadOf } from "../../telemetry/apis.ts";
import type { PrivacyRules } from "../../telemetry/privacy.ts";
import type { Selection } from "../../telemetry/selection.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import type { ReplayInput } from "./sources.ts";
import type { Workloads } from "./workloads.ts";

/** What to listen to. */
export interface TapInput {
  readonly kind: "live";
  readonly capture: "auto" | "ring" | "pcap";
  /** Names; empty is all, and those that appear later. */
  readonly interfaces: readonly string[];
  /** What `--filter` says; null for nothing. */
  readonly filter: string | null;
  readonly tunnels: boolean;
  readonly promiscuous: boolean;
  /** Whose traffic is left out, such as our own server's. */
  readonly exclude: readonly Endpoint[];
  /** A network namespace as `/proc/PID/ns/net`; null is our own. */
  readonly namespace: string | null;
}

/** What is heard of another network namespace; else as in our own. */
export interface NamespaceInput {
  readonly interfaces: readonly string[];
  readonly exclude: readonly Endpoint[];
}

export interface TapOptions {
  readonly input: TapInput | ReplayInput;
  readonly selection: Selection;
  readonly privacy: PrivacyRules;
  /** Where deltas go: a server, a folder, a store in this process. */
  readonly transport: Transport;
  /** Null takes that of the state file, or makes one. */
  readonly sensor: string | null;
  /** File for what is not acknowledged yet; null keeps it in memory only. */
  readonly stateFile: string | null;
  /** The installation's key for hashes; null where only the server has it, and tells it with its answers. */
  readonly hashKey: Uint8Array | null;
  readonly flushIntervalMs: number;
  /** Threads that listen. */
  readonly workers: number;
  /** Whether even one listener gets a thread of its own, so that what else this thread does delays no packet. */
  readonly ownThread: boolean;
  readonly budget: BudgetLimits;
  /** Whose use is held against the budget: all of this process's, or what listeners on threads of their own add to it. */
  readonly budgetOf: "process" | "listeners";
  readonly log: Log;
  /** Whether a tap that may not capture fails, or goes on without and says so in its status. */
  readonly onRefused: "fail" | "go on";
  /** Which workload answers at an address; used where the listener is on this thread. */
  readonly workloadOf?: WorkloadOf;
  /** All that it knows, for listeners on threads of their own. */
  readonly workloads?: () => Workloads;
  /** The same in another network namespace, whose loopback is another's. */
  readonly workloadIn?: (namespace: string) => WorkloadOf;
  /** Addresses whose traffic other sensors report, as the server tells. */
  readonly onCovered?: (addresses: readonly string[]) => void;
  /** What is sent of what was heard; all is where this is left out. */
  readonly choose?: (portion: readonly ApiSummary[]) => readonly ApiSummary[];
}

export interface RunningTap {
  /** Ends with the capture that is replayed, or after `stop`; rejects where capture fails. */
  readonly finished: Promise<void>;
  status(): SensorStatus;
  /**
   * Also listens in another network namespace (`/run/netns/NAME`), such as a pod's, on this thread.
   *
   * @throws UsageError where that cannot be.
   */
  listenIn(namespace: string, only?: NamespaceInput): void;
  /** Listens there no more; what was learned there is kept. */
  leave(namespace: string): Promise<void>;
  /** Sends what was learned up to now. */
  flush(): Promise<void>;
  /** Listens no more, sends or saves what was learned, within a time. Whether all of it was taken. */
  stop(withinMs: number): Promise<boolean>;
}

/** As an operator would write them. */
export const portsText = (ports: readonly PortRange[]): string =>
  ports.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
