//! A node in network namespaces: a pod of a mesh behind a Service's address, a node's port (nftables), kubectl's port forwarding
//! and its own proxy. The real tap reports it under its workload, on the port on which the process listens, each call once.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeDelta } from "../../src/sensor/delta.ts";
import type { PathNode } from "../../src/telemetry/summary.ts";
import { endProcess } from "./mesh.ts";
import { mayMakeNamespaces, Network, until } from "./network.ts";

const POD_IP = "10.77.0.2";
const CALLS = 5;
const network = new Network();
after(() => network.close());

/** The proxy takes what comes for port 8081; no other port is its business. */
const POD_RULES = `table ip nat {
  chain prerouting { type nat hook prerouting priority -100; tcp dport 8081 redirect to 15006; }
}`;
const NODE_RULES = `table ip nat {
  chain prerouting { type nat hook prerouting priority -100;
    ip daddr 10.96.0.10 tcp dport 80 dnat to ${POD_IP}:8080
    ip daddr 10.77.1.1 tcp dport 30080 dnat to ${POD_IP}:8080; }
  chain postrouting { type nat hook postrouting priority 100; ip daddr ${POD_IP} masquerade; }
}`;
const SERVICE = `const http = require("http");
  for (const port of [8080, 8081]) http.createServer((q, r) => { r.setHeader("content-type", "application/json"); r.end('{"id":1,"name":"a"}'); }).listen(port, "0.0.0.0");
  http.createServer((q, r) => q.pipe(http.request({ host: "127.0.0.1", port: 8081, localAddress: "127.0.0.6", path: q.url, method: q.method, headers: q.headers, agent: false },
    (a) => { r.writeHead(a.statusCode, a.headers); a.pipe(r); }))).listen(15006, "0.0.0.0", () => console.log("open"));`;

test("one API on the port on which the process listens, whichever way it is called", {
  timeout: 290_000,
}, async (context) => {
  if (!mayMakeNamespaces()) return context.skip("not root");
  network.add("node", "pod", "client");
  network.join("node", "pod", "10.77.0");
  network.join("node", "client", "10.77.1");
  network.rules("node", NODE_RULES);
  network.rules("pod", POD_RULES);
  const api = fileURLToPath(new URL("api.ts", import.meta.url));
  await network.run("pod", "-e", SERVICE);
  await network.run("node", api, POD_IP);
  const tap = network.nta(
    "node",
    ...["tap", "--print", "--flush-interval", "1s", "--state", "none", "--status-listen", "off"],
    ...["--kubernetes", "on", "--node-name", "worker-1", "--in-pod", "mesh", "--workers", "1"],
  );
  const explain = (): string => tap.log();
  await until("it listens", () => tap.log().includes("listening on"), explain);
  // It is known whose the pod is, and it is listened to inside.
  let probedMs = 0;
  const isHeardInside = (): boolean => {
    if (Date.now() - probedMs > 1000) {
      network.call("pod", "http://127.0.0.1:8080/probe/", 1);
      probedMs = Date.now();
    }
    return [...callsOf(tap.out()).keys()].includes("shop/Deployment/cart cart.shop 8080 probe");
  };
  await until("it hears the pod inside", isHeardInside, explain);
  network.call("client", `http://${POD_IP}:8080/direct/`, CALLS);
  network.call("client", "http://10.96.0.10:80/service/", CALLS);
  network.call("client", "http://10.77.1.1:30080/nodeport/", CALLS);
  network.call("pod", "http://127.0.0.1:8080/forwarded/", CALLS);
  network.call("client", `http://${POD_IP}:8081/plain/`, CALLS);
  const expected = ["8080 direct", "8080 forwarded", "8080 nodeport", "8080 service", "8081 plain"]
    .map((name) => `shop/Deployment/cart cart.shop ${name}`)
    .map((name): [string, number] => [name, CALLS]);
  const isHeard = (): boolean => {
    const calls = callsOf(tap.out());
    return expected.every(([name, count]) => (calls.get(name) ?? 0) >= count);
  };
  await until("all is heard", isHeard, () => `${explain()}${[...callsOf(tap.out())].join("; ")}`);
  await endProcess(tap.child, "SIGTERM");
  const calls = [...callsOf(tap.out())].filter(([name]) => !name.endsWith(" probe"));
  assert.deepEqual(calls.sort(), expected, explain());
});

/** By workload, host, port and first path segment. */
function callsOf(printed: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const line of printed.split("\n").filter((each) => each.startsWith("{"))) {
    if (!line.endsWith("}")) continue;
    const delta = decodeDelta(JSON.parse(line));
    assert.ok(typeof delta === "object", String(delta));
    for (const { key, root } of delta.summaries) {
      for (const [path, count] of callsByPath(root)) {
        const name = `${key.workload} ${key.host} ${key.port} ${path}`;
        calls.set(name, (calls.get(name) ?? 0) + count);
      }
    }
  }
  return calls;
}

function callsByPath({ children }: PathNode): Map<string, number> {
  const count = (node: PathNode): number =>
    [...node.operations.values()].reduce((sum, each) => sum + each.calls, 0) +
    [...node.children.values()].reduce((sum, each) => sum + count(each), 0);
  return new Map([...children].map(([name, node]) => [name, count(node)]));
}
