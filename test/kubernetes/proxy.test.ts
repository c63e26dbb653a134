//! A proxy in a network namespace passes requests on, under a shorter path. One tap hears both hops; the server's map joins them.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { endProcess } from "./mesh.ts";
import { mayMakeNamespaces, Network, until } from "./network.ts";

const SERVICE_IP = "10.78.0.2";
const PROXY_IP = "10.78.1.2";
const SERVER = "http://127.0.0.1:8090";
const network = new Network();
after(() => network.close());

const SERVICE = `require("http").createServer((q, r) => { r.setHeader("content-type", "application/json"); r.end('{"id":1}'); }).listen(8080, "0.0.0.0", () => console.log("open"))`;
const PROXY = `const http = require("http");
  http.createServer((q, r) => q.pipe(http.request({ host: "${SERVICE_IP}", port: 8080, agent: false, path: q.url.replace("/shop", ""), method: q.method, headers: { ...q.headers, host: "orders.test" } },
    (a) => { r.writeHead(a.statusCode, a.headers); a.pipe(r); }))).listen(80, "0.0.0.0", () => console.log("open"));`;
const CALLS = `(async () => { for (let i = 0; i < 30; i++) {
    const traceparent = "00-" + require("crypto").randomBytes(16).toString("hex") + "-b7ad6b7169203331-01";
    await new Promise((done, fail) => require("http").get("http://${PROXY_IP}/shop/orders", { headers: { host: "gateway.test", traceparent }, agent: false }, (r) => r.resume().on("end", done)).on("error", fail));
  } console.log("done"); })()`;

interface ServiceMap {
  readonly nodes: readonly { readonly id: string; readonly label: string }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly via: string | null;
    readonly calls: number;
  }[];
}

test("the map leads from the caller to the service through the proxy", {
  timeout: 290_000,
}, async (context) => {
  if (!mayMakeNamespaces()) return context.skip("not root");
  network.add("node", "service", "proxy", "client");
  network.join("node", "service", "10.78.0");
  network.join("node", "proxy", "10.78.1");
  network.join("node", "client", "10.78.2");
  network.rules("node", "");
  await network.run("service", "-e", SERVICE);
  await network.run("proxy", "-e", PROXY);
  const start = network.nta(
    "node",
    ...["start", "--listen", "127.0.0.1:8090", "--store", `sqlite:${network.folder}/store.db`],
    ...["--flush-interval", "1s"],
  );
  const map = (): ServiceMap | null =>
    network.get("node", `${SERVER}/api/v1/map`, "") as ServiceMap | null;
  await until("it listens", () => start.log().includes("listening on"), start.log);
  await until("the server is there", () => map() !== null, start.log);
  await network.run("client", "-e", CALLS);
  let seen: ServiceMap = { nodes: [], edges: [] };
  await until(
    "the map shows the way",
    () => {
      seen = map() ?? seen;
      return seen.edges.some(({ via, calls }) => via !== null && calls >= 30);
    },
    () => `${start.log()}\n${JSON.stringify(seen)}`,
  );
  const label = (id: string | null): string | null =>
    seen.nodes.find((node) => node.id === id)?.label ?? null;
  assert.deepEqual(
    seen.edges
      .filter(({ via }) => via !== null)
      .map(({ from, via, to, calls }) => [label(from), label(via), label(to), calls]),
    [["Private addresses", "gateway.test", "orders.test:8080", 30]],
  );
  await endProcess(start.child, "SIGTERM");
});
