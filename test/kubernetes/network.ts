/** Nodes, pods and clients as network namespaces, and programs within them. All of it is ended and removed by `close`. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { authority } from "../../src/sensor/certificates.fixture.ts";
import { endProcess } from "./mesh.ts";

const SECRETS = "/run/secrets/kubernetes.io/serviceaccount";
const LAUNCHER = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
/** Nothing here takes a second where cores are free. */
const PATIENCE_MS = 60_000;

export const mayMakeNamespaces = (): boolean => {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) console.error("!! NOT RUN: this makes network namespaces, which needs root");
  return isRoot;
};

/** `nta` as the kubelet starts it: with the account of its pod, which it alone sees, and the API at a port of this host. */
export function asPod(
  folder: string,
  port: number,
  words: readonly string[],
): { command: readonly string[]; env: NodeJS.ProcessEnv } {
  writeFileSync(join(folder, "token"), "kubelet-gave-this");
  writeFileSync(join(folder, "ca.crt"), authority);
  const mount = `mkdir -p ${SECRETS} && mount -t tmpfs none ${SECRETS} && cp ${folder}/token ${folder}/ca.crt ${SECRETS} && exec "$@"`;
  return {
    command: ["unshare", "-m", "sh", "-c", mount, "sh", process.execPath, LAUNCHER, ...words],
    env: {
      PATH: process.env["PATH"],
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(port),
    },
  };
}

/** What a program wrote so far. */
export interface Program {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly log: () => string;
}

export async function until(
  what: string,
  test: () => boolean,
  explain: () => string,
): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (!test()) {
    assert.ok(Date.now() < deadlineMs, `never: ${what}; ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const ip = (...words: string[]): void =>
  void execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });

export class Network {
  readonly folder = mkdtempSync(join(tmpdir(), "nta-network-"));
  readonly #id = `nta${randomBytes(3).toString("hex")}`;
  readonly #names: string[] = [];
  readonly #children: ChildProcess[] = [];

  add(...names: readonly string[]): void {
    for (const name of names) {
      this.#names.push(name);
      ip("netns", "add", this.#id + name);
      ip("-n", this.#id + name, "link", "set", "lo", "up");
    }
  }

  /** Two namespaces on one wire: the first has `.1` of the subnet and is the other's way out. */
  join(node: string, other: string, subnet: string): void {
    const [here, there] = [this.#id + node, this.#id + other];
    const veth = `v${other}`;
    ip("-n", here, "link", "add", veth, "type", "veth", "peer", "name", `e${node}`, "netns", there);
    ip("-n", here, "addr", "add", `${subnet}.1/24`, "dev", veth);
    ip("-n", here, "link", "set", veth, "up");
    ip("-n", there, "addr", "add", `${subnet}.2/24`, "dev", `e${node}`);
    ip("-n", there, "link", "set", `e${node}`, "up");
    ip("-n", there, "route", "add", "default", "via", `${subnet}.1`);
  }

  /** nftables. */
  rules(name: string, text: string): void {
    const file = join(this.folder, `${name}.nft`);
    writeFileSync(file, text);
    const script = `echo 1 > /proc/sys/net/ipv4/ip_forward && nft -f ${file}`;
    execFileSync("ip", ["netns", "exec", this.#id + name, "sh", "-c", script], {
      stdio: "inherit",
    });
  }

  /** A program of Node's; ready when it has printed something. */
  async run(name: string, ...words: readonly string[]): Promise<void> {
    const program = this.#spawn(name, [process.execPath, ...words]);
    await until(
      `${words[0]} is there`,
      () => program.out() !== "",
      () => program.log(),
    );
  }

  nta(name: string, ...words: readonly string[]): Program {
    const { command, env } = asPod(this.folder, 6443, words);
    return this.#spawn(name, command, env);
  }

  /** `count` calls of cart.shop from within a namespace, each over a connection of its own. */
  call(name: string, url: string, count: number): void {
    const script = `(async () => { for (let i = 0; i < ${count}; i++) {
      await new Promise((done, fail) => require("http").get(${JSON.stringify(url)} + i, { headers: { host: "cart.shop" }, agent: false }, (r) => r.resume().on("end", done)).on("error", fail));
    } })()`;
    this.#runWhole(name, script);
  }

  get(name: string, url: string, token: string): unknown {
    const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
    const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify({ headers })}).then((r) => r.text()).then(console.log, () => console.log("null"))`;
    return JSON.parse(this.#runWhole(name, script)) as unknown;
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => endProcess(child, "SIGKILL")));
    for (const name of this.#names.splice(0)) {
      try {
        execFileSync("ip", ["netns", "del", this.#id + name], { stdio: "ignore" });
      } catch {
        // It was never made.
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #runWhole(name: string, script: string): string {
    const words = ["netns", "exec", this.#id + name, process.execPath, "-e", script];
    const stdio = ["ignore", "pipe", "inherit"] as const;
    return execFileSync("ip", words, { stdio: [...stdio], timeout: PATIENCE_MS }).toString();
  }

  #spawn(name: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
    const child = spawn("ip", ["netns", "exec", this.#id + name, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    this.#children.push(child);
    let [out, log] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    return { child, out: () => out, log: () => log };
  }
}
