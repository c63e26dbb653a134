import assert from "node:assert/strict";
import { test } from "node:test";
import { operationKey } from "../spec/description.ts";
import type { DifferenceRow } from "./rows.ts";
import { judged, type KnownBefore } from "./settling.ts";

const HOUR_MS = 3_600_000;
const known = (calls: number, hours: number): KnownBefore => ({
  calls,
  firstMs: 1_000,
  lastMs: 1_000 + hours * HOUR_MS,
});
const difference = (code: string, method: string | null = "GET"): DifferenceRow => ({
  code,
  breaking: true,
  method,
  path: method === null ? null : "/users/{userId}",
  where: "",
  message: "",
});

function check(
  what: string,
  changed: DifferenceRow,
  { api = known(0, 0), operation }: { api?: KnownBefore; operation?: KnownBefore },
  expected: boolean,
): void {
  test(`${what}: ${expected ? "breaks" : "does not break"}`, () => {
    const operations = new Map(
      operation === undefined ? [] : [[operationKey("GET", "/users/{id}"), operation]],
    );
    assert.deepEqual(judged([changed], api, operations), [{ ...changed, breaking: expected }]);
  });
}

const optional = "response.field-now-optional";
check(
  "an operation heard often and long",
  difference(optional),
  { operation: known(100, 1) },
  true,
);
check(
  "one heard often in one burst",
  difference(optional),
  { operation: known(9_000, 0.9) },
  false,
);
check("one heard long, but seldom", difference(optional), { operation: known(99, 900) }, false);
check("one that was not there", difference(optional), { api: known(9_000, 900) }, false);
check("the whole of a settled API", difference(optional, null), { api: known(9_000, 900) }, true);
check("the whole of a young API", difference(optional, null), { api: known(9, 900) }, false);
check(
  "calls that are filed elsewhere",
  difference("operation.removed"),
  { operation: known(9_000, 900) },
  false,
);

test("what does not break is left as it is", () => {
  const added = { ...difference("operation.added"), breaking: false };
  assert.deepEqual(judged([added], known(9_000, 900), new Map()), [added]);
});
