/** `npm run screenshots`: every view on real traffic, into `docs/images/`. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Look, openBrowser, openPage } from "./browser.ts";
import { writeShopDay } from "./day.ts";
import { type Shop, startShop } from "./shop.ts";

const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));

const desk: Look = { width: 1440, height: 900 };
const phone: Look = { width: 390, height: 844 };

const shots = (shop: Shop): readonly (readonly [name: string, path: string, look: Look])[] => [
  ["overview", "/", desk],
  ["apis", "/apis", desk],
  ["api", `/apis/${shop.api}`, desk],
  ["document", `/apis/${shop.api}/document`, desk],
  ["traffic", `/apis/${shop.api}/traffic`, desk],
  ["endpoint", `/apis/${shop.api}/endpoints/${shop.endpoint}`, desk],
  ["map", "/map", desk],
  ["changes", "/changes", desk],
  ["findings", "/findings", desk],
  ["sensors", "/sensors", desk],
  ["import", "/import", desk],
  ["settings", "/settings/preferences", desk],
  ["overview-dark", "/", { ...desk, scheme: "dark" }],
  ["endpoint-dark", `/apis/${shop.api}/endpoints/${shop.endpoint}`, { ...desk, scheme: "dark" }],
  ["api-phone", `/apis/${shop.api}`, phone],
  ["findings-phone-dark", "/findings", { ...phone, scheme: "dark" }],
];

mkdirSync(folder, { recursive: true });
const captures = mkdtempSync(join(tmpdir(), "nta-day-"));
const [browser, shop] = await Promise.all([
  openBrowser(),
  startShop(writeShopDay(captures, Date.now())),
]);
try {
  for (const [name, path, look] of shots(shop)) {
    const { page } = await openPage(browser, shop.origin, look);
    await page.goto(path);
    await page.getByText("Live", { exact: true }).waitFor();
    // Swagger UI and the map draw in steps that nothing announces.
    await page.waitForTimeout(2_000);
    await page.screenshot({ path: `${folder}${name}.png` });
    await page.context().close();
    console.log(`docs/images/${name}.png`);
  }
} finally {
  await browser.close();
  await shop.stop();
  rmSync(captures, { recursive: true });
}
