/** The thread of one listener of several; `ear.ts` says what it is told and what it answers. */
import { parentPort, workerData } from "node:worker_threads";
import { assertNever, UsageError } from "../../base/errors.ts";
import type { FromListener, ToListener } from "./ear.ts";
import { Listener, type ListenerOptions } from "./listener.ts";
import { WorkloadTable } from "./workloads.ts";

const FACTS_MS = 1000;

const port = parentPort!;
const table = new WorkloadTable();
const tell = (message: FromListener): void => port.postMessage(message);

const fail = (error: unknown): void =>
  tell({ kind: "failed", isUsage: error instanceof UsageError, message: (error as Error).message });

const open = (): void => {
  const { workloadOf } = table;
  const listener = new Listener({ ...(workerData as ListenerOptions), workloadOf });
  listener.run().catch(fail);
  tell({ kind: "opened", fanoutGroup: listener.fanoutGroup });
  const timer = setInterval(() => {
    listener.tick(Date.now());
    tell({ kind: "facts", facts: listener.facts() });
  }, FACTS_MS);
  port.on("message", (message: ToListener) => void obey(listener, message, timer).catch(fail));
};

const obey = async (
  listener: Listener,
  message: ToListener,
  timer: NodeJS.Timeout,
): Promise<void> => {
  switch (message.kind) {
    case "follow":
      listener.follow(message.plan);
      break;
    case "correct":
      listener.correct(message.corrections);
      break;
    case "workloads":
      table.take(message.workloads);
      break;
    case "take":
      tell({ kind: "portion", portion: listener.take() });
      break;
    case "rekey":
      tell({ kind: "portion", portion: listener.take() });
      listener.rekey(message.hashKey);
      break;
    case "close":
      clearInterval(timer);
      await listener.close();
      tell({ kind: "closed", facts: listener.facts() });
      break;
    default:
      assertNever(message);
  }
};

try {
  open();
} catch (error) {
  fail(error);
}
