//! Names that traffic and people make up to break a page: every view shows them as text, whole in its layout; the CSV is inert.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { learn } from "../../src/inventory/deltas.fixture.ts";
import { freezeDelta, shardOf, summaryText } from "../../src/sensor/delta.ts";
import type { ApiPage, EndpointPage } from "../../src/server/contract.ts";
import { openBrowser, openPage, withinMs } from "./browser.ts";
import { axeFaults, isTooWide } from "./faults.ts";
import { type RunningServer, startServer } from "./server.ts";
import { ask } from "./shop.ts";

const markup = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`;
const rightToLeft = "\u202egpj.exe\u2066\u202d";
const long = "n".repeat(10_000);
const names = [
  markup,
  `"><svg/onload=window.hurt=1>`,
  "{{constructor.constructor('window.hurt=1')()}}",
  "javascript:window.hurt=1",
  rightToLeft,
  "😀👩‍👩‍👧‍👦🏴‍☠️ Z̷̡̢͔̟͛̓a̶l̷g̸o̵",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "[object Object]",
  `=cmd|' /C calc'!A1`,
  `a,"b"\r\nc;=1+1`,
  "-1+1",
  "\t@SUM(A1)",
  "   ",
  long,
] as const;

/** What a sensor in the wrong hands may send: it keeps none of the rules by which names are made out of traffic. */
const deltaOf = (sensor: string, host: string, name: string, sequence: number): string => {
  const plain = { method: "POST", status: 200, timeMs: Date.now(), client: "10.0.0.1" };
  const types = { "content-type": "application/json" };
  const [summary] = learn([
    {
      ...plain,
      target: "/placeholder/items?placeholder=1",
      requestHeaders: { host: "shop.test", ...types, "x-placeholder": "1" },
      responseHeaders: { ...types, "x-placeholder": "1" },
      requestBody: JSON.stringify({ placeholder: "placeword", id: 1 }),
      responseBody: JSON.stringify({ placeholder: [{ placeholder: { placeholder: "a" } }] }),
    },
  ]);
  const key = { ...summary!.key, host, workload: `shop/${host}` };
  const inside = (part: string): string => JSON.stringify(part).slice(1, -1);
  const text = summaryText({ ...summary!, key })
    .replaceAll("placeholder", inside(name.slice(0, 250)))
    .replaceAll("placeword", inside(name.slice(0, 24)));
  const facts = { keyId: "key", fromMs: 0, toMs: 1, calls: 1, standsFor: 1 };
  const coverage = new Map([[name.slice(0, 60), 7]]);
  return freezeDelta(
    { sensor: sensor.slice(0, 100), epoch: "e1", shard: shardOf(key), sequence },
    { ...facts, coverage },
    [text],
  ).text;
};

let browser: Browser;
let server: RunningServer;
let mixed: string;
let named: readonly string[];
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), startServer()]);
  const deltas = names.flatMap((name, index) => [
    deltaOf(name, name.slice(0, 255), name, 1),
    deltaOf("mixed", "mixed.test", name, index + 1),
  ]);
  for (const delta of deltas) {
    const body = `{"v":1,"deltas":[${delta}]}`;
    const answer = await write("POST", "deltas", body);
    assert.equal(answer.status, 200, await answer.text());
  }
  const all = await apisOnceCalled(deltas.length);
  assert.equal(all.length, names.length + 1);
  mixed = all.find(({ hosts }) => hosts[0] === "mixed.test")!.id;
  named = all.map(({ id }) => id).filter((id) => id !== mixed);
  for (const [index, name] of names.entries()) {
    const [text, label] = [name.slice(0, 200), name.slice(0, 60)];
    const change = { name: text, owner: text, labels: [label], note: name.slice(0, 4_000) };
    const { status } = await write("PATCH", `apis/${named[index]}`, JSON.stringify(change));
    assert.ok(status === 200 || text.trim() === "", `${status} for ${text}`);
  }
  await write("POST", "tokens", JSON.stringify({ name: markup.slice(0, 60), role: "viewer" }));
  await write("POST", `uploads?name=${encodeURIComponent(`${markup}.pcap`)}`, "no capture");
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const write = (method: string, path: string, body: string): Promise<Response> =>
  fetch(`${server.origin}/api/v1/${path}`, {
    method,
    headers: { "content-type": path.startsWith("uploads") ? octets : "application/json" },
    body,
  });
