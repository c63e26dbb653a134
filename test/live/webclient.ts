/**
 * An HTTP client for tests: `webclient.ts ADDRESS PORT COUNT CONNECTIONS`; prints what was answered, as JSON: counts by
 * method and path.
 */
import { Agent, request } from "node:http";

const [host, port, count, connections] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const ROUTES = [
  ["GET", "/orders"],
  ["GET", "/orders/{}"],
  ["POST", "/orders"],
  ["DELETE", "/orders/{}"],
  ["GET", "/customers/{}/invoices"],
] as const;
const log: Record<string, number> = {};
let next = 0;
let failures = 0;

const one = (index: number): Promise<void> =>
  new Promise((resolve) => {
    const [method, route] = ROUTES[index % ROUTES.length]!;
    const path = route.replace("{}", String(1000 + index));
    const headers = method === "POST" ? { "content-type": "application/json" } : {};
    const sent = request({ host, port: Number(port), method, path, headers, agent }, (response) => {
      response.resume();
      response.on("end", () => {
        const key = `${method} ${route.replace("{}", "{int}")}`;
        log[key] = (log[key] ?? 0) + 1;
        resolve();
      });
    });
    sent.on("error", () => {
      failures += 1;
      resolve();
    });
    sent.end(method === "POST" ? JSON.stringify({ sku: "ab-12", quantity: index }) : undefined);
  });

const lane = async (): Promise<void> => {
  while (next < Number(count)) await one(next++);
};

await Promise.all(Array.from({ length: Number(connections) }, lane));
agent.destroy();
console.log(JSON.stringify({ log, failures }));
