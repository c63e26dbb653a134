//! What goes on around the views: import, live update, comparison, sign-in, search, keys.
import assert from "node:assert/strict";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import { createZstdCompress } from "node:zlib";
import type { Browser } from "playwright-core";
import type { ApiDetail, TokenMade, UploadPage } from "../../src/server/contract.ts";
import { openBrowser, openPage, withinMs } from "./browser.ts";
import { axeFaults } from "./faults.ts";
import { type RunningServer, shopCapture, startServer, upload } from "./server.ts";
import { ask, findApi } from "./shop.ts";

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

const withServer = async (
  flags: readonly string[],
  use: (server: RunningServer) => Promise<void>,
): Promise<void> => {
  const server = await startServer(...flags);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
};

test("an empty inventory says what to do; an import fills it while other views look on", () =>
  withServer([], async ({ origin }) => {
    const { page, complaints } = await openPage(browser, origin);
    for (const [path, words] of [
      ["/", "No API has been heard yet"],
      ["/apis", "No API has been heard yet"],
      ["/map", "Nobody has called anybody yet"],
      ["/changes", "Nothing has changed yet"],
      ["/findings", "No open finding"],
      ["/sensors", "No sensor has reported"],
    ] as const) {
      await page.goto(path);
      await page.getByText(words).waitFor();
      assert.equal((await axeFaults(page)).join("\n"), "", path);
    }
    const other = await openPage(browser, origin);
    await other.page.goto("/apis");
    await other.page.getByText("Live", { exact: true }).waitFor();
    await page.goto("/import");
    await page.locator("input[type=file]").setInputFiles(shopCapture);
    await page.getByText("done", { exact: true }).waitFor();
    await page.getByText(/700 exchanges/).waitFor();
    await page.getByRole("link", { name: /^shop\.example\.com/ }).waitFor();
    // Nobody reloaded this one.
    await other.page.getByText("shop.example.com:8080").waitFor();
    await page.locator("input[type=file]").setInputFiles({
      name: "holiday.jpg",
      mimeType: "image/jpeg",
      buffer: Buffer.from("no capture at all"),
    });
    await page
      .locator("[role=alert]")
      .or(page.getByText("failed", { exact: true }))
      .first()
      .waitFor();
    assert.equal(complaints.filter((line) => !/status of 4\d\d/.test(line)).join("\n"), "");
  }));

/** The shop's capture a thousand times over: small to send, and long enough to be met while it is read. */
const writeLongCapture = async (path: string): Promise<void> => {
  const capture = readFileSync(shopCapture);
  const packets = capture.subarray(pcapHeadBytes);
  function* pieces(): Generator<Buffer> {
    yield capture;
    for (let times = 0; times < 1_000; times += 1) yield packets;
  }
  await pipeline(Readable.from(pieces()), createZstdCompress(), createWriteStream(path));
};

const pcapHeadBytes = 24;

