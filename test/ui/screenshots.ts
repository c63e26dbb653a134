/** `npm run screenshots`: every view into `docs/images/`, on real traffic; sensors and what was put aside are invented. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeInventedServer } from "../../ui/dev/server.ts";
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
  ["import", "/import", desk],
  ["settings", "/settings/preferences", desk],
  ["overview-dark", "/", { ...desk, scheme: "dark" }],
  ["endpoint-dark", `/apis/${shop.api}/endpoints/${shop.endpoint}`, { ...desk, scheme: "dark" }],
  ["api-phone", `/apis/${shop.api}`, phone],
  ["findings-phone-dark", "/findings", { ...phone, scheme: "dark" }],
];

const invented = makeInventedServer({ apis: 3, endpoints: 30 }, Date.now());
await new Promise<void>((resolve) => invented.listen(0, "127.0.0.1", resolve));
const inventedOrigin = `http://127.0.0.1:${(invented.address() as AddressInfo).port}`;

const shoot = async (origin: string, name: string, path: string, look: Look): Promise<void> => {
  const { page } = await openPage(browser, origin, look);
  await page.goto(path);
  await page.getByText("Live", { exact: true }).waitFor();
  // Swagger UI and the map draw in steps that nothing announces.
  await page.waitForTimeout(2_000);
  await page.screenshot({ path: `${folder}${name}.png` });
  await page.context().close();
  console.log(`docs/images/${name}.png`);
};

mkdirSync(folder, { recursive: true });
const captures = mkdtempSync(join(tmpdir(), "nta-day-"));
const [browser, shop] = await Promise.all([
  openBrowser(),
  startShop(writeShopDay(captures, Date.now())),
]);
try {
  for (const shot of shots(shop)) await shoot(shop.origin, ...shot);
  await shoot(inventedOrigin, "sensors", "/sensors", desk);
} finally {
  await browser.close();
  await shop.stop();
  invented.closeAllConnections();
  invented.close();
  rmSync(captures, { recursive: true });
}
