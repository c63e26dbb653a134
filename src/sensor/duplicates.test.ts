import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Duplicates, duplicatesMemory } from "./duplicates.ts";

/** Places that look random and never come twice. */
const place = (index: number): readonly [number, number] => [
  Math.imul(index, 0x9e3779b1) | 0,
  Math.imul(index ^ 0x55555555, 0x85ebca6b) | 0,
];

test("an exchange that is shown again is recognised, another is not", () => {
  const duplicates = new Duplicates(duplicatesMemory(1 << 12));
  let wrong = 0;
  for (let index = 0; index < 100_000; index += 1) {
    const [sequence, acknowledgement] = place(index);
    if (duplicates.isRepeated(sequence, acknowledgement, 1)) wrong += 1;
    assert.equal(duplicates.isRepeated(sequence, acknowledgement, 1), true);
    // As copies come: after some others.
    const [earlier, acknowledged] = place(Math.max(0, index - 1000));
    assert.equal(duplicates.isRepeated(earlier, acknowledged, 1), true);
  }
  assert.equal(wrong, 0);
});

test("exchanges that end in one segment are told apart", () => {
  const duplicates = new Duplicates(duplicatesMemory(1 << 10));
  for (const expected of [false, true]) {
    for (const ordinal of [1, 2, 3]) assert.equal(duplicates.isRepeated(7, 9, ordinal), expected);
  }
  assert.equal(duplicates.isRepeated(9, 7, 1), false);
  assert.equal(duplicates.isRepeated(0, 0, 0), false);
  assert.equal(duplicates.isRepeated(0, 0, 0), true);
});

test("threads see each other's exchanges", async () => {
  const memory = duplicatesMemory(1 << 12);
  const script = `
    import { parentPort, workerData } from "node:worker_threads";
    const { Duplicates } = await import(workerData.url);
    const duplicates = new Duplicates(workerData.memory);
    for (let index = 1; index <= 1000; index += 1) duplicates.isRepeated(index, -index, 1);
    parentPort.postMessage("done");
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: { memory, url: new URL("duplicates.ts", import.meta.url).href },
  });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  const duplicates = new Duplicates(memory);
  for (let index = 1; index <= 1000; index += 1) {
    assert.equal(duplicates.isRepeated(index, -index, 1), true);
  }
  await worker.terminate();
});
