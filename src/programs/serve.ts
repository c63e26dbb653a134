import type { Settings } from "../base/config.ts";
import { serverLimits } from "../base/limits.ts";
import type { Log } from "../sensor/quietlog.ts";
import { limitHeap } from "./heap.ts";
import { Interruption } from "./interruption.ts";
import { openServer, type RunningServer } from "./server/running.ts";
import { openLog } from "./tap/log.ts";

/** What is not done by then ends with the process: what was acknowledged is on the disk. */
const EXIT_MS = 10_000;

/** Keeps the inventory until a signal. */
export const serve = async (settings: Settings): Promise<number> => {
  limitServerHeap();
  const log = openLog(settings.log);
  const interruption = new Interruption();
  const server = await openServer(settings, log);
  announce(server, log);
  await ended(interruption.signal);
  await closeInTime(() => server.close(), interruption);
  return 0;
};

export const limitServerHeap = (): void => {
  const { heapBytesMax, semiSpaceMib, heapGrowingPercent: growingPercent } = serverLimits;
  limitHeap({ bytesMax: heapBytesMax, semiSpaceMib, growingPercent });
};

export const announce = ({ url, firstToken }: RunningServer, log: Log): void => {
  log.info(`page and REST API: ${url}/  (documents: ${url}/api/v1/archive)`);
  if (firstToken !== null) {
    log.info(`the first token, with which others are made; it is not shown again: ${firstToken}`);
  }
};

export const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

export const closeInTime = async (
  close: () => Promise<unknown>,
  interruption: Interruption,
): Promise<void> => {
  const exit = setTimeout(() => process.exit(interruption.status || 1), EXIT_MS);
  await close();
  clearTimeout(exit);
};
