import { Worker } from "node:worker_threads";
import { UsageError } from "../../base/errors.ts";
import type { Job, Reach, Share } from "./hear.ts";
import { type Heard, joinShares } from "./heard.ts";

/** What the thread of a share is told at its start, and what it tells. */
export interface ShareOrder {
  readonly job: Job;
  readonly share: Share;
}

export type FromShare =
  | { readonly kind: "reach"; readonly reach: Reach }
  | { readonly kind: "heard"; readonly heard: Heard }
  | { readonly kind: "failed"; readonly isUsage: boolean; readonly message: string };

/**
 * The same as `hear` of the whole, by so many threads. After `signal` nothing was heard.
 *
 * @throws UsageError where a capture cannot be used.
 */
export const hearInShares = async (
  job: Job,
  count: number,
  options: { readonly signal: AbortSignal; readonly onReach: (reach: Reach) => void },
): Promise<Heard | null> => {
  const workers: Worker[] = [];
  const heardBy = (index: number): Promise<Heard | null> => {
    const workerData: ShareOrder = { job, share: { index, count } };
    const worker = new Worker(new URL("shareworker.ts", import.meta.url), { workerData });
    workers.push(worker);
    const onReach = index === 0 ? options.onReach : () => {};
    return answerOf(worker, onReach, options.signal);
  };
  try {
    const shares = await Promise.all(Array.from({ length: count }, (_, index) => heardBy(index)));
    return shares.reduce((sum, share) => (sum && share ? joinShares(sum, share) : null));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
};

const answerOf = (
  worker: Worker,
  onReach: (reach: Reach) => void,
  signal: AbortSignal,
): Promise<Heard | null> =>
  new Promise((resolve, reject) => {
    worker.on("message", (message: FromShare) => {
      if (message.kind === "reach") onReach(message.reach);
      else if (message.kind === "heard") resolve(message.heard);
      else reject(message.isUsage ? new UsageError(message.message) : new Error(message.message));
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error("a thread that reads a share has ended")));
    signal.addEventListener("abort", () => resolve(null));
  });
