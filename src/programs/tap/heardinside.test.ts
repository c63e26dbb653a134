import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../kubernetes/facts.ts";
import { emptySummary } from "../../telemetry/merge.ts";
import { HeardInside } from "./heardinside.ts";

const CART = "shop/Deployment/cart";
const podOf = (mesh: string): Pod => ({ ips: ["10.1.0.1", "fd00::1"], mesh }) as unknown as Pod;
const heard = (workload: string, port: number) =>
  emptySummary({ workload, port, host: "cart", scheme: "http" });

/** What is left of calls on their way to the pod, after calls inside it. */
function left(
  mesh: string,
  inside: readonly (readonly [port: number, client: string])[],
): string[] {
  const both = new HeardInside(() => 0);
  both.enter(podOf(mesh));
  const portion = [
    heard(both.apart(CART, "10.1.0.1"), 8080),
    heard(both.apart(CART, "fd00::1"), 9090),
    heard(both.apart(CART, "10.1.0.2"), 8080),
    heard(both.apart("", "10.1.0.1"), 8080),
  ];
  for (const [port, client] of inside) both.note(podOf(mesh), port, client);
  return both.settle(portion).map(({ key }) => `${key.workload} ${key.port}`);
}

test("what the pod's proxy passed on to the application counts there alone", () => {
  const all = [`${CART} 8080`, `${CART} 9090`, `${CART} 8080`, " 8080"];
  assert.deepEqual(left("istio-proxy", []), all);
  assert.deepEqual(left("istio-proxy", [[8080, "127.0.0.6"]]), all.slice(1));
  assert.deepEqual(left("ambient", [[9090, "10.2.0.7"]]), [all[0], ...all.slice(2)]);
  assert.deepEqual(left("linkerd-proxy", [[8080, "127.0.0.1"]]), all.slice(1));
  // Port forwarding, or a probe by who is in the pod.
  assert.deepEqual(left("istio-proxy", [[8080, "127.0.0.1"]]), all);
  assert.deepEqual(left("", [[8080, "10.2.0.7"]]), all);
});

test("a pod that is left is forgotten when all that was heard of it was taken", () => {
  let nowMs = 0;
  const both = new HeardInside(() => nowMs);
  const pod = podOf("istio-proxy");
  both.enter(pod);
  const summary = heard(both.apart(CART, "10.1.0.1"), 8080);
  both.note(pod, 8080, "127.0.0.6");
  both.leave(pod);
  assert.deepEqual(both.settle([summary]), []);
  nowMs = 61_000;
  assert.equal(both.settle([summary])[0]!.key.workload, CART);
  assert.equal(both.apart(CART, "10.1.0.1"), CART);
});
