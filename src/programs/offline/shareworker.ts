/** The thread of one share of a job; `shares.ts` says what it is told and what it tells. */
import { parentPort, workerData } from "node:worker_threads";
import { UsageError } from "../../base/errors.ts";
import { hear, reachOf } from "./hear.ts";
import type { FromShare, ShareOrder } from "./shares.ts";

const { job, share } = workerData as ShareOrder;
const tell = (message: FromShare): void => parentPort!.postMessage(message);
const { signal } = new AbortController();

try {
  const onPiece =
    share.index === 0
      ? (source: Parameters<typeof reachOf>[0]) => tell({ kind: "reach", reach: reachOf(source) })
      : () => {};
  tell({ kind: "heard", heard: await hear(job, share, { signal, onPiece }) });
} catch (error) {
  tell({ kind: "failed", isUsage: error instanceof UsageError, message: (error as Error).message });
}
