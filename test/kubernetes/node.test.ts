//! A node in network namespaces: a pod behind a Service's address, a node's port (nftables) and kubectl's port forwarding. The
//! real tap reports it under its workload, on the port on which the process listens, and each call once.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { authority } from "../../src/sensor/certificates.fixture.ts";
import { decodeDelta } from "../../src/sensor/delta.ts";
import type { PathNode } from "../../src/telemetry/summary.ts";
import { endProcess } from "./mesh.ts";

const id = `nta${process.pid}`;
const [NODE, POD, CLIENT] = [`${id}n`, `${id}p`, `${id}c`];
const POD_IP = "10.77.0.2";
const CALLS = 5;
const SECRETS = "/run/secrets/kubernetes.io/serviceaccount";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ip = (...words: string[]): void =>
  void execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
const inside = (namespace: string, ...words: string[]): ChildProcess =>
  spawn("ip", ["netns", "exec", namespace, ...words], { stdio: ["ignore", "pipe", "inherit"] });

const running: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), "nta-node-"));
after(async () => {
  await Promise.all(running.map((child) => endProcess(child, "SIGKILL")));
  for (const namespace of [NODE, POD, CLIENT]) {
    try {
      execFileSync("ip", ["netns", "del", namespace], { stdio: "ignore" });
    } catch {
      // It was never made.
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

function wire(): void {
  for (const namespace of [NODE, POD, CLIENT]) {
    ip("netns", "add", namespace);
    ip("-n", namespace, "link", "set", "lo", "up");
  }
  for (const [namespace, veth, subnet] of [
    [POD, "vpod", "10.77.0"],
    [CLIENT, "vclient", "10.77.1"],
  ] as const) {
    ip("-n", NODE, "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    ip("-n", NODE, "addr", "add", `${subnet}.1/24`, "dev", veth);
    ip("-n", NODE, "link", "set", veth, "up");
    ip("-n", namespace, "addr", "add", `${subnet}.2/24`, "dev", "eth0");
    ip("-n", namespace, "link", "set", "eth0", "up");
    ip("-n", namespace, "route", "add", "default", "via", `${subnet}.1`);
  }
  const rules = `table ip nat {
    chain prerouting { type nat hook prerouting priority -100;
      ip daddr 10.96.0.10 tcp dport 80 dnat to ${POD_IP}:8080
      ip daddr 10.77.1.1 tcp dport 30080 dnat to ${POD_IP}:8080; }
    chain postrouting { type nat hook postrouting priority 100; ip daddr ${POD_IP} masquerade; }
  }`;
  const file = join(folder, "rules.nft");
  writeFileSync(file, rules);
  execFileSync(
    "ip",
    ["netns", "exec", NODE, "sh", "-c", `echo 1 > /proc/sys/net/ipv4/ip_forward && nft -f ${file}`],
    { stdio: "inherit" },
  );
}

/** Calls from within a namespace, each over a connection of its own. */
function call(namespace: string, url: string): void {
  const script = `for (let i = 0; i < ${CALLS}; i++) {
    await new Promise((done, fail) => require("http").get(${JSON.stringify(url)} + i, { headers: { host: "cart.shop" }, agent: false }, (r) => r.resume().on("end", done)).on("error", fail));
  }`;
  execFileSync(
    "ip",
    ["netns", "exec", namespace, process.execPath, "-e", `(async () => {${script}})()`],
    { stdio: "inherit", timeout: 20_000 },
  );
}

test("one API on the port on which the process listens, whichever way it is called", {
  timeout: 90_000,
}, async (context) => {
  if (process.getuid?.() !== 0) {
    console.error("NOT RUN: this makes network namespaces, which needs root");
    context.skip("not root");
    return;
  }
  wire();
  const service = `require("http").createServer((q, r) => { r.setHeader("content-type", "application/json"); r.end('{"id":1,"name":"a"}'); }).listen(8080, "0.0.0.0", () => console.log("open"))`;
  const web = inside(POD, process.execPath, "-e", service);
  const api = inside(
    NODE,
    process.execPath,
    fileURLToPath(new URL("api.ts", import.meta.url)),
    POD_IP,
    "worker-1",
  );
  running.push(web, api);
  await Promise.all(
    [web, api].map((child) => new Promise((resolve) => child.stdout!.once("data", resolve))),
  );
  writeFileSync(join(folder, "token"), "kubelet-gave-this");
  writeFileSync(join(folder, "ca.crt"), authority);
  const launcher = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
  // As the kubelet mounts it, and seen by this process alone.
  const mount = `mkdir -p ${SECRETS} && mount -t tmpfs none ${SECRETS} && cp ${folder}/token ${folder}/ca.crt ${SECRETS} && exec "$@"`;
  const tap = spawn(
    "ip",
    ["netns", "exec", NODE, "unshare", "-m", "sh", "-c", mount, "sh", process.execPath, launcher]
      .concat([
        "tap",
        "--print",
        "--flush-interval",
        "1s",
        "--state",
        "none",
        "--status-listen",
        "off",
      ])
      .concat([
        "--kubernetes",
        "on",
        "--node-name",
        "worker-1",
        "--in-pod",
        "mesh",
        "--workers",
        "1",
      ]),
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        KUBERNETES_SERVICE_HOST: "127.0.0.1",
        KUBERNETES_SERVICE_PORT: "6443",
      },
    },
  );
  running.push(tap);
  let [lines, log] = ["", ""];
  tap.stdout.on("data", (chunk: Buffer) => {
    lines += chunk.toString();
  });
  tap.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  for (let tries = 0; !log.includes("listening on"); tries += 1) {
    assert.ok(tries < 400 && tap.exitCode === null, log);
    await sleep(25);
  }
  // Until the pod is known and listened to inside.
  await sleep(4000);
  call(CLIENT, `http://${POD_IP}:8080/direct/`);
  call(CLIENT, "http://10.96.0.10:80/service/");
  call(CLIENT, "http://10.77.1.1:30080/nodeport/");
  call(POD, "http://127.0.0.1:8080/forwarded/");
  await sleep(2500);
  await endProcess(tap, "SIGTERM");
  const calls = new Map<string, number>();
  for (const line of lines.split("\n").filter((each) => each.startsWith("{"))) {
    const delta = decodeDelta(JSON.parse(line));
    assert.ok(typeof delta === "object", String(delta));
    for (const { key, root } of delta.summaries) {
      for (const [path, count] of callsByPath(root)) {
        const name = `${key.workload} ${key.host} ${key.port} ${path}`;
        calls.set(name, (calls.get(name) ?? 0) + count);
      }
    }
  }
  const expected = ["direct", "forwarded", "nodeport", "service"].map((path): [string, number] => [
    `shop/Deployment/cart cart.shop 8080 ${path}`,
    CALLS,
  ]);
  assert.deepEqual([...calls].sort(), expected, log);
});

function callsByPath({ children }: PathNode): Map<string, number> {
  const count = (node: PathNode): number =>
    [...node.operations.values()].reduce((sum, each) => sum + each.calls, 0) +
    [...node.children.values()].reduce((sum, each) => sum + count(each), 0);
  return new Map([...children].map(([name, node]) => [name, count(node)]));
}
