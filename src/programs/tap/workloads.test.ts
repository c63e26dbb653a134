import assert from "node:assert/strict";
import { test } from "node:test";
import { isSame, WorkloadTable } from "./workloads.ts";

test("an address has a workload, or one on each port where pods share it", () => {
  const table = new WorkloadTable();
  assert.equal(table.workloadOf("10.1.0.5", 80, 0, ""), "");
  table.take(
    new Map([
      ["10.1.0.5", "shop/deployment/cart"],
      ["192.0.2.1 9100", "ops/daemonset/exporter"],
    ]),
  );
  assert.equal(table.workloadOf("10.1.0.5", 80, 0, ""), "shop/deployment/cart");
  assert.equal(table.workloadOf("192.0.2.1", 9100, 0, ""), "ops/daemonset/exporter");
  assert.equal(table.workloadOf("192.0.2.1", 80, 0, ""), "");
});

test("only what has changed is told again", () => {
  const one = new Map([["10.1.0.5", "a"]]);
  assert.ok(isSame(one, new Map(one)));
  assert.ok(!isSame(one, new Map([["10.1.0.5", "b"]])));
  assert.ok(!isSame(one, new Map([["10.1.0.6", "a"]])));
  assert.ok(!isSame(one, new Map()));
});
