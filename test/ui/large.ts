/**
 * `npm run bench:page`: how fast the page is on the real server, with 2,000 APIs, 100,000 endpoints and one API of 10,000
 * more. `--apis N --endpoints N` for another size; `--origin URL` for a server that runs already.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deltaText, exchangesOf, learnApi } from "../../bench/serverdeltas.ts";
import { openInventory } from "../../src/inventory/inventory.ts";
import { type Delta, decodeBatch } from "../../src/sensor/delta.ts";
import { openBrowser, openPage } from "./browser.ts";
import { processorShare, scroll, usableAfterMs } from "./measuring.ts";
import { startServer } from "./server.ts";
import { ask, findApi } from "./shop.ts";

const { values } = parseArgs({
  options: {
    apis: { type: "string", default: "2000" },
    endpoints: { type: "string", default: "100000" },
    origin: { type: "string" },
  },
});
const HOURS = 24;
const HUGE = 10_000;
const ROUNDS = 5;
const TOGETHER = 20;

const folder = mkdtempSync(join(tmpdir(), "nta-page-"));
const store = `sqlite:${join(folder, "inventory.db")}`;
if (values.origin === undefined) await fill(Number(values.apis), Number(values.endpoints));
const server = values.origin === undefined ? await startServer("--store", store) : null;
const origin = values.origin ?? server!.origin;
const browser = await openBrowser();
try {
  await measure();
} finally {
  await browser.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
}

/** Every endpoint is called some times in the last day. */
async function fill(apis: number, endpoints: number): Promise<void> {
  const inventory = await openInventory({ url: store, inferAfterMs: 3_600_000 });
  const template = learnApi(spread(Math.round(endpoints / apis)));
  for (let from = 0; from < apis; from += TOGETHER) {
    const numbers = Array.from(
      { length: Math.min(TOGETHER, apis - from) },
      (_, index) => from + index,
    );
    await inventory.ingest(
      numbers.flatMap((number) => deltas(template, `api-${number}.example.com`, number + 1)),
    );
  }
  await inventory.ingest(deltas(learnApi(spread(HUGE)), "huge.example.com", apis + 1));
  await inventory.settled();
  await inventory.close();
}

function spread(endpoints: number): ReturnType<typeof exchangesOf> {
  return exchangesOf(endpoints).flatMap((exchange, index) =>
    [0, 5, 10, 15].map((more) => ({
      ...exchange,
      timeMs: Date.now() - ((index * 7 + more) % HOURS) * 3_600_000,
    })),
  );
}

function deltas(template: ReturnType<typeof learnApi>, host: string, sequence: number): Delta[] {
  const text = deltaText({ template, host, sensor: "bench", sequence, keyId: "bench" });
  const read = decodeBatch({ v: 1, deltas: [JSON.parse(text)] });
  if (typeof read === "string") throw new Error(read);
  return [...read];
}

async function measure(): Promise<void> {
  const huge = await findApi(origin, "huge.example.com");
  const one = await findApi(origin, "api-7.example.com");
  const { endpoints } = await ask<{ endpoints: number }>(origin, "overview");
  console.log(
    `${endpoints} endpoints; least of ${ROUNDS}, by the clock, and of a core of one's own`,
  );
  for (const row of [
    ["/", "a[href^='/findings?open=']"],
    ["/apis", "[role=row][aria-rowindex='12']"],
    [`/apis/${one}`, "[role=row][aria-rowindex='12']"],
    [`/apis/${huge}`, "[role=row][aria-rowindex='12']"],
    ["/map", "canvas"],
    ["/changes", "main a[href$='/versions']"],
    ["/findings", "article"],
  ] as const) {
    const taken: [clockMs: number, ownMs: number][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const share = processorShare();
      const clockMs = await usableAfterMs(browser, origin, row);
      taken.push([clockMs, clockMs * share]);
    }
    const least = (at: 0 | 1): string => Math.min(...taken.map((each) => each[at])).toFixed(0);
    console.log(`${row[0].padEnd(24)} ${least(0).padStart(6)} ms ${least(1).padStart(6)} ms`);
  }
  const { page } = await openPage(browser, origin);
  await page.goto("/apis");
  await page.locator("[role=row][aria-rowindex='12']").waitFor();
  const list = await scroll(page, "grid");
  await page.goto(`/apis/${huge}`);
  await page.getByRole("button", { name: "Open all" }).click();
  await page.getByRole("button", { name: "Close all" }).waitFor();
  const tree = await scroll(page, "treegrid");
  for (const [name, { workMs }] of Object.entries({ list, tree }))
    console.log(`scrolling the ${name}: ${workMs.toFixed(1)} ms of processor time a frame`);
}
