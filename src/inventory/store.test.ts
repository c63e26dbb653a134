import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionLost } from "./postgres.ts";
import { InventoryProblem } from "./problem.ts";
import { problemOf } from "./store.ts";

const kindOf = (error: object): string | null => {
  const problem = problemOf(Object.assign(new Error("x"), error));
  return problem instanceof InventoryProblem ? problem.kind : null;
};
const sqlite = (errcode: number) => ({ code: "ERR_SQLITE_ERROR", errcode });

test("what an engine fails of is told from what it was asked", () => {
  const rows: readonly [error: object, kind: string | null][] = [
    [{ code: "53100" }, "disk-full"],
    [sqlite(13), "disk-full"],
    [{ code: "22021" }, "invalid"],
    // Restarts, a full table of connections, a standby, a plan that was forgotten, another password, no right any more.
    ...[
      "57P01",
      "57P03",
      "08006",
      "40001",
      "53300",
      "25006",
      "26000",
      "28P01",
      "42501",
      "XX000",
    ].map((code): [object, string] => [{ code }, "unavailable"]),
    // Busy, input and output (with a longer code), a file system that became read-only, a broken file.
    ...[5, 6, 10 | (3 << 8), 8, 8 | (4 << 8), 11, 14, 26].map((code): [object, string] => [
      sqlite(code),
      "unavailable",
    ]),
    // Values, keys and statements are what was asked.
    ...["22003", "23505", "42601", "54000"].map((code): [object, null] => [{ code }, null]),
    ...[1, 18, 19, 20, 21].map((code): [object, null] => [sqlite(code), null]),
    [{ code: "ERR_INVALID_ARG_TYPE" }, null],
    [{}, null],
  ];
  for (const [error, kind] of rows) assert.equal(kindOf(error), kind, JSON.stringify(error));
  const lost = problemOf(new ConnectionLost("Connection terminated unexpectedly"));
  assert.ok(lost instanceof InventoryProblem && lost.kind === "unavailable");
});
