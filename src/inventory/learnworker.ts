/** The thread that infers: it takes lessons one by one, and keeps nothing between them. */
import { parentPort } from "node:worker_threads";
import { tasks } from "./learning.ts";
import type { Tasks } from "./lesson.ts";

export interface Request {
  readonly id: number;
  readonly task: keyof Tasks;
  readonly lesson: unknown;
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string };

parentPort!.on("message", ({ id, task, lesson }: Request) => {
  parentPort!.postMessage(replyTo(id, task, lesson));
});

function replyTo(id: number, task: keyof Tasks, lesson: unknown): Reply {
  try {
    return { id, result: (tasks[task] as (lesson: unknown) => unknown)(lesson) };
  } catch (error) {
    return { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