test("an import is cancelled while it is sent, and while it is read", () =>
  withServer([], async ({ origin }) => {
    const folder = mkdtempSync(join(tmpdir(), "nta-long-"));
    try {
      const path = join(folder, "long.pcap.zst");
      await writeLongCapture(path);
      const { page, complaints } = await openPage(browser, origin);
      await page.goto("/import");
      const choose = (file: string) => page.locator("input[type=file]").setInputFiles(file);
      const isSent = (url: URL): boolean => url.pathname === "/api/v1/uploads" && url.search !== "";
      // Never answered: the file stays on its way.
      await page.route(isSent, () => {});
      await choose(shopCapture);
      await page.getByText(/^sending, /).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("shop.pcap").waitFor({ state: "detached" });
      assert.deepEqual((await ask<UploadPage>(origin, "uploads")).items, []);
      await page.unroute(isSent);
      await choose(path);
      await page.getByRole("progressbar", { name: "Reading long.pcap.zst" }).waitFor();
      // It moves while it is read, although nobody does anything.
      await page.getByText(/, [1-9]\S* exchanges/).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("cancelled", { exact: true }).waitFor();
      await page.getByRole("progressbar").waitFor({ state: "detached" });
      const [upload] = (await ask<UploadPage>(origin, "uploads")).items;
      assert.equal(upload?.state, "cancelled");
      assert.equal((await axeFaults(page)).join("\n"), "");
      // The one that was cancelled first can be chosen again, and is read.
      await choose(shopCapture);
      await page.getByText("done", { exact: true }).waitFor();
      await page.getByRole("link", { name: /^shop\.example\.com/ }).waitFor();
      assert.equal(complaints.join("\n"), "");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

test("a description is given, compared, marked in the tree and removed", () =>
  withServer([], async ({ origin }) => {
    await upload(origin, shopCapture);
    const api = await findApi(origin, "shop");
    const { page } = await openPage(browser, origin);
    await page.goto(`/apis/${api}/comparison`);
    await page.locator("input[type=file]").setInputFiles({
      name: "shop.yaml",
      mimeType: "application/yaml",
      buffer: Buffer.from(description),
    });
    await page.getByText(/heard in the traffic, not in the description/).waitFor();
    await page.getByText(/in the description, never heard/).waitFor();
    assert.equal((await axeFaults(page)).join("\n"), "");
    await page.getByRole("link", { name: "Show in the tree" }).click();
    await page.getByText("shadow", { exact: true }).first().waitFor();
    assert.equal(
      (await ask<ApiDetail>(origin, `apis/${api}`)).imported?.title,
      "The shop as planned",
    );
    await page.goto(`/apis/${api}/comparison`);
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("No description to compare with").waitFor();
  }));

const description = `openapi: 3.0.3
info: { title: The shop as planned, version: 1.0.0 }
servers: [{ url: "http://shop.example.com:8080" }]
paths:
  /api/v1/products:
    get: { responses: { "200": { description: OK } } }
  /api/v1/wishes:
    get: { responses: { "200": { description: OK } } }
`;

/** It is told right after the address. */
const firstToken = async (server: RunningServer): Promise<string> => {
  const until = Date.now() + withinMs;
  while (Date.now() < until) {
    const found = /nta_[A-Za-z0-9_-]+/.exec(server.output())?.[0];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`no token was told: ${server.output()}`);
};

test("who has no token is asked for one, and sees no more than it allows", () =>
  withServer(["--require-token"], async (server) => {
    const admin = await firstToken(server);
    const { page } = await openPage(browser, server.origin);
    await page.goto("/apis");
    await page.getByText("Sign in to nta").waitFor();
    assert.equal((await axeFaults(page)).join("\n"), "");
    await page.getByLabel("Token").fill("nta_wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText(/token is wrong/).waitFor();
    await page.getByLabel("Token").fill(admin);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("No API has been heard yet").waitFor();
    await page.goto("/settings/tokens");
    await page.getByRole("textbox", { name: "Name" }).fill("auditor");
    const made = page.waitForResponse((answer) => answer.request().method() === "POST");
    await page.getByRole("button", { name: "Make a token" }).click();
    const { token } = (await (await made).json()) as TokenMade;
    await page.getByText(token).waitFor();
    assert.equal((await axeFaults(page)).join("\n"), "");
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByText("auditor", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^Sign out/ }).click();
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Tokens are seen and made by editors.").waitFor();
    await page.goto("/import");
    await page.getByText("Importing needs the role editor").waitFor();
  }));

test("keys do what the mouse does; the theme stays", () =>
  withServer([], async ({ origin }) => {
    await upload(origin, shopCapture);
    const { page, complaints } = await openPage(browser, origin);
    await page.goto("/");
    await page.getByText("Findings that weigh most").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search APIs, endpoints and views").fill("tracking");
    await page.getByText("/api/v1/orders/{orderId}/tracking").waitFor();
    assert.equal((await axeFaults(page)).join("\n"), "");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/apis\/.*\/endpoints\//);
    await page.goto("/apis");
    const table = page.getByRole("grid", { name: "APIs" });
    await table.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    assert.match((await table.getAttribute("aria-activedescendant")) ?? "", /-0$/);
    await page.keyboard.press("Space");
    await page.getByText("1 API selected").waitFor();
    await table.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/apis\/[^/?]+$/);
    const tree = page.getByRole("treegrid");
    await tree.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await page.getByText("19 endpoints").nth(1).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByText("Replace cart item").waitFor();
    await page.getByRole("button", { name: "Dark theme" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Light theme" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("data-mantine-color-scheme"), "dark");
    assert.equal(complaints.join("\n"), "");
  }));

test("a server that goes away is said so, and its return is noticed", () =>
  withServer([], async (server) => {
    const { page } = await openPage(browser, server.origin);
    await page.goto("/");
    await page.getByText("Live", { exact: true }).waitFor();
    await page.route("**/api/v1/**", (route) => route.abort());
    await page.getByRole("link", { name: "Sensors" }).first().click();
    await page.getByText("No connection to the server").waitFor();
    await page.unroute("**/api/v1/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No sensor has reported").waitFor();
  }));
