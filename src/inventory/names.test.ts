import assert from "node:assert/strict";
import { test } from "node:test";
import { homeApi, randomId } from "./names.ts";

test("no id of an API begins as a flag does", () => {
  const ids = Array.from({ length: 2000 }, (_, port) =>
    homeApi({ workload: "", scheme: "http", host: "shop.test", port }),
  );
  for (let times = 0; times < 2000; times += 1) ids.push(randomId());
  assert.ok(ids.every((id) => /^\w[\w-]{11}$/.test(id)));
  assert.equal(new Set(ids).size, 4000);
});
