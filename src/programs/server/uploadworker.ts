/** The thread that reads an uploaded file; `uploadjob.ts` says what it tells. */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { UsageError } from "../../base/errors.ts";
import type { ExchangeObserver } from "../../http/exchange.ts";
import { freezeDelta, shardOf, summaryText } from "../../sensor/delta.ts";
import { keyIdOf } from "../../sensor/hashkey.ts";
import { callsOf } from "../../sensor/weigh.ts";
import { defaultPrivacy } from "../../telemetry/privacy.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import { readCaptures } from "../pipeline.ts";
import type { FromUploadWorker, UploadJob } from "./uploadjob.ts";

/** Exchanges that arrive together are stored together; the count alone decides, so that a file gives the same deltas again. */
const DELTAS_TOGETHER = 64;

const port = parentPort!;
const tell = (message: FromUploadWorker): void => port.postMessage(message);

const read = async ({ path, epoch, hashKey, selection }: UploadJob): Promise<void> => {
  const telemetry = new Telemetry({ selection, privacy: defaultPrivacy, hashKey });
  let exchanges = 0;
  const observer: ExchangeObserver = {
    requestHead: (exchange) => telemetry.requestHead(exchange),
    responseHead: (exchange) => telemetry.responseHead(exchange),
    exchange: (exchange) => {
      exchanges += 1;
      telemetry.exchange(exchange);
    },
  };
  const { signal } = new AbortController();
  await readCaptures([path], observer, {
    signal,
    onPiece: (source) => tell({ kind: "progress", bytesDone: source.bytesRead(), exchanges }),
  });
  const texts = deltasOf(telemetry, epoch, keyIdOf(hashKey));
  for (let at = 0; at < texts.length; at += DELTAS_TOGETHER) {
    tell({ kind: "deltas", texts: texts.slice(at, at + DELTAS_TOGETHER) });
    await once(port, "message");
  }
};

/** One delta an API, named by the file's content. */
const deltasOf = (telemetry: Telemetry, epoch: string, keyId: string): string[] => {
  const sequences = new Map<number, number>();
  return telemetry.take().map((summary) => {
    const shard = shardOf(summary.key);
    const sequence = (sequences.get(shard) ?? 0) + 1;
    sequences.set(shard, sequence);
    const calls = callsOf(summary);
    const { firstMs, lastMs } = spanOf(summary.root);
    const name = { sensor: "uploads", epoch, shard, sequence };
    const facts = { keyId, fromMs: firstMs, toMs: lastMs, calls, standsFor: calls, coverage: NONE };
    return freezeDelta(name, facts, [summaryText(summary)]).text;
  });
};

const NONE: ReadonlyMap<string, number> = new Map();

const spanOf = (root: ApiSummary["root"]): { firstMs: number; lastMs: number } => {
  let firstMs = Number.MAX_SAFE_INTEGER;
  let lastMs = 0;
  const visit = (node: ApiSummary["root"]): void => {
    for (const operation of node.operations.values()) {
      firstMs = Math.min(firstMs, operation.firstMs);
      lastMs = Math.max(lastMs, operation.lastMs);
    }
    for (const child of node.children.values()) visit(child);
  };
  visit(root);
  return { firstMs: Math.min(firstMs, lastMs), lastMs };
};

const nameless = (message: string): string =>
  message.replaceAll((workerData as UploadJob).path, "the file");

try {
  await read(workerData as UploadJob);
  tell({ kind: "done" });
} catch (error) {
  const isMistake = error instanceof UsageError;
  tell({ kind: "failed", message: isMistake ? nameless(error.message) : String(error) });
}
// The port would keep the thread.
port.close();
