import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Presence } from "./presence.ts";

type Field = readonly [present: number, whole: number, doubt: number];

const concluded = (fields: readonly Field[]): Presence => {
  const presence = new Presence();
  for (const field of fields) presence.add(...field);
  presence.conclude();
  return presence;
};

const times = (count: number, field: Field): Field[] => Array.from({ length: count }, () => field);

test("what is usual in an API decides about fields that were seen a few times", () => {
  const settled = concluded(times(60, [30, 30, 0.12]));
  const loose = concluded([
    ...times(30, [27, 30, 0.12]),
    ...times(25, [15, 30, 0.12]),
    ...times(5, [30, 30, 0.12]),
  ]);
  assert.ok(settled.absence(4, 0.12) < 0.02);
  assert.ok(loose.absence(4, 0.12) > 0.07);
  assert.ok(loose.absence(30, 0.12) < loose.absence(4, 0.12));
});

test("what speaks against a field elsewhere is weighed apart", () => {
  const presence = concluded([...times(60, [20, 20, 0]), ...times(60, [14, 20, 0.5])]);
  assert.ok(presence.absence(5, 0) < 0.01);
  assert.ok(presence.absence(5, 0.5) > 0.15);
});

test("where nothing is known a field seen twice is as in most APIs, and the more it was seen the surer", () => {
  const presence = concluded([]);
  assert.ok(presence.absence(2, 0.12) < 0.1);
  assert.ok(presence.absence(20, 0.12) < presence.absence(2, 0.12) / 3);
});

test("the order of fields changes nothing, and any counts give a share", () => {
  const field = fc
    .tuple(fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 2 }))
    .map(([a, b, doubt]): Field => [Math.min(a, b), b, Number.isNaN(doubt) ? 0 : doubt]);
  fc.assert(
    fc.property(
      fc.array(field, { maxLength: 40 }),
      fc.integer({ min: 2, max: 5_000 }),
      (all, whole) => {
        const [a, b] = [concluded(all), concluded([...all].reverse())];
        for (const doubt of [0, 0.05, 0.2, 0.5, 2]) {
          const absence = a.absence(whole, doubt);
          assert.ok(absence >= 0 && absence <= 1, String(absence));
          assert.equal(b.absence(whole, doubt), absence);
        }
      },
    ),
  );
});
