import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultSelection } from "../src/telemetry/selection.ts";
import { checkCapture } from "./support/soundness.ts";

const SHOP = fileURLToPath(new URL("../examples/shop.pcap", import.meta.url));

test("every exchange that a document was learned from validates against it", async () => {
  const everyStatus = { ...defaultSelection, statuses: ["2xx", "3xx", "4xx", "5xx"] };
  for (const selection of [defaultSelection, everyStatus]) {
    const { checked, problems } = await checkCapture(SHOP, selection);
    assert.ok(checked > 100, `only ${checked} exchanges were checked`);
    assert.deepEqual(problems, []);
  }
});
