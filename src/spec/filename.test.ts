import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fileNames } from "./filename.ts";

test("names of documents", () => {
  const rows: [host: string, port: number, expected: RegExp][] = [
    ["api.example.com", 443, /^api\.example\.com_443\.openapi\.yaml$/],
    ["10.0.0.1", 80, /^10\.0\.0\.1_80\./],
    ["fe80::1", 80, /^fe80-1_80\./],
    ["con", 80, /^host-con-[0-9a-f]{8}_80\./],
    ["a/../../etc/passwd", 80, /^a-\.\.-\.\.-etc-passwd-[0-9a-f]{8}_80\./],
    ["..", 80, /^host-[0-9a-f]{8}_80\./],
    ["", 80, /^host-[0-9a-f]{8}_80\./],
    ["müller.example", 80, /^m-ller\.example-[0-9a-f]{8}_80\./],
  ];
  for (const [host, port, expected] of rows)
    assert.match(fileNames([{ host, port }], "yaml")[0]!, expected);
});

test("any hosts have names that are safe and differ without regard to case", () => {
  const host = fc.oneof(fc.string(), fc.domain(), fc.string({ maxLength: 400 }), fc.ipV6());
  const apis = fc.array(fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }));
  fc.assert(
    fc.property(apis, (list) => {
      const names = fileNames(list, "json");
      assert.equal(new Set(names.map((name) => name.toLowerCase())).size, list.length);
      for (const name of names) assert.match(name, /^[a-z0-9][a-z0-9._-]{0,220}\.openapi\.json$/);
    }),
  );
});
