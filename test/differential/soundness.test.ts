import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultSelection } from "../../src/telemetry/selection.ts";
import { evalFolder, skipWithoutEval } from "../support/evaldata.ts";
import { checkCapture } from "../support/soundness.ts";

const folder = evalFolder();
const sets = folder === null ? [] : readdirSync(join(folder, "traffic")).sort();

test("soundness over all sets of traffic", { skip: skipWithoutEval("soundness") }, () => {
  assert.ok(sets.length >= 20);
});

for (const set of sets) {
  test(`every exchange of ${set} validates against what was learned from it`, async () => {
    const path = join(folder!, "traffic", set, "traffic.pcap");
    const selection = { ...defaultSelection, statuses: ["2xx", "3xx", "4xx", "5xx"] };
    const { checked, problems } = await checkCapture(path, selection);
    assert.ok(checked > 50, `only ${checked} exchanges were checked`);
    assert.deepEqual(problems.slice(0, 10), [], `${problems.length} of ${checked}`);
  });
}
