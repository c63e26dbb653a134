/** Reads an uploaded file in a thread of its own, so that neither its CPU nor its heap is the server's. */
import { Worker } from "node:worker_threads";
import { serverLimits } from "../../base/limits.ts";
import type { Job, JobListener, StartJob } from "../../server/uploads.ts";
import type { Selection } from "../../telemetry/selection.ts";

export interface UploadJob {
  readonly path: string;
  readonly epoch: string;
  readonly hashKey: Uint8Array;
  readonly selection: Selection;
}

export type FromUploadWorker =
  | { readonly kind: "progress"; readonly bytesDone: number; readonly exchanges: number }
  | { readonly kind: "deltas"; readonly texts: readonly string[] }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "done" };

export const uploadJobs =
  (hashKey: Uint8Array, selection: Selection): StartJob =>
  (path, epoch, listener) => {
    const workerData: UploadJob = { path, epoch, hashKey, selection };
    const worker = new Worker(new URL("uploadworker.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: serverLimits.uploadHeapMib },
    });
    return { done: follow(worker, listener), cancel: () => void worker.terminate() };
  };

const follow = (worker: Worker, listener: JobListener): Job["done"] =>
  new Promise((resolve, reject) => {
    worker.on("message", (message: FromUploadWorker) => {
      switch (message.kind) {
        case "progress":
          listener.progress(message.bytesDone, message.exchanges);
          break;
        case "deltas":
          listener.deltas(message.texts).then(
            () => worker.postMessage("stored"),
            (error: Error) => {
              reject(error);
              void worker.terminate();
            },
          );
          break;
        case "failed":
          reject(new Error(message.message));
          break;
        case "done":
          resolve();
          break;
      }
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the reading was ended")));
  });
