//! Each view on real traffic, in both themes and at a phone's width: it says what it should, breaks no rule and is accessible.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, openPage } from "./browser.ts";
import { axeFaults, isTooWide } from "./faults.ts";
import { type Shop, startShop } from "./shop.ts";

let browser: Browser;
let shop: Shop;
before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), startShop()]);
});
after(async () => {
  await browser?.close();
  await shop?.stop();
});

/** Address, and words that are there once it is drawn. */
const views = (): readonly (readonly [path: string, words: RegExp])[] => [
  ["/", /Findings that weigh most/],
  ["/apis", /shop\.example\.com:8080/],
  ["/apis?q=nothing-is-called-this", /No API matches/],
  [`/apis/${shop.api}`, /Replace cart item/],
  [`/apis/${shop.api}/document`, /Concluded from the traffic/],
  [`/apis/${shop.api}/document?form=yaml`, /openapi: 3\.0\.3/],
  [`/apis/${shop.api}/traffic`, /Callers/],
  [`/apis/${shop.api}/versions`, /Version 1/],
  [`/apis/${shop.api}/comparison`, /No description to compare with/],
  [`/apis/${shop.api}/hints`, /Own headers/],
  [`/apis/${shop.api}/about`, /Sources: what this API is made of/],
  [`/apis/${shop.api}/endpoints/${shop.endpoint}`, /Path parameters/],
  ["/map", /Public addresses|Graph/],
  ["/map?as=list", /Caller/],
  ["/changes", /was heard for the first time/],
  ["/findings", /Credentials over plain HTTP/],
  ["/sensors", /uploads/],
  ["/import", /shop\.pcap/],
  ["/settings", /No token yet/],
  ["/settings/forwarders", /A forwarder keeps documents/],
  ["/settings/preferences", /Lifecycle and retention/],
  ["/settings/audit", /Nobody has changed anything yet/],
  ["/no/such/place", /nothing at this address/],
  ["/apis/nosuchapi", /Not here/],
];

for (const look of [
  { scheme: "light", width: 1440 },
  { scheme: "dark", width: 1440 },
  { scheme: "light", width: 390, height: 844 },
  { scheme: "dark", width: 390, height: 844 },
] as const) {
  test(`every view, ${look.scheme}, ${look.width} pixels wide`, async () => {
    const { page, complaints } = await openPage(browser, shop.origin, look);
    const faults: string[] = [];
    for (const [path, words] of views()) {
      await page.goto(path);
      await page.getByText(words).first().waitFor();
      // What fades in has its colours only at the end.
      await page.waitForFunction(() =>
        document.getAnimations().every(({ playState }) => playState !== "running"),
      );
      if (await isTooWide(page)) faults.push(`${path} scrolls sideways`);
      faults.push(...(await axeFaults(page)).map((fault) => `${path} ${fault}`));
    }
    const own = complaints.filter((line) => !/status of 404/.test(line));
    assert.equal([...faults, ...own].join("\n"), "");
    await page.context().close();
  });
}
