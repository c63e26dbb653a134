import assert from "node:assert/strict";
import { test } from "node:test";
import { sensorLimits } from "../base/limits.ts";
import { QuietLog } from "./quietlog.ts";

const listen = (): {
  lines: string[];
  log: QuietLog;
  at: (nowMs: number) => void;
} => {
  const lines: string[] = [];
  let nowMs = 0;
  const log = new QuietLog(
    { info: (line) => lines.push(`info ${line}`), warn: (line) => lines.push(`warn ${line}`) },
    () => nowMs,
  );
  return {
    lines,
    log,
    at: (ms) => {
      nowMs = ms;
    },
  };
};

test("trouble is said once a minute, with how often it was met", () => {
  const { lines, log, at } = listen();
  for (let second = 0; second < 130; second += 1) {
    at(second * 1000);
    log.trouble("server", "no answer");
  }
  assert.deepEqual(lines, [
    "warn no answer",
    "warn no answer (60 more times; since 1970-01-01T00:00:00.000Z)",
    "warn no answer (60 more times; since 1970-01-01T00:00:00.000Z)",
  ]);
});

test("the end of trouble is said once, and only where there was some", () => {
  const { lines, log } = listen();
  log.over("server", "answers again");
  log.trouble("server", "no answer");
  log.over("server", "answers again");
  log.over("server", "answers again");
  log.trouble("server", "no answer");
  assert.deepEqual(lines, ["warn no answer", "info answers again", "warn no answer"]);
});

test("subjects are apart and bounded", () => {
  const { lines, log } = listen();
  for (let index = 0; index < 1000; index += 1) log.trouble(`subject ${index}`, "line");
  assert.equal(lines.length, sensorLimits.quietSubjectsMax);
});
