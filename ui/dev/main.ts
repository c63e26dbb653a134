/** `node ui/dev/main.ts [APIS ENDPOINTS]`: the page on an invented inventory, for work on the page without a server. */
import { makeInventedServer } from "./server.ts";

const [apis = "60", endpoints = "1200"] = process.argv.slice(2);
const port = Number(process.env["PORT"] ?? 8090);
makeInventedServer({ apis: Number(apis), endpoints: Number(endpoints) }).listen(
  port,
  "127.0.0.1",
  () => console.log(`http://127.0.0.1:${port}`),
);
