/** Debian's Chromium on the built page, and what every test of the page watches for. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** A machine that others use too may take long; what hangs fails all the same. */
export const withinMs = 120_000;

/** Says loudly what is missing, instead of passing without having looked. */
export const openBrowser = async (): Promise<Browser> => {
  assert.ok(
    existsSync(executablePath),
    `${executablePath} is not there: apt-get install chromium, or name it in CHROMIUM`,
  );
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox"],
    timeout: withinMs,
  });
};

export interface Watched {
  readonly page: Page;
  /** What no view may do: console errors, broken policy, requests to other origins. */
  readonly complaints: string[];
}

export interface Look {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
}

export const openPage = async (
  browser: Browser,
  origin: string,
  { scheme = "light", width = 1440, height = 900 }: Look = {},
): Promise<Watched> => {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: "en-GB",
    timezoneId: "Europe/Istanbul",
    baseURL: origin,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(withinMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(?:data|blob):/.test(request.url()))
      complaints.push(`asked another origin: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  return { page, complaints };
};
