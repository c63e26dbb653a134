import type { Log } from "../../sensor/quietlog.ts";

/** Lines for the operator on standard error: text for people, JSON for whoever collects logs. */
export const openLog = (form: "auto" | "text" | "json"): Log => {
  const isText = form === "text" || (form === "auto" && process.stderr.isTTY === true);
  const write = isText ? writeText : writeJson;
  return { info: (line) => write("info", line), warn: (line) => write("warn", line) };
};

const writeText = (level: string, line: string): void => {
  const prefix = level === "warn" ? "nta: warning: " : "nta: ";
  process.stderr.write(`${clearLine()}${prefix}${printable(line)}\n`);
};

const writeJson = (level: string, line: string): void => {
  const time = new Date().toISOString();
  process.stderr.write(`${JSON.stringify({ time, level, message: line })}\n`);
};

const clearLine = (): string => (process.stderr.isTTY === true ? "\r\u001b[2K" : "");

/** Lines may hold names from outside: no control characters, so no escape sequences. */
const printable = (text: string): string => text.replaceAll(/\p{C}/gu, "?");
