import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Assembler, Bpf, bothOf, decodeProgram, encodeProgram, type Program } from "./bpf.ts";
import { interpret } from "./interpreter.ts";

/** Answers with the index of the first of `values` that the first byte equals, plus 1, after `padding` instructions. */
const lookup = (values: readonly number[], padding: number): Program => {
  const assembler = new Assembler();
  const answers = values.map(() => assembler.label());
  assembler.add(Bpf.LoadByte, 0);
  values.forEach((value, index) => {
    // Both sides of every other test are labels, so that all forms of a far jump occur.
    const next = assembler.label();
    assembler.jumpIf(Bpf.JumpEqual, value, answers[index]!, index % 2 === 0 ? next : null);
    for (let count = 0; count < (index % 2 === 0 ? padding : 0); count++) {
      assembler.add(Bpf.Add, 1);
      assembler.add(Bpf.Subtract, 1);
    }
    if (index % 2 === 0) {
      assembler.add(Bpf.Return, 0);
      assembler.place(next);
    }
  });
  assembler.add(Bpf.Return, 0);
  answers.forEach((label, index) => {
    assembler.place(label);
    assembler.add(Bpf.Return, index + 1);
  });
  return assembler.assemble("the test's values");
};

test("jumps reach their labels however far they are", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 40 }),
      fc.constantFrom(0, 1, 60, 126, 127, 128, 200),
      (values, padding) => {
        if (values.length * padding > 3500) return;
        const program = lookup(values, padding);
        for (const { ifTrue, ifFalse, k, code } of program) {
          assert.ok(ifTrue <= 255 && ifFalse <= 255);
          assert.ok(code !== Bpf.Jump || k < program.length);
        }
        for (let value = 0; value < 256; value++) {
          assert.equal(interpret(program, Uint8Array.of(value)), values.indexOf(value) + 1);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("both of two programs", () => {
  const [even, small] = [lookup([0, 2, 4, 6, 8], 0), lookup([0, 1, 2, 3], 300)];
  const both = bothOf(even, small);
  for (let value = 0; value < 10; value++) {
    const bytes = Uint8Array.of(value);
    const expected = interpret(even, bytes) > 0 ? interpret(small, bytes) : 0;
    assert.equal(interpret(both, bytes), expected, `${value}`);
  }
  const long = lookup([1], 2000);
  assert.throws(() => bothOf(long, long), { name: "UsageError", message: /4096 are allowed/ });
});

test("a program as the kernel reads it", () => {
  const program = [
    { code: Bpf.LoadHalf, ifTrue: 0, ifFalse: 0, k: 12 },
    { code: Bpf.JumpEqual, ifTrue: 1, ifFalse: 2, k: 0xfffff004 },
  ];
  const bytes = encodeProgram(program);
  assert.equal(Buffer.from(bytes).toString("hex"), "280000000c0000001500010204f0ffff");
  assert.deepEqual(decodeProgram(bytes), program);
});
