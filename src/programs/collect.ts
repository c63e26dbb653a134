import { hostname } from "node:os";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import type { SensorStatus } from "../sensor/status.ts";
import { openStatusServer, type StatusServer } from "../sensor/statusserver.ts";
import { namespaceFilter, openCluster, sensorNameOf } from "./clusterwatch.ts";
import { openCollector } from "./collect/collector.ts";
import { Interruption } from "./interruption.ts";
import { privacyOf, selectionOf } from "./selecting.ts";
import { openDestination } from "./tap/destination.ts";
import { openLog } from "./tap/log.ts";
import { stateFileIn } from "./tap/statefolder.ts";

/** From the signal on; what is not done by then ends with the process, at the latest at the second. */
const STOP_MS = 4500;
const EXIT_MS = 5000;

/** Takes what Envoys send, until a signal. */
export const collect = async (settings: Settings): Promise<number> => {
  const log = openLog(settings.log);
  if (settings.envoyListen === null) {
    throw new UsageError(
      "--envoy-listen off: then there is nothing to collect; name an address and a port.",
    );
  }
  const interruption = new Interruption();
  const sensor = sensorNameOf(settings, `envoy@${hostname()}`);
  const destination = await openDestination(settings, { program: "collect", sensor }, log);
  const cluster = openCluster(settings, "cluster", log);
  const isWanted = namespaceFilter(settings);
  const collector = await openCollector({
    listen: settings.envoyListen,
    selection: selectionOf(settings),
    privacy: privacyOf(settings),
    transport: destination.transport,
    sensor,
    stateFile: destination.isRemote ? stateFileIn(settings.state, log) : null,
    hashKey: destination.hashKey,
    flushIntervalMs: settings.flushInterval,
    oneIn: settings.envoyOneIn,
    log,
    isWanted: cluster === null ? () => true : isWanted,
    ...(cluster !== null && {
      workloadOf: (ip, port, timeMs) => cluster.owners.listenerAt(ip, port, timeMs)?.workload ?? "",
    }),
  });
  const status = await openStatus(settings, collector).catch(async (error: unknown) => {
    await Promise.all([collector.stop(0), cluster?.close()]);
    throw error;
  });
  const page = status === null ? "" : `; status at port ${status.port}`;
  const { address, port } = collector.bound;
  log.info(
    `Envoy is listened to at ${address}:${port}; what is learned goes to ${destination.transport.target}${page}`,
  );
  await new Promise<void>((resolve) => {
    interruption.signal.addEventListener("abort", () => resolve());
  });
  const exit = setTimeout(() => process.exit(interruption.status || 1), EXIT_MS);
  const isAllSent = await collector.stop(STOP_MS);
  await Promise.all([status?.close(), cluster?.close()]);
  clearTimeout(exit);
  const { exchanges } = collector.status();
  log.info(`ended: ${exchanges.seen} exchanges, ${exchanges.selected} used`);
  if (!isAllSent && destination.isRemote)
    log.warn(
      "what the server has not taken is kept for the next start, where there is a state folder",
    );
  return 0;
};

const openStatus = async (
  { statusListen }: Settings,
  collector: { status(): SensorStatus },
): Promise<StatusServer | null> =>
  statusListen === null
    ? null
    : await openStatusServer({ ...statusListen, status: () => collector.status() });
