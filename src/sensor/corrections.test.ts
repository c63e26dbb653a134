import assert from "node:assert/strict";
import { test } from "node:test";
import { sensorLimits } from "../base/limits.ts";
import { parseCorrections } from "./corrections.ts";

test("hints of an answer: what is not as it should be is left out", () => {
  const empty = { hosts: ["a"], ports: [80], pins: [], ignores: [], ownHeaders: [] };
  const rows: readonly (readonly [unknown, unknown])[] = [
    [undefined, []],
    [{}, []],
    [[null, 7, "x", []], []],
    [[{ hosts: ["a"], ports: [80] }], []],
    [
      [{ hosts: ["a", 7], ports: [80, "x", -1, 1.5, 65_536], ownHeaders: ["X-A", null] }],
      [{ ...empty, ownHeaders: ["x-a"] }],
    ],
    [[{ hosts: "a", ports: 80, pins: ["/x"] }], [{ ...empty, hosts: [], ports: [], pins: ["/x"] }]],
  ];
  for (const [given, expected] of rows) assert.deepEqual(parseCorrections(given), expected);
});

test("hints are bounded", () => {
  const { correctedApisMax, correctionCharactersMax } = sensorLimits;
  const many = Array.from({ length: correctedApisMax + 5 }, () => ({ hosts: [], pins: ["/x"] }));
  assert.equal(parseCorrections(many).length, correctedApisMax);
  const long = "x".repeat(correctionCharactersMax / 2);
  const [one] = parseCorrections([{ pins: [long, long, long, "/y"] }]);
  assert.deepEqual(one!.pins, [long, "/y"]);
});
