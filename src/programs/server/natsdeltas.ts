/** Deltas over NATS JetStream, beside those over HTTP. */
import type { Settings } from "../../base/config.ts";
import { UsageError } from "../../base/errors.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { connectNats } from "../../sensor/jetstream.ts";
import type { Log } from "../../sensor/quietlog.ts";
import type { Ingest } from "../../server/ingest.ts";
import type { DeadLetters } from "../../server/jetstream/deadletters.ts";
import { Refusal } from "../../server/problem.ts";
import { orNull } from "../ornull.ts";

export interface NatsDeltas {
  readonly deadLetters: DeadLetters;
  close(): Promise<void>;
}

/** Resolves when deltas are taken. Nothing is loaded and done where no NATS is named. */
export const openNatsDeltas = async (
  settings: Settings,
  { ingest, inventory }: { readonly ingest: Ingest; readonly inventory: Inventory },
  log: Log,
): Promise<NatsDeltas | null> => {
  if (settings.nats === "") return null;
  const connection = await named(
    settings,
    connectNats({
      server: settings.nats,
      credentialsFile: orNull(settings.natsCredentials),
      caFile: orNull(settings.natsCa),
      certFile: null,
      keyFile: null,
      name: "nta serve",
    }),
  );
  try {
    const { consumeDeltas } = await import("../../server/jetstream/consumer.ts");
    const consumer = await named(
      settings,
      consumeDeltas(connection, {
        replicas: settings.natsReplicas,
        bytesMax: settings.natsBytesMax,
        acceptsLoss: settings.natsAcceptLoss,
        monitorUrl: orNull(settings.natsMonitor),
        admit: (sensor) => ingest.admitSensor(sensor),
        ingest: async (deltas, sender) => {
          const { refused } = await ingest.store(deltas, sender ?? {});
          if (refused > 0) throw new Refusal(422, `${refused} of the deltas cannot be merged`);
        },
        answer: (sensor) => ingest.answer(sensor),
        report: async (sensor, status) => {
          await ingest.admitSensor(sensor);
          await inventory.sensors.report(sensor, status);
        },
        log: log.warn,
      }),
    );
    const { DeadLetters } = await import("../../server/jetstream/deadletters.ts");
    return {
      deadLetters: await DeadLetters.open(connection),
      close: async () => {
        await consumer.stop();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
};

/** What a broker refuses at the start is the operator's to mend. */
const named = async <Value>(settings: Settings, work: Promise<Value>): Promise<Value> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--nats ${settings.nats}: ${(error as Error).message}; is it running with JetStream, and the URL right?`,
    );
  }
};
