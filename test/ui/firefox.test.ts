//! Each view in Firefox, by WebDriver BiDi: it is drawn, does not scroll sideways, and nothing is complained about.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withinMs } from "./browser.ts";
import { type Firefox, hasFirefox, openFirefox } from "./firefox.ts";
import { type Shop, startShop } from "./shop.ts";

let shop: Shop;
let firefox: Firefox;
const skip = hasFirefox()
  ? false
  : "NOT RUN: there is no Firefox; install firefox-esr, or name it in FIREFOX";
if (skip !== false) console.error(`!! the page in Firefox: ${skip}`);
before(async () => {
  if (skip === false) [firefox, shop] = await Promise.all([openFirefox(), startShop()]);
});
after(async () => {
  await firefox?.close();
  await shop?.stop();
});

const views = (): readonly (readonly [path: string, words: string])[] => [
  ["/", "Findings that weigh most"],
  ["/apis", "shop.example.com:8080"],
  [`/apis/${shop.api}`, "Replace cart item"],
  [`/apis/${shop.api}/document`, "Concluded from the traffic"],
  [`/apis/${shop.api}/document?form=yaml`, "openapi: 3.0.3"],
  [`/apis/${shop.api}/traffic`, "Latency by the"],
  [`/apis/${shop.api}/versions`, "Version 1"],
  [`/apis/${shop.api}/comparison`, "No description to compare with"],
  [`/apis/${shop.api}/hints`, "Own headers"],
  [`/apis/${shop.api}/about`, "Sources: what this API is made of"],
  [`/apis/${shop.api}/endpoints/${shop.endpoint}`, "Path parameters"],
  ["/map", "the larger, the more calls"],
  ["/map?as=list", "Caller"],
  ["/changes", "was heard for the first time"],
  ["/findings", "Credentials over plain HTTP"],
  ["/sensors", "uploads"],
  ["/import", "shop.pcap"],
  ["/settings", "No token yet"],
  ["/settings/forwarders", "A forwarder keeps documents"],
  ["/settings/preferences", "Lifecycle and retention"],
  ["/settings/audit", "Nobody has changed anything yet"],
];

test("every view in Firefox", { skip }, async () => {
  const tree = await firefox.ask("browsingContext.getTree", {});
  const { context } = (tree["contexts"] as { context: string }[])[0]!;
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await firefox.ask("script.evaluate", {
      target: { context },
      expression,
      awaitPromise: false,
    });
    return (result as { value?: unknown } | undefined)?.value;
  };
  for (const [path, words] of views()) {
    await firefox.ask("browsingContext.navigate", {
      context,
      url: shop.origin + path,
      wait: "complete",
    });
    const until = Date.now() + withinMs;
    // A chart whose script is still on its way when the next view comes would be complained about.
    const isDrawn = `document.body.innerText.includes(${JSON.stringify(words)}) &&
      [...document.querySelectorAll("figure")].every((each) => each.querySelector("canvas"))`;
    while ((await evaluate(isDrawn)) !== true) {
      assert.ok(Date.now() < until, `${path} never says "${words}"`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const isTooWide = "document.documentElement.scrollWidth > window.innerWidth";
    assert.equal(await evaluate(isTooWide), false, `${path} scrolls sideways`);
  }
  assert.deepEqual(firefox.complaints, []);
});
