/** Debian's Firefox by WebDriver BiDi, as much of it as a look at each view needs. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withinMs } from "./browser.ts";

const executablePath = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";

export interface Firefox {
  ask(method: string, params: object): Promise<Record<string, unknown>>;
  readonly complaints: string[];
  close(): Promise<void>;
}

export const hasFirefox = (): boolean => existsSync(executablePath);

export const openFirefox = async (): Promise<Firefox> => {
  const profile = mkdtempSync(join(tmpdir(), "nta-firefox-"));
  const flags = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
  const child = spawn(executablePath, flags, { stdio: ["ignore", "ignore", "pipe"] });
  const socket = new WebSocket(`${await addressOf(child)}/session`);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("Firefox refuses the connection"));
  });
  const waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  const complaints: string[] = [];
  socket.onmessage = ({ data }) => {
    const { id, method, result, params, ...rest } = JSON.parse(String(data));
    if (method === "log.entryAdded" && params.level === "error") complaints.push(params.text);
    waiting.get(id)?.(result ?? rest);
    waiting.delete(id);
  };
  const ask: Firefox["ask"] = (method, params) =>
    new Promise((resolve) => {
      lastId += 1;
      waiting.set(lastId, resolve);
      socket.send(JSON.stringify({ id: lastId, method, params }));
    });
  await ask("session.new", { capabilities: {} });
  await ask("session.subscribe", { events: ["log.entryAdded"] });
  const close = async (): Promise<void> => {
    socket.close();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    rmSync(profile, { recursive: true, force: true });
  };
  return { ask, complaints, close };
};

let lastId = 0;

/** It says where it listens. */
const addressOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`no address:\n${said}`)), withinMs);
    child.stderr!.on("data", (data: Buffer) => {
      said += data.toString();
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${said}`)));
  });
