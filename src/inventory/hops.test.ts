import assert from "node:assert/strict";
import { test } from "node:test";
import { type Heard, hopsOf } from "./hops.ts";

const api = (id: string, address: string, more: Partial<Heard>): Heard => ({
  id,
  addresses: new Set([address]),
  callers: [],
  traces: [],
  ...more,
});

const check = (apis: readonly Heard[], expected: readonly string[]): void => {
  const hops = hopsOf(apis).map(({ from, via, to, calls }) => `${from} ${via} ${to} ${calls}`);
  assert.deepEqual(hops.sort(), [...expected].sort());
};

const gateway = api("gateway", "10.0.0.2", {
  traces: [
    [11, "10.0.0.1"],
    [12, "10.0.0.1"],
    [13, "10.0.0.9"],
    [14, "10.0.0.9"],
  ],
});

test("the callers of a proxy are callers of what it passes on to, each by its share", () => {
  const cart = api("cart", "10.0.0.3", {
    callers: [
      ["10.0.0.2", 300, 3],
      ["10.0.0.7", 5, 0],
    ],
    traces: [
      [11, "10.0.0.2"],
      [12, "10.0.0.2"],
      [13, "10.0.0.2"],
      [99, "10.0.0.7"],
    ],
  });
  check(
    [gateway, cart],
    ["10.0.0.1 gateway cart 100", "10.0.0.1 gateway cart 100", "10.0.0.9 gateway cart 100"],
  );
});

test("an id alone says nothing: the second call must come from where the first was answered", () => {
  const cart = api("cart", "10.0.0.3", { traces: [[11, "10.0.0.8"]] });
  check([gateway, cart], []);
});

test("each of two proxies in a row has its own hop", () => {
  const first = api("edge", "10.0.0.2", { traces: [[1, "203.0.113.7"]] });
  const second = api("inner", "10.0.0.4", {
    callers: [["10.0.0.2", 10, 0]],
    traces: [[1, "10.0.0.2"]],
  });
  const last = api("cart", "10.0.0.5", {
    callers: [["10.0.0.4", 10, 0]],
    traces: [[1, "10.0.0.4"]],
  });
  check([last, first, second], ["203.0.113.7 edge inner 10", "10.0.0.2 inner cart 10"]);
});

test("a service beside the proxy, called by loopback", () => {
  const service = api("app", "127.0.0.1", {
    callers: [["127.0.0.1", 8, 0]],
    traces: [[11, "127.0.0.1"]],
  });
  check([gateway, service], ["10.0.0.1 gateway app 8"]);
});

test("where all is loopback nobody can tell which of two is the proxy", () => {
  const one = api("one", "127.0.0.1", { traces: [[1, "127.0.0.1"]] });
  const other = api("other", "127.0.0.1", { traces: [[1, "127.0.0.1"]] });
  check([one, other], []);
});

test("an id that everybody bears is none", () => {
  const apis = Array.from({ length: 40 }, (_, index) =>
    api(`api ${index}`, `10.0.1.${index}`, { traces: [[1, `10.0.1.${index + 1}`]] }),
  );
  check(apis, []);
});
