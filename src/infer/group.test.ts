import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Written } from "../telemetry/exchange.fixture.ts";
import { type Hints, noHints } from "./hints.ts";
import { infer } from "./infer.ts";
import { summarize } from "./learn.fixture.ts";

const calling = (host: string, target: string, port = 8080): Written => ({
  target,
  port,
  server: host.includes("[") ? "::1" : "127.0.0.1",
  requestHeaders: { host: `${host}:${port}` },
});

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "LOCALHOST."];

const apisOf = (batches: readonly (readonly Written[])[], hints: Partial<Hints> = {}) => {
  const summaries = batches.flatMap((batch) => summarize(batch));
  const { apis } = infer(summaries, { hints: { ...noHints, ...hints }, hashOf: () => 0 });
  return apis.map(({ hosts, port, endpoints, evidence }) => ({
    hosts,
    port,
    endpoints: endpoints.map(({ path }) => path.text),
    calls: evidence.count,
  }));
};

test("the names of loopback are one host, named by what it is called most", () => {
  const calls = [
    calling("127.0.0.1", "/a"),
    calling("127.0.0.1", "/b"),
    calling("localhost", "/a"),
    calling("[::1]", "/c"),
    calling("localhost", "/a", 8081),
    calling("127.0.0.2", "/a"),
    calling("app.localhost", "/a"),
  ];
  assert.deepEqual(apisOf([calls]), [
    {
      hosts: ["127.0.0.1", "::1", "localhost"],
      port: 8080,
      endpoints: ["/a", "/b", "/c"],
      calls: 4,
    },
    { hosts: ["127.0.0.2"], port: 8080, endpoints: ["/a"], calls: 1 },
    { hosts: ["app.localhost"], port: 8080, endpoints: ["/a"], calls: 1 },
    { hosts: ["localhost"], port: 8081, endpoints: ["/a"], calls: 1 },
  ]);
});

test("a split keeps one of them apart", () => {
  const calls = [calling("127.0.0.1", "/a"), calling("localhost", "/a"), calling("[::1]", "/a")];
  assert.deepEqual(
    apisOf([calls], { splits: ["127.0.0.1"] }).map(({ hosts }) => hosts),
    [["127.0.0.1"], ["::1", "localhost"]],
  );
});

test("in any order, and however split over taps, they are the same APIs", () => {
  const call = fc
    .tuple(fc.constantFrom(...LOOPBACK), fc.constantFrom("/a", "/b"), fc.constantFrom(80, 8080))
    .map(([host, target, port]) => calling(host, target, port));
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 12 }), fc.nat(), (calls, seed) => {
      const whole = apisOf([calls]);
      assert.equal(whole.length, new Set(calls.map(({ port }) => port)).size);
      const cut = seed % calls.length;
      const turned = [...calls].reverse();
      assert.deepEqual(apisOf([turned.slice(cut), turned.slice(0, cut)]), whole);
    }),
    { numRuns: 40 },
  );
});
