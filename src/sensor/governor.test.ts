import assert from "node:assert/strict";
import { test } from "node:test";
import { Governor, processUsage, type Usage } from "./governor.ts";

test("CPU is measured over the time that really passed", () => {
  let usage: Usage = { steadyMs: 0, cpuMs: 0, memoryBytes: 100e6 };
  const governor = new Governor({ cpuMax: 0.5, memoryBytesMax: 384e6 }, () => usage);
  const after = (ms: number, share: number): void => {
    usage = { ...usage, steadyMs: usage.steadyMs + ms, cpuMs: usage.cpuMs + ms * share };
  };
  after(5000, 0.3);
  assert.equal(governor.look(0, 0).level, 0);
  assert.ok(Math.abs(governor.status().cpuShare - 0.3) < 1e-9);
  after(10, 1);
  governor.look(0, 0);
  assert.ok(Math.abs(governor.status().cpuShare - 0.3) < 1e-9, "too early to tell");
  for (let second = 0; second < 10; second += 1) {
    after(1000, 0.9);
    governor.look(0, 0);
  }
  assert.equal(governor.plan.level, 3);
  assert.ok(governor.status().planChanges > 0);
});

test("the process is measured", () => {
  const before = processUsage();
  const until = performance.now() + 50;
  while (performance.now() < until);
  const after = processUsage();
  assert.ok(after.cpuMs - before.cpuMs > 10);
  assert.ok(after.memoryBytes > 10e6);
});
