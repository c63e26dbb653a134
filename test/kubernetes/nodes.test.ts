//! Two nodes in network namespaces, a tap on each, one server. A call through the port of the node that does not run the pod
//! (SNAT) is heard by both taps and counts once, as it arrives.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { endProcess } from "./mesh.ts";
import { mayMakeNamespaces, Network, until } from "./network.ts";

const POD_IP = "10.77.0.2";
const CALLS = 7;
const TOKEN = "a-token-of-this-test";
const SERVER = "http://10.77.9.1:8090";
const network = new Network();
after(() => network.close());

const RULES = `table ip nat {
  chain prerouting { type nat hook prerouting priority -100; tcp dport 30080 dnat to ${POD_IP}:8080; }
  chain postrouting { type nat hook postrouting priority 100; ip daddr ${POD_IP} masquerade; }
}`;
const SERVICE = `require("http").createServer((q, r) => { r.setHeader("content-type", "application/json"); r.end('{"id":1}'); }).listen(8080, "0.0.0.0", () => console.log("open"))`;

interface Rows {
  readonly items: readonly {
    readonly name: string;
    readonly hosts: readonly string[];
    readonly workloads: readonly string[];
    readonly ports: readonly number[];
    readonly calls: number;
  }[];
}

test("a call by way of another node counts once", { timeout: 290_000 }, async (context) => {
  if (!mayMakeNamespaces()) return context.skip("not root");
  network.add("one", "two", "pod", "client");
  network.join("one", "pod", "10.77.0");
  network.join("one", "two", "10.77.9");
  network.join("two", "client", "10.77.2");
  network.rules("one", RULES);
  network.rules("two", RULES);
  const api = fileURLToPath(new URL("api.ts", import.meta.url));
  await network.run("pod", "-e", SERVICE);
  for (const node of ["one", "two"]) await network.run(node, api, POD_IP);
  const tokenFile = join(network.folder, "api-token");
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
  const server = network.nta(
    "one",
    ...["serve", "--listen", "0.0.0.0:8090", "--store", `sqlite:${network.folder}/store.db`],
    ...["--admin-token-file", tokenFile, "--sensor-token-file", tokenFile, "--kubernetes", "on"],
  );
  const get = <Answer>(path: string): Answer | null =>
    network.get("one", `${SERVER}/api/v1/${path}`, TOKEN) as Answer | null;
  const tap = (node: string, name: string) =>
    network.nta(
      node,
      ...["tap", "--server", SERVER, "--token-file", tokenFile, "--flush-interval", "1s"],
      ...["--state", "none", "--status-listen", "off", "--kubernetes", "on"],
      ...["--node-name", name, "--sensor-name", name, "--workers", "1"],
    );
  await until("the server is there", () => get("sensors") !== null, server.log);
  const taps = [tap("one", "worker-1"), tap("two", "worker-2")];
  const explain = (): string => [server, ...taps].map(({ log }) => log()).join("\n");
  const sensors = (): string[] => (get<Rows>("sensors")?.items ?? []).map(({ name }) => name);
  await until("both taps are known", () => sensors().length === 2, explain);
  const apis = () =>
    (get<Rows>("apis")?.items ?? []).filter(({ hosts }) => hosts[0] === "cart.shop");
  const calls = (): number => apis().reduce((sum, each) => sum + each.calls, 0);
  // The other tap has heard nothing so far, so nobody has told it which addresses are covered.
  await until(
    "the pod is known",
    () => {
      network.call("one", `http://${POD_IP}:8080/probe/`, 1);
      return apis().some(({ workloads }) => workloads.length > 0);
    },
    explain,
  );
  const before = await settled(calls);
  for (const address of ["10.77.2.1", "10.77.9.2"])
    network.call("client", `http://${address}:30080/across/`, CALLS);
  await until("the calls are heard", () => calls() >= before + 2 * CALLS, explain);
  for (const { child } of taps) await endProcess(child, "SIGTERM");
  assert.equal(await settled(calls), before + 2 * CALLS, JSON.stringify(apis()));
  assert.deepEqual(
    apis().map(({ name, workloads, ports }) => [name, workloads, ports]),
    [["cart.shop", ["shop/Deployment/cart"], [8080]]],
  );
});

/** A count that has stood still for a while: inference rests between two looks. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 4; ) {
    const now = count();
    same = now === last ? same + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  return last;
}
