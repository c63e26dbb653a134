/** A server and a tap in one process, with the store in a file: the first thing to run. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import type { Log } from "../sensor/quietlog.ts";
import { InProcessTransport } from "../server/ingest.ts";
import { sensorNameOf } from "./clusterwatch.ts";
import { Interruption } from "./interruption.ts";
import { privacyOf, selectionOf } from "./selecting.ts";
import { announce, closeInTime, ended, limitServerHeap } from "./serve.ts";
import { openServer, type RunningServer } from "./server/running.ts";
import { openLog } from "./tap/log.ts";
import type { RunningTap } from "./tap/options.ts";
import { startTap } from "./tap/start.ts";
import { version } from "./version.ts";

const STOP_MS = 4000;
/** Somebody looks at the page and waits for the first calls. */
const FLUSH_MS = 2000;
const DEMO = fileURLToPath(new URL("../../examples/demo.ts", import.meta.url));

export const start = async (settings: Settings): Promise<number> => {
  limitServerHeap();
  const log = openLog(settings.log);
  const interruption = new Interruption();
  const server = await openServer(settings, log);
  const shop = settings.demo ? startDemo(log) : null;
  try {
    const tap = await listen(settings, server, log);
    announce(server, log);
    tap.finished.catch((error: Error) => log.warn(`listening ended: ${error.message}`));
    await ended(interruption.signal);
    await closeInTime(async () => {
      await tap.stop(STOP_MS);
      await server.close();
    }, interruption);
    return 0;
  } finally {
    shop?.kill();
  }
};

const listen = async (
  settings: Settings,
  { inventory, ingest, address, port }: RunningServer,
  log: Log,
): Promise<RunningTap> => {
  const { interfaces, capture, filter, tunnels, promiscuous, cpuMax, memoryMax } = settings;
  const tap = await startTap({
    input: {
      kind: "live",
      capture,
      interfaces,
      filter: filter === "" ? null : filter,
      tunnels,
      promiscuous,
      exclude: [{ address, port }],
      namespace: null,
    },
    selection: selectionOf(settings),
    privacy: privacyOf(settings),
    transport: new InProcessTransport(ingest, inventory, {
      kind: "tap",
      version: version(),
    }),
    sensor: sensorNameOf(settings, hostname()),
    stateFile: null,
    hashKey: inventory.hashKey,
    flushIntervalMs: Math.min(settings.flushInterval, FLUSH_MS),
    workers: settings.workers === 0 ? Math.ceil(cpuMax) : settings.workers,
    // What the server calculates here must not delay packets.
    ownThread: true,
    budgetOf: "listeners",
    budget: { cpuMax, memoryBytesMax: memoryMax },
    log,
    onRefused: "go on",
  });
  const { state, problems } = tap.status().capture;
  if (state === "refused" || state === "failed") {
    log.warn(`not listening: ${problems[0] ?? state}`);
    log.info(
      "serving all the same: captures and HAR files can be given on the page, or by nta import",
    );
  } else {
    log.info(`listening on ${interfaces.length === 0 ? "all interfaces" : interfaces.join(", ")}`);
  }
  return tap;
};

/** In a process of its own: it is no part of this program, only something to listen to. */
const startDemo = (log: Log): ChildProcess => {
  if (!existsSync(DEMO)) throw new UsageError("--demo: the folder examples/ is not there");
  const shop = fork(DEMO, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  shop.once("exit", (code) => {
    if (code !== null && code !== 0) log.warn("the demo's shop ended");
  });
  log.info("demo: a small shop and its customers speak on loopback, ports 18080 and 19090");
  return shop;
};
