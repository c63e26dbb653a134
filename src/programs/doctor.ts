import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import type { ListenAddress } from "../base/quantities.ts";
import { listInterfaces } from "../capture/live/interfaces.ts";
import { explain } from "../sensor/explain.ts";
import type { SensorStatus } from "../sensor/status.ts";
import type { Transport } from "../sensor/transport.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { selectionOf } from "./selecting.ts";
import { printLine } from "./standardoutput.ts";
import { ownEndpoints } from "./tap/destination.ts";
import { startTap } from "./tap/start.ts";
import { statusReport } from "./tap/statusreport.ts";

/** Exit status where nothing is learned from what is heard. */
const STATUS_NOTHING_HEARD = 3;
const LISTEN_MS = 10_000;
const ASK_MS = 3000;

/** Asks a tap that runs here, or else listens for ten seconds itself; says what is heard, and if nothing, why. */
export const doctor = async (settings: Settings): Promise<number> => {
  const { statusListen } = settings;
  const running = statusListen === null ? null : await askRunning(statusListen);
  if (running !== null) {
    printLine(`A tap runs here, version ${running.version}, for ${age(running)}.`);
    return report(running);
  }
  printLine(
    statusListen === null
      ? "Checking this host."
      : `No tap answers at ${hostOf(statusListen)} (--status-listen), so this host is checked itself.`,
  );
  const names = listInterfaces().map(({ name, up }) => (up ? name : `${name} (down)`));
  printLine(`Interfaces: ${names.join(", ")}.`);
  return await listen(settings);
};

const listen = async (settings: Settings): Promise<number> => {
  const { interfaces, capture, filter, tunnels } = settings;
  const tap = await startTap({
    input: {
      ...{ kind: "live", capture, interfaces, tunnels, promiscuous: false, namespace: null },
      filter: filter === "" ? null : filter,
      exclude: await ownEndpoints(settings),
    },
    selection: selectionOf(settings),
    privacy: defaultPrivacy,
    transport: nowhere,
    sensor: "doctor",
    stateFile: null,
    hashKey: Buffer.from("nta job.", "latin1"),
    flushIntervalMs: LISTEN_MS,
    workers: 1,
    ownThread: false,
    budgetOf: "process",
    budget: { cpuMax: 0.5, memoryBytesMax: 384 * 2 ** 20 },
    log: { info: () => {}, warn: (line) => printLine(line) },
    onRefused: "go on",
  });
  if (tap.status().capture.state === "listening") {
    printLine(`Permission to capture: yes. Listening for ${LISTEN_MS / 1000} s …`);
    await Promise.race([sleep(LISTEN_MS), tap.finished.catch(() => {})]);
  }
  // Nothing is sent from here, so there is nothing to say of a queue and a server.
  const status = { ...tap.status(), queue: null, server: null, budget: null };
  await tap.stop(LISTEN_MS);
  return report(status);
};

const nowhere: Transport = {
  target: "nowhere",
  publish: async () => ({ kind: "accepted", answer: null }),
  close: () => {},
};

const report = (status: SensorStatus): number => {
  const { exchanges, capture } = status;
  for (const line of explain(status)) printLine(`\n${line}`);
  if (capture.state === "listening") printLine(["", ...statusReport(status)].join("\n"));
  return exchanges.selected > 0 ? 0 : STATUS_NOTHING_HEARD;
};

/** Null where no tap answers. */
const askRunning = async (address: ListenAddress): Promise<SensorStatus | null> => {
  let answer: Response;
  try {
    answer = await fetch(`http://${hostOf(address)}/status`, {
      signal: AbortSignal.timeout(ASK_MS),
      redirect: "error",
    });
  } catch {
    return null;
  }
  const body = (await answer.json().catch(() => null)) as SensorStatus | null;
  if (typeof body?.capture?.state === "string") return body;
  throw new UsageError(
    `--status-listen: what answers at ${hostOf(address)} is no tap; name the address of the tap's status page, or off`,
  );
};

const hostOf = ({ address, port }: ListenAddress): string => {
  const reachable = /^[0.]*$/.test(address) ? "127.0.0.1" : address === "::" ? "::1" : address;
  return `${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
};

const age = ({ startedMs, nowMs }: SensorStatus): string => {
  const seconds = Math.round((nowMs - startedMs) / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
};
