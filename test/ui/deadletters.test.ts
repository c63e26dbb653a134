//! What no server merged: listed below the sensors, sent again and discarded. On the invented inventory, which needs no broker.
import assert from "node:assert/strict";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type { DeadLetterPage } from "../../src/server/contract.ts";
import { makeInventedServer } from "../../ui/dev/server.ts";
import { openBrowser, openPage } from "./browser.ts";
import { axeFaults, isTooWide } from "./faults.ts";
import { ask } from "./shop.ts";

let browser: Browser;
let server: Server;
let origin: string;
before(async () => {
  server = makeInventedServer({ apis: 3, endpoints: 30 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

const letters = async (): Promise<string[]> =>
  (await ask<DeadLetterPage>(origin, "dead-letters")).items.map(({ id }) => id);

test("dead letters are sent again and discarded, one by one", async () => {
  const { page, complaints } = await openPage(browser, origin, { width: 390, height: 844 });
  await page.goto("/sensors");
  await page.getByRole("heading", { name: "Put aside: deltas that no server merged" }).waitFor();
  await page.getByText("3 more;").waitFor();
  const [first, second, ...others] = await letters();
  assert.ok(first !== undefined && second !== undefined && others.length === 51);
  assert.equal(await isTooWide(page), false);
  assert.equal((await axeFaults(page)).join("\n"), "");
  await page.getByRole("button", { name: "Send again" }).first().click();
  await page.getByText("Sent again. If no server can merge it, it comes back here.").waitFor();
  await page.getByText("2 more;").waitFor();
  assert.deepEqual(await letters(), [second, ...others]);
  await page.getByRole("button", { name: "Discard" }).first().click();
  await page.getByText("Discarded. What it would have taught is lost.").waitFor();
  await page.getByText("1 more;").waitFor();
  assert.deepEqual(await letters(), others);
  // Another editor was faster.
  await page.route("**/dead-letters/*", (route) => route.fulfill({ status: 404, body: "{}" }));
  await page.getByRole("button", { name: "Discard" }).first().click();
  await page.getByText("That did not work").waitFor();
  assert.equal(complaints.filter((line) => !/status of 404/.test(line)).join("\n"), "");
  await page.context().close();
});
