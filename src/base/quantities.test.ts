import assert from "node:assert/strict";
import { test } from "node:test";
import type { Form } from "./forms.ts";
import { coreShare, countOrAuto, listenAddressOrOff, memorySize, timeSpan } from "./quantities.ts";

const check = <Value>(
  form: Form<Value>,
  rows: readonly (readonly [string, Value | "refused"])[],
) => {
  for (const [text, expected] of rows) {
    const parsed = form.parse(text);
    assert.deepEqual("value" in parsed ? parsed.value : "refused", expected, text);
  }
};

test("amounts as operators write them", () => {
  check(coreShare, [
    ["50", 0.5],
    ["50%", 0.5],
    ["150 %", 1.5],
    ["0.5%", "refused"],
    ["0", "refused"],
    ["6401", "refused"],
    ["fifty", "refused"],
  ]);
  check(memorySize(96), [
    ["384", 384 * 2 ** 20],
    ["384Mi", 384 * 2 ** 20],
    ["1G", 2 ** 30],
    ["1.5GB", 1.5e9],
    ["95", "refused"],
    ["100k", "refused"],
    ["-1", "refused"],
  ]);
  check(timeSpan(500, 3_600_000), [
    ["10", 10_000],
    ["10s", 10_000],
    ["500ms", 500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["2h", "refused"],
    ["0", "refused"],
    ["soon", "refused"],
  ]);
  check(countOrAuto(1, 64), [
    ["auto", 0],
    ["AUTO", 0],
    ["64", 64],
    ["0", "refused"],
    ["65", "refused"],
    ["1.5", "refused"],
  ]);
});

test("addresses to listen on", () => {
  check(listenAddressOrOff, [
    ["off", null],
    ["8091", { address: "127.0.0.1", port: 8091 }],
    ["0.0.0.0:8091", { address: "0.0.0.0", port: 8091 }],
    ["[::]:8091", { address: "::", port: 8091 }],
    ["localhost:0", { address: "localhost", port: 0 }],
    [":8091", "refused"],
    ["1.2.3.4", "refused"],
    ["1.2.3.4:65536", "refused"],
    ["http://x:1", "refused"],
  ]);
});
