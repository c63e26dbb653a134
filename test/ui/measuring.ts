/** How long a view takes until it can be used, and what scrolling costs. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { openPage } from "./browser.ts";

/** From the address to the moment at which what is named is drawn, by the clock, for somebody who was never here. */
export const usableAfterMs = async (
  browser: Browser,
  origin: string,
  [path, drawn]: readonly [path: string, drawn: string],
): Promise<number> => {
  const { page } = await openPage(browser, origin);
  const startMs = performance.now();
  await page.goto(path, { waitUntil: "commit" });
  await page.locator(drawn).first().waitFor();
  const takenMs = performance.now() - startMs;
  await page.context().close();
  return takenMs;
};

/** What this thread gets of a processor at this moment: 1 where nobody else wants it. */
export const processorShare = (): number => {
  const startMs = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - startMs < 250);
  const { user, system } = process.cpuUsage(before);
  return Math.min(1, (user + system) / 1_000 / (performance.now() - startMs));
};

/** Scrolls for two seconds. */
const scrolled = (page: Page, role: string): Promise<{ frames: number; frameMs: number }> =>
  page.evaluate(async (wanted) => {
    const viewport = document.querySelector(`[role=${wanted}]`)!;
    const frames: number[] = [];
    let before = performance.now();
    const untilMs = before + 2_000;
    while (before < untilMs) {
      viewport.scrollTop += 120;
      if (viewport.scrollTop > viewport.scrollHeight / 2) viewport.scrollTop = 2_000;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - before);
      before = now;
    }
    if (viewport.scrollTop < 2_000) throw new Error(`scrolled to ${viewport.scrollTop} only`);
    const frameMs = frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.95)]!;
    return { frames: frames.length, frameMs };
  }, role);

interface Scrolling {
  /** Processor time of the page's main thread for a frame, which others on the machine do not lengthen. */
  readonly workMs: number;
  /** What 95 of 100 frames stayed within by the clock, which others do lengthen. */
  readonly frameMs: number;
}

export const scroll = async (page: Page, role: string): Promise<Scrolling> => {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const metric = async (name: string): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((each) => each.name === name)?.value ?? Number.NaN;
  };
  const beforeS = await metric("TaskDuration");
  const { frames, frameMs } = await scrolled(page, role);
  const workMs = (((await metric("TaskDuration")) - beforeS) * 1_000) / frames;
  assert.ok(workMs > 0, "the browser does not tell processor time");
  return { workMs, frameMs };
};
