import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { call, learn, NOW_MS } from "./deltas.fixture.ts";
import { bucketOf, FigureSet, figuresByHour, HOUR_MS } from "./figures.ts";
import { foldEndpoints } from "./folding.ts";

test("figures by the hour add up to the operation's, whatever hours it is of", () => {
  const calls = fc.array(
    fc.record({ hour: fc.integer({ min: 0, max: 60 }), isError: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(calls, (list) => {
      const [summary] = learn(
        list.map(({ hour, isError }) =>
          call(`GET /orders ${isError ? 500 : 200}`, { timeMs: NOW_MS - hour * HOUR_MS }),
        ),
      );
      const operation = summary!.root.children.get("orders")!.operations.get("GET")!;
      const all = new FigureSet();
      let errors = 0;
      for (const figures of figuresByHour(operation).values()) {
        assert.ok(figures.statusClasses.every((count) => count >= 0));
        errors += figures.statusClasses[4]!;
        all.add("GET", figures);
      }
      const back = FigureSet.read(all.write());
      const { statusClasses, requestBytes, responseBytes } = back.byOperation.get("GET")!;
      assert.deepEqual(
        [statusClasses, requestBytes, responseBytes],
        [operation.statusClasses, operation.requestBytes, operation.responseBytes],
      );
      assert.equal(errors, list.filter(({ isError }) => isError).length);
      const { p99Ms } = bucketOf(0, back.byOperation.get("GET")!);
      assert.ok(p99Ms !== null && p99Ms > 4 && p99Ms < 6);
    }),
    { numRuns: 60 },
  );
});

test("each node belongs to the endpoint that takes its path", () => {
  const summaries = learn([
    call("GET /users/17"),
    call("GET /users/me"),
    call("GET /users/ada"),
    call("GET /files/report-1234"),
    call("GET /files/7.json"),
    call("POST /users/17/posts"),
    call("GET /"),
  ]);
  const rows: Readonly<Record<string, number>> = {
    "GET /": 1,
    "GET /users/{id}": 2,
    "GET /users/me": 1,
    "GET /files/{name}.pdf": 0,
    "GET /files/{name}.json": 1,
    "GET /files/report-{id}": 1,
    "POST /users/{id}/posts": 1,
    "DELETE /users/{id}": 0,
  };
  const names = Object.keys(rows).map((text) => {
    const [method = "", path = ""] = text.split(" ");
    return { method, path };
  });
  const heard = foldEndpoints(summaries, names);
  assert.deepEqual(
    heard.map(({ statusClasses }) => statusClasses[1]),
    Object.values(rows),
  );
});
