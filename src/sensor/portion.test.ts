import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { absorbSummary, emptySummary } from "../telemetry/merge.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { cutSummary, dropLeastHeard } from "./portion.ts";
import { call, callsByEndpoint, learn } from "./summaries.fixture.ts";
import { callsOf, weighSummary } from "./weigh.ts";

const paths = [
  "",
  "a",
  "a/b",
  "a/17",
  "a/18/c",
  "users",
  "users/42",
  "users/42/orders/9",
  "x/y/z/w",
];

const learned = (chosen: readonly number[]): ApiSummary =>
  learn([call("shop.test", ""), ...chosen.map((index) => call("shop.test", paths[index]!))])[0]!;

const anyCalls = fc.array(fc.nat({ max: paths.length - 1 }), { maxLength: 40 });

test("the parts of a summary, merged in order, are the summary", () => {
  fc.assert(
    fc.property(anyCalls, fc.integer({ min: 1, max: 60_000 }), (chosen, weightMax) => {
      const summary = learned(chosen);
      const expected = structuredClone(summary);
      const merged = emptySummary(summary.key);
      let rest: ApiSummary | null = summary;
      let parts = 0;
      while (rest !== null) {
        const cut = cutSummary(rest, weightMax);
        assert.ok(callsOf(cut.part) > 0, "each part has something");
        absorbSummary(merged, cut.part);
        rest = cut.rest;
        parts += 1;
      }
      assert.ok(parts <= paths.length + 1);
      assert.deepEqual(merged, expected);
    }),
    { numRuns: 60 },
  );
});

test("a part weighs what was asked for, or has a single operation", () => {
  let rest: ApiSummary | null = learned([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 7]);
  const whole = weighSummary(rest);
  let parts = 0;
  while (rest !== null) {
    const cut = cutSummary(rest, whole / 3);
    const operations = callsByEndpoint([cut.part]).size;
    assert.ok(operations === 1 || weighSummary(cut.part) <= whole / 3 + 2000);
    rest = cut.rest;
    parts += 1;
  }
  assert.ok(parts >= 3 && parts <= 6, `${parts} parts`);
});

test("what is heard least goes first, over all APIs, and is counted", () => {
  const heavy = learn(Array.from({ length: 50 }, () => call("heavy.test", "busy")));
  const mixed = learn([
    ...Array.from({ length: 20 }, () => call("mixed.test", "often")),
    ...Array.from({ length: 30 }, (_, index) =>
      call("mixed.test", `once/word${"abcdefghij"[index % 10]}${"klm"[index % 3]}`),
    ),
  ]);
  const summaries = [...heavy, ...mixed];
  const weight = summaries.reduce((sum, summary) => sum + weighSummary(summary), 0);
  const calls = summaries.reduce((sum, summary) => sum + callsOf(summary), 0);
  const loss = dropLeastHeard(summaries, weight / 3, "unsentBytesMax");
  assert.ok(loss.operations > 10);
  const left = callsByEndpoint(summaries);
  assert.equal(left.get("heavy.test /busy"), 50);
  assert.equal(left.get("mixed.test /often"), 20);
  assert.equal(
    calls - loss.calls,
    summaries.reduce((sum, summary) => sum + callsOf(summary), 0),
  );
  assert.equal(mixed[0]!.limits.get("unsentBytesMax"), loss.operations);
  assert.equal(heavy[0]!.limits.size, 0);
  const after = summaries.reduce((sum, summary) => sum + weighSummary(summary), 0);
  assert.ok(after <= weight / 3 + 2000, `${after} of ${weight}`);
  assert.deepEqual(dropLeastHeard(summaries, weight, "unsentBytesMax"), {
    operations: 0,
    calls: 0,
  });
});

test("the estimate of memory is right within a factor of two", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const body = (fields: number): string =>
    JSON.stringify(
      Object.fromEntries(
        Array.from({ length: fields }, (_, index) => [
          `field${index}`,
          index % 3 === 0
            ? "some words of text"
            : index % 3 === 1
              ? index * 7
              : [{ id: index, state: "open" }],
        ]),
      ),
    );
  for (const [name, fields] of [
    ["small", 4],
    ["large", 60],
  ] as const) {
    const kept: ApiSummary[] = [];
    const clones: ApiSummary[][] = [];
    for (let api = 0; api < 10; api += 1) {
      kept.push(
        ...learn(
          Array.from({ length: 60 }, (_, index) => ({
            ...call(`${name}${api}.test`, `things/${"abcdefgh"[index % 8]}word/${index}`),
            responseBody: body(fields),
          })),
        ),
      );
    }
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let copy = 0; copy < 4; copy += 1) clones.push(structuredClone(kept));
    collect();
    const measured = process.memoryUsage().heapUsed - before;
    const estimated = clones.flat().reduce((sum, summary) => sum + weighSummary(summary), 0);
    assert.ok(
      estimated > measured / 2 && estimated < measured * 2,
      `${name}: estimated ${estimated}, measured ${measured}`,
    );
  }
});