const octets = "application/octet-stream";

/** As soon as all that was sent is learned. */
const apisOnceCalled = async (times: number): Promise<ApiPage["items"]> => {
  const until = Date.now() + withinMs;
  for (;;) {
    const { items } = await ask<ApiPage>(server.origin, "apis?limit=1000");
    const calls = items.reduce((sum, api) => sum + api.calls, 0);
    if (calls === times) return items;
    assert.ok(Date.now() < until, `${calls} calls of ${times}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

/** Addresses of all views in which names stand. */
const views = async (): Promise<string[]> => {
  const { items } = await ask<EndpointPage>(server.origin, `apis/${mixed}/endpoints?limit=500`);
  assert.ok(items.length >= 8, items.map(({ path }) => path.slice(0, 40)).join());
  const tabs = [
    "",
    "/document",
    "/document?form=yaml",
    "/traffic",
    "/versions",
    "/hints",
    "/about",
  ];
  return [
    ...["/", "/apis", "/map", "/map?as=list", "/changes", "/findings", "/sensors", "/import"],
    ...["/settings/tokens", "/settings/audit"],
    ...tabs.map((tab) => `/apis/${mixed}${tab}`),
    ...items.map(({ id }) => `/apis/${mixed}/endpoints/${id}`),
    ...named.slice(0, 4).map((id) => `/apis/${id}/about`),
  ];
};

/** Elements that a name became, instead of text. */
const becameElements = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const made = "[onerror], [onload], img[src='x'], a[href^='javascript:']";
    const hurt = (window as { hurt?: number }).hurt ?? 0;
    return document.querySelectorAll(made).length + hurt;
  });

for (const width of [1440, 390])
  test(`names stay text, and within their place, ${width} pixels wide`, async () => {
    const { page, complaints } = await openPage(browser, server.origin, { width });
    const faults: string[] = [];
    for (const path of await views()) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForFunction(
        () =>
          document.querySelector("[role=status][aria-label=Loading]") === null &&
          document.getAnimations().every(({ playState }) => playState !== "running"),
      );
      if ((await becameElements(page)) > 0) faults.push(`${path} made elements of a name`);
      if (await isTooWide(page)) faults.push(`${path} scrolls sideways`);
      // It finds the same at any width, and takes most of the time.
      if (width < 600) faults.push(...(await axeFaults(page)).map((fault) => `${path} ${fault}`));
    }
    assert.equal([...faults, ...complaints].join("\n"), "");
    await page.context().close();
  });

test("no cell of the list in a spreadsheet is a formula, and each row is one", async () => {
  const text = await (await fetch(`${server.origin}/api/v1/apis.csv`)).text();
  const rows = rowsOf(text);
  assert.equal(rows.length, names.length + 2);
  for (const row of rows) {
    assert.equal(row.length, rows[0]!.length, row.join("|").slice(0, 300));
    for (const cell of row) assert.doesNotMatch(cell, /^[=+@\t\r\n-]/, cell.slice(0, 80));
  }
  const written = rows.map((row) => row[1]);
  for (const name of names)
    assert.ok(
      written.some((cell) => cell?.endsWith(name.slice(0, 200)) || name.trim() === ""),
      name.slice(0, 80),
    );
});

/** As RFC 4180 has it. */
const rowsOf = (text: string): string[][] => {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const match = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
    match.lastIndex = at;
    const [whole, quoted, plain = ""] = match.exec(text)!;
    rows.at(-1)!.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += whole.length;
    if (text[at] === ",") at += 1;
    else if (text.startsWith("\r\n", at)) {
      at += 2;
      if (at < text.length) rows.push([]);
    } else assert.fail(`not a separator at ${at}: ${text.slice(at, at + 40)}`);
  }
  return rows;
};
