/** What every sensor keeps between its flushes, whatever it hears. */
import { randomBytes } from "node:crypto";
import { systemClock } from "../sensor/clock.ts";
import { systemFiles } from "../sensor/files.ts";
import { DeltaQueue } from "../sensor/queue.ts";
import { type Log, QuietLog } from "../sensor/quietlog.ts";
import { StateFile } from "../sensor/statefile.ts";

export interface KnowledgeOptions {
  /** Null takes that of the state file, or makes one. */
  readonly sensor: string | null;
  /** File for what is not acknowledged yet; null keeps it in memory only. */
  readonly stateFile: string | null;
  /** The installation's key for hashes; null where only the server has it. */
  readonly hashKey: Uint8Array | null;
  readonly log: Log;
}

export interface Knowledge {
  readonly queue: DeltaQueue;
  readonly stateFile: StateFile | null;
  readonly quiet: QuietLog;
  readonly hashKey: Uint8Array;
}

/** Takes up what an earlier life left, and hands it to `use`; where that fails the state file is free again. */
export const withKnowledge = async <Result>(
  options: KnowledgeOptions,
  use: (knowledge: Knowledge) => Promise<Result>,
): Promise<Result> => {
  const { log, sensor, stateFile: path } = options;
  const quiet = new QuietLog(log, systemClock.nowMs);
  const stateFile = path === null ? null : await StateFile.open({ path, files: systemFiles, log });
  try {
    const queue = await DeltaQueue.open({
      stateFile,
      log: quiet,
      sensor,
      nowMs: systemClock.nowMs,
    });
    const hashKey = options.hashKey ?? queue.hashKey ?? randomBytes(16);
    return await use({ queue, stateFile, quiet, hashKey });
  } catch (error) {
    stateFile?.close();
    throw error;
  }
};
