/**
 * The stream of deltas: made where it is missing, and checked where it is there. A sensor forgets a delta once the
 * broker acknowledged it, so a stream that could lose what it acknowledged is refused unless the operator accepts that.
 */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { UsageError } from "../../base/errors.ts";
import { serverStreamLimits } from "../../base/limits.ts";
import { DEAD_STREAM, DEAD_SUBJECT, DELTA_STREAM, DELTA_SUBJECTS } from "../../sensor/jetstream.ts";

export interface StreamOptions {
  /** Copies of the stream, each on another node; 3 outlive one node, 5 two. */
  readonly replicas: number;
  /** Bytes on each node's disk. Beyond them publishing is refused, and sensors keep what they know. */
  readonly bytesMax: number;
  /** Take a stream as it is, also where a power failure could lose acknowledged deltas. */
  readonly acceptsLoss: boolean;
  /** `http://host:8222` of the brokers' monitoring, which alone tells how they sync; null where it is not known. */
  readonly monitorUrl: string | null;
}

type NamedConfig = Partial<StreamConfig> & { readonly name: string };

/** What makes a stream fit for deltas, in the words of the broker's own settings. */
const DELTA_CONFIG: NamedConfig = {
  name: DELTA_STREAM,
  subjects: [DELTA_SUBJECTS],
  description: "What sensors learned and no server has merged yet",
  retention: "workqueue",
  storage: "file",
  discard: "new",
  duplicate_window: nanos(120_000),
};

const DEAD_CONFIG: NamedConfig = {
  name: DEAD_STREAM,
  subjects: [DEAD_SUBJECT],
  description: "Deltas that no server could read",
  retention: "limits",
  storage: "file",
  discard: "old",
  max_age: nanos(7 * 24 * 3600 * 1000),
};

/** Throws a `UsageError` that says what is wrong with a stream that is there. */
export async function ensureStreams(
  manager: JetStreamManager,
  options: StreamOptions,
): Promise<void> {
  const config = await ensureStream(manager, {
    ...DELTA_CONFIG,
    num_replicas: options.replicas,
    max_bytes: options.bytesMax,
  });
  refuseUnfit(config);
  if (!options.acceptsLoss) await refuseLossy(config, options.monitorUrl);
  await ensureStream(manager, {
    ...DEAD_CONFIG,
    num_replicas: options.replicas,
    max_bytes: serverStreamLimits.deadBytesMax,
  });
}

/** As it is: a stream that is there is never changed behind its operator's back. */
async function ensureStream(manager: JetStreamManager, wanted: NamedConfig): Promise<StreamConfig> {
  try {
    return (await manager.streams.info(wanted.name)).config;
  } catch (error) {
    const isMissing =
      error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
    if (!isMissing) throw error;
  }
  return (await manager.streams.add(wanted)).config;
}

function refuseUnfit(config: StreamConfig): void {
  const wrong =
    config.discard !== "new"
      ? `discard is "${config.discard}", so a full stream would drop deltas; it must be "new"`
      : config.no_ack === true
        ? "no_ack is on, so a sensor cannot know what arrived; it must be off"
        : config.retention === "interest"
          ? 'retention is "interest", so deltas are lost while no server runs; it must be "workqueue"'
          : config.max_age > 0
            ? "max_age is set, so old deltas are dropped unread; it must be 0"
            : !config.subjects.includes(DELTA_SUBJECTS)
              ? `its subjects are ${config.subjects.join(", ")}; it must have ${DELTA_SUBJECTS}`
              : null;
  if (wrong !== null) throw new UsageError(`NATS stream ${config.name}: ${wrong}.`);
}

const ACCEPT = "or say --nats-accept-loss to take it as it is";

async function refuseLossy(config: StreamConfig, monitorUrl: string | null): Promise<void> {
  const name = `NATS stream ${config.name}`;
  if (config.storage !== "file") {
    throw new UsageError(`${name}: its storage is ${config.storage}; make it "file", ${ACCEPT}.`);
  }
  if (config.persist_mode === "async") {
    throw new UsageError(`${name}: persist_mode is "async"; make it "default", ${ACCEPT}.`);
  }
  const isAlways = monitorUrl === null ? false : await syncsAlways(monitorUrl);
  if (isAlways) return;
  if (config.num_replicas < 3) {
    throw new UsageError(
      `${name}: it has ${config.num_replicas} replica, and a power failure loses what its node had not synced yet; use 3 nodes and --nats-replicas 3, or sync_interval: always with --nats-monitor, ${ACCEPT}.`,
    );
  }
  if (monitorUrl !== null) {
    throw new UsageError(
      `${name}: the brokers' sync_interval is not "always", so a power failure of several nodes loses acknowledged deltas; set jetstream { sync_interval: always }, ${ACCEPT}.`,
    );
  }
}

/** Only the monitoring page of nats-server (`/jsz`, 2.10 and later) tells how it syncs. */
async function syncsAlways(monitorUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL("/jsz?config=true", monitorUrl), {
      signal: AbortSignal.timeout(5_000),
    });
    const { config } = (await answer.json()) as { config?: { sync_always?: boolean } };
    return config?.sync_always === true;
  } catch (error) {
    throw new UsageError(
      `--nats-monitor ${monitorUrl}: ${(error as Error).message}; give the URL of a broker's monitoring port, such as http://nats.example:8222.`,
    );
  }
}
