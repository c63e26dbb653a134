//! Files that are made by a script and committed are what the script makes.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCosts, renderPage, SCALE_PAGE } from "../bench/scalemodel.ts";
import { CHART_README, CHART_SCHEMA, renderChartReadme, renderChartSchema } from "../docs/chart.ts";
import { CONFIGURATION_PAGE, renderConfiguration } from "../docs/configuration.ts";
import { SHOP_CAPTURE, writeShopCapture } from "../examples/generate.ts";

test("docs/configuration.md: npm run docs", () => {
  assert.equal(readFileSync(CONFIGURATION_PAGE, "utf8"), renderConfiguration());
});

test("examples/shop.pcap: npm run examples", () => {
  const folder = mkdtempSync(join(tmpdir(), "nta-examples-"));
  try {
    const path = join(folder, "shop.pcap");
    writeShopCapture(path);
    assert.ok(readFileSync(path).equals(readFileSync(SHOP_CAPTURE)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("chart/values.schema.json and chart/README.md: npm run docs", () => {
  assert.equal(readFileSync(CHART_SCHEMA, "utf8"), renderChartSchema());
  assert.equal(readFileSync(CHART_README, "utf8"), renderChartReadme());
});

test("docs/scale.md: node bench/scalemodel.ts", () => {
  const page = readFileSync(SCALE_PAGE, "utf8");
  assert.equal(page, renderPage(page, readCosts()));
});
