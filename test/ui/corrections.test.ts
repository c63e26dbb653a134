//! What a person changes on the page, on real traffic: each correction with its effect beforehand, and its undo.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser } from "playwright-core";
import type { ApiDetail, EndpointPage, FindingPage } from "../../src/server/contract.ts";
import { openBrowser, openPage, type Watched, withinMs } from "./browser.ts";
import { ask, findEndpoint, type Shop, startShop } from "./shop.ts";

let browser: Browser;
let shop: Shop;
let watched: Watched;
before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), startShop()]);
});
after(async () => {
  await browser?.close();
  await shop?.stop();
});
beforeEach(async () => {
  watched = await openPage(browser, shop.origin);
});
afterEach(async () => {
  await watched.page.context().close();
  // An endpoint whose path was corrected is asked for once more at its old address.
  assert.equal(watched.complaints.filter((line) => !/status of 404/.test(line)).join("\n"), "");
});

const paths = async (): Promise<string[]> => {
  const { items } = await ask<EndpointPage>(shop.origin, `apis/${shop.api}/endpoints?limit=5000`);
  return items.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort();
};

/** Waits until the server says so: what the page saves is learned again in the background. */
const eventually = async (what: string, is: () => Promise<boolean>): Promise<void> => {
  const until = Date.now() + withinMs;
  while (Date.now() < until) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`${what}, in vain`);
};

const openEndpoint = async (method: string, path: string): Promise<void> => {
  const id = await findEndpoint(shop.origin, shop.api, method, path);
  await watched.page.goto(`/apis/${shop.api}/endpoints/${id}`);
};

const saveAndUndo = async (has: string | null, hasNot: string | null): Promise<void> => {
  const { page } = watched;
  const before = await paths();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/become|stay as they are/).waitFor();
  if (has !== null)
    await dialog.getByLabel("After").getByText(has.split(" ")[1]!).first().waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await eventually(`${has} appears, ${hasNot} goes`, async () => {
    const now = await paths();
    return (has === null || now.includes(has)) && (hasNot === null || !now.includes(hasNot));
  });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone", { exact: true }).waitFor();
  await eventually("all is as before", async () => (await paths()).join() === before.join());
};

test("a parameter is renamed, and has its old name again", async () => {
  const { page } = watched;
  await openEndpoint("GET", "/api/v1/orders/{orderId}/tracking");
  await page.getByRole("button", { name: "{orderId}" }).click();
  await page.getByRole("menuitem", { name: "Rename…" }).click();
  const name = page.getByLabel("Name of the parameter");
  await name.fill("not a name");
  await page.getByText("Letters, digits").waitFor();
  await name.fill("orderNumber");
  await page.getByRole("button", { name: "Show what that changes" }).click();
  await saveAndUndo(
    "GET /api/v1/orders/{orderNumber}/tracking",
    "GET /api/v1/orders/{orderId}/tracking",
  );
});

test("a word is pinned as a parameter, and is a word again", async () => {
  const { page } = watched;
  await openEndpoint("GET", "/api/v1/users/me");
  await page.getByRole("button", { name: "me", exact: true }).click();
  await page.getByRole("menuitem", { name: "This is a parameter…" }).click();
  await page.getByLabel("Name of the parameter").fill("person");
  await page.getByRole("button", { name: "Show what that changes" }).click();
  await saveAndUndo(null, "GET /api/v1/users/me");
});

test("a parameter is vetoed, and is one again", async () => {
  const { page } = watched;
  await openEndpoint("GET", "/api/v1/users/{userId}");
  await page.getByRole("button", { name: "{userId}" }).click();
  await page.getByRole("menuitem", { name: "This is no parameter" }).click();
  await saveAndUndo(null, null);
});

test("a path is ignored, and heeded again", async () => {
  const { page } = watched;
  await openEndpoint("GET", "/api/v1/search");
  await page.getByRole("button", { name: "Correct", exact: true }).click();
  await page.getByRole("menuitem", { name: "Ignore this path" }).click();
  await saveAndUndo(null, "GET /api/v1/search");
});

test("a hint is added and removed by hand", async () => {
  const { page } = watched;
  await page.goto(`/apis/${shop.api}/hints`);
  await page.getByLabel("Add to own headers").fill("x-tenant");
  await page.getByLabel("Add to own headers").press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Remove x-tenant" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Remove x-tenant" }).waitFor({ state: "detached" });
});

test("an API is confirmed and given an owner; the audit log takes it back", async () => {
  const { page } = watched;
  const detail = () => ask<ApiDetail>(shop.origin, `apis/${shop.api}`);
  await page.goto(`/apis/${shop.api}/about`);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("confirmed", { exact: true }).waitFor();
  await page.getByLabel("Owner").fill("team shop");
  await page.getByRole("button", { name: "Save" }).click();
  await eventually("it has an owner", async () => (await detail()).owner === "team shop");
  await page.goto("/settings/audit");
  await page.getByRole("button", { name: "Undo" }).first().click();
  await eventually("it has no owner", async () => (await detail()).owner === null);
});

test("several APIs are triaged at once", async () => {
  const { page } = watched;
  await page.goto("/apis");
  await page.getByLabel("Select this row").first().check();
  await page.getByLabel("Select this row").nth(1).check();
  await page.getByText("2 APIs selected").waitFor();
  await page.getByRole("button", { name: "Set labels" }).click();
  await page.getByLabel("Labels, separated by commas").fill("pci, shop");
  await page.getByRole("dialog").getByRole("button", { name: "Set" }).click();
  await page.getByText(/2 APIs labelled/).waitFor();
  await page.getByRole("button", { name: "Label", exact: true }).click();
  await page.getByRole("checkbox", { name: /^pci/ }).check();
  await page.waitForURL(/label=pci/);
  await page.getByText("2 match").waitFor();
});

test("a finding is accepted with a reason, and open again", async () => {
  const { page } = watched;
  const open = async (): Promise<number> =>
    (await ask<FindingPage>(shop.origin, "findings?state=open&limit=1000")).items.length;
  const before = await open();
  await page.goto("/findings");
  await page.locator("article button[aria-expanded]").first().click();
  await page.getByText("What was seen").waitFor();
  await page.getByLabel("Reason to accept it").fill("Only inside of the cluster.");
  await page.getByRole("button", { name: "Accept", exact: true }).click();
  await eventually("one less is open", async () => (await open()) === before - 1);
  await page.getByRole("button", { name: "Undo" }).click();
  await eventually("all are open", async () => (await open()) === before);
});

test("preferences are changed and taken back", async () => {
  const { page } = watched;
  await page.goto("/settings/preferences");
  await page.getByLabel("Unused after").fill("14");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone", { exact: true }).waitFor();
  await eventually(
    "the old number is shown",
    async () => (await page.getByLabel("Unused after").inputValue()) === "30",
  );
});
