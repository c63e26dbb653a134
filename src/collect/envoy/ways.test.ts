import assert from "node:assert/strict";
import { test } from "node:test";
import { collectLimits } from "../../base/limits.ts";
import type { Endpoint } from "../../reassemble/stream.ts";
import { EnvoyWays } from "./ways.ts";

const at = (text: string): Endpoint => {
  const colon = text.lastIndexOf(":");
  return { ip: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
};
const NOWHERE = { ip: "0.0.0.0", port: 0 };

/** Calls in the order in which Envoys tell of them: where it was called, for which host, what it called, and what is found. */
function check(
  rows: readonly (readonly [called: string, host: string, upstream: string, found: string])[],
): void {
  const ways = new EnvoyWays();
  const found = rows.map(([called, host, upstream]) => {
    const { server, isPassedOn } = ways.take(at(called), at(upstream), host, 0);
    return `${isPassedOn ? "passed on to " : ""}${server.ip}:${server.port}`;
  });
  assert.deepEqual(
    found,
    rows.map(([, , , each]) => each),
  );
}

test("a gateway before a waypoint", () => {
  check([
    ["10.0.0.2:80", "cart", "10.1.0.7:8080", "10.1.0.7:8080"],
    ["10.0.0.1:443", "cart", "10.0.0.2:80", "passed on to 10.1.0.7:8080"],
    ["10.0.0.2:80", "user", "10.1.0.9:8080", "10.1.0.9:8080"],
    ["10.0.0.1:443", "user", "10.0.0.2:80", "passed on to 10.1.0.9:8080"],
    ["10.0.0.1:443", "cart", "10.0.0.2:80", "passed on to 10.1.0.7:8080"],
    ["10.0.0.1:443", "shop.example", "10.0.0.2:80", "passed on to 10.1.0.9:8080"],
    ["10.0.0.1:443", "cart", "10.1.0.7:8080", "10.1.0.7:8080"],
  ]);
});

test("a gateway before sidecars", () => {
  check([
    ["10.1.0.7:8080", "cart", "10.1.0.7:8080", "10.1.0.7:8080"],
    ["10.0.0.1:443", "cart", "10.1.0.7:8080", "passed on to 10.1.0.7:8080"],
    ["10.1.0.7:8080", "cart", "10.1.0.7:8080", "10.1.0.7:8080"],
    ["10.1.0.8:8000", "user", "127.0.0.1:3000", "10.1.0.8:3000"],
    ["10.0.0.1:443", "user", "10.1.0.8:8000", "passed on to 10.1.0.8:3000"],
  ]);
});

test("three in a row", () => {
  check([
    ["10.0.0.3:80", "cart", "10.1.0.7:8080", "10.1.0.7:8080"],
    ["10.0.0.2:80", "cart", "10.0.0.3:80", "passed on to 10.1.0.7:8080"],
    ["10.0.0.1:80", "cart", "10.0.0.2:80", "passed on to 10.1.0.7:8080"],
  ]);
});

test("what is not known, or not heard of any more, passes nothing on", () => {
  const ways = new EnvoyWays();
  const called = at("10.0.0.2:80");
  assert.deepEqual(ways.take(called, NOWHERE, "cart", 0), { server: called, isPassedOn: false });
  ways.take(NOWHERE, at("10.1.0.7:8080"), "cart", 0);
  ways.take(called, at("10.1.0.7:8080"), "cart", 0);
  const gateway = at("10.0.0.1:80");
  assert.equal(ways.take(gateway, called, "cart", 3_600_000).isPassedOn, true);
  assert.equal(ways.take(gateway, called, "cart", 3_600_001).isPassedOn, false);
});

test("invented addresses and hosts take bounded room", () => {
  const ways = new EnvoyWays();
  for (let index = 0; index < 2 * collectLimits.envoyAddressesMax; index += 1) {
    ways.take({ ip: "10.0.0.2", port: 1 + index }, at("10.1.0.7:8080"), `${index}`, 0);
    ways.take(at("10.0.0.3:80"), at("10.1.0.7:8080"), `host ${index}`, 0);
  }
  const isKnown = (port: number): boolean =>
    ways.take(at("10.0.0.1:80"), { ip: "10.0.0.2", port }, "", 0).isPassedOn;
  assert.equal(isKnown(1), false);
  assert.equal(isKnown(2 * collectLimits.envoyAddressesMax), true);
});
