import { hostname } from "node:os";
import { type Settings, settings as table } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import type { Log } from "../sensor/quietlog.ts";
import { packetsLost } from "../sensor/status.ts";
import { openStatusServer, type StatusServer } from "../sensor/statusserver.ts";
import { sensorNameOf } from "./clusterwatch.ts";
import { Interruption } from "./interruption.ts";
import { privacyOf, selectionOf } from "./selecting.ts";
import { type Destination, openDestination, ownEndpoints } from "./tap/destination.ts";
import { openKubernetes } from "./tap/kubernetes.ts";
import { LiveLine } from "./tap/liveline.ts";
import { openLog } from "./tap/log.ts";
import type { RunningTap, TapInput } from "./tap/options.ts";
import type { ReplayInput } from "./tap/sources.ts";
import { startTap } from "./tap/start.ts";
import { stateFileIn } from "./tap/statefolder.ts";

/** From the signal on; what is not done by then ends with the process, at the latest at the second. */
const STOP_MS = 4500;
const EXIT_MS = 5000;

/** Listens until a signal, or to the end of a capture. */
export const tap = async (settings: Settings): Promise<number> => {
  const log = openLog(settings.log);
  const interruption = new Interruption();
  const sensor = sensorNameOf(settings, hostname());
  const destination = await openDestination(settings, { program: "tap", sensor }, log);
  const kubernetes = settings.read === "" ? openKubernetes(settings, log) : null;
  const running = await startTap({
    input: await inputOf(settings),
    selection: selectionOf(settings),
    privacy: privacyOf(settings),
    transport: destination.transport,
    sensor,
    stateFile: destination.isRemote ? stateFileIn(settings.state, log) : null,
    hashKey: destination.hashKey,
    flushIntervalMs: settings.flushInterval,
    workers: settings.workers === 0 ? Math.ceil(settings.cpuMax) : settings.workers,
    // Documents are inferred and written here.
    ownThread: destination.folder !== null && kubernetes === null,
    budgetOf: "process",
    budget: { cpuMax: settings.cpuMax, memoryBytesMax: settings.memoryMax },
    log,
    onRefused: "fail",
    ...kubernetes?.options,
  });
  kubernetes?.follow(running);
  const status = await openStatus(settings, running, log).catch(async (error: unknown) => {
    await running.stop(0);
    await kubernetes?.close();
    throw error;
  });
  const line = process.stderr.isTTY === true ? openLine(running, destination) : null;
  announce(settings, running, status, log);
  const outcome = await untilEnd(running, interruption.signal);
  line?.close();
  const exit = setTimeout(() => process.exit(interruption.status || 1), EXIT_MS);
  await kubernetes?.close();
  const isAllSent = await running.stop(STOP_MS);
  await status?.close();
  clearTimeout(exit);
  if (outcome !== null) throw outcome;
  conclude(running, destination, isAllSent, log);
  // A signal is how a tap is ended; that is no failure.
  return 0;
};

const inputOf = async (settings: Settings): Promise<TapInput | ReplayInput> => {
  const { interfaces, capture, filter, tunnels, promiscuous, read } = settings;
  if (read !== "") return { kind: "replay", path: read, interfaces };
  return {
    kind: "live",
    capture,
    interfaces,
    filter: filter === "" ? null : filter,
    tunnels,
    promiscuous,
    exclude: await ownEndpoints(settings),
    namespace: null,
  };
};

/** The status page is a convenience where nobody named its place: then a place that is taken is no reason to stop. */
const openStatus = async (
  { statusListen, read }: Settings,
  running: RunningTap,
  log: Log,
): Promise<StatusServer | null> => {
  if (statusListen === null || read !== "") return null;
  try {
    return await openStatusServer({ ...statusListen, status: () => running.status() });
  } catch (error) {
    const { address, port } = statusListen;
    const isNamed = `${address}:${port}` !== table.statusListen.fallback;
    if (isNamed || !(error instanceof UsageError)) throw error;
    log.warn(`no status page: ${error.message}`);
    return null;
  }
};

const openLine = (running: RunningTap, { folder }: Destination): LiveLine =>
  new LiveLine(() => running.status(), folder === null ? null : () => folder.endpointCount);

const announce = (
  settings: Settings,
  running: RunningTap,
  status: StatusServer | null,
  log: Log,
): void => {
  const { capture, server } = running.status();
  const where =
    settings.interfaces.length === 0 ? "all interfaces" : settings.interfaces.join(", ");
  const what = settings.read === "" ? `listening on ${where}` : `reading ${settings.read}`;
  const page =
    status === null ? "" : `; status at http://${hostOf(status.address)}:${status.port}/status`;
  log.info(`${what}; what is learned goes to ${server?.target}${page}`);
  for (const problem of capture.problems) log.warn(problem);
};

const hostOf = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** Null where the end was asked for, or the capture is over; else what failed. */
const untilEnd = async (running: RunningTap, signal: AbortSignal): Promise<Error | null> => {
  const asked = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null));
  });
  const ended = running.finished.then(
    () => null,
    (error: Error) => error,
  );
  return await Promise.race([asked, ended]);
};

const conclude = (
  running: RunningTap,
  { folder, isRemote }: Destination,
  isAllSent: boolean,
  log: Log,
): void => {
  const { exchanges, capture, queue } = running.status();
  const lost = packetsLost(capture);
  const heard =
    `${exchanges.seen} exchanges in ${capture.packets} packets, ${exchanges.selected} used` +
    (lost > 0 ? `; ${lost} packets lost: allow it more (--cpu-max, --memory-max)` : "");
  const written = folder === null ? "" : `; ${folder.names.length} documents in ${folder.target}`;
  log.info(`ended: ${heard}${written}`);
  for (const problem of capture.problems) log.warn(problem);
  if (isAllSent || !isRemote) return;
  const kept = queue?.isDurable === true ? "is kept and sent at the next start" : "is lost";
  log.warn(`what the server has not taken ${kept}`);
};
