import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { after, before, test } from "node:test";
import { summaryText } from "../sensor/delta.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { openAccessLogs } from "./accesslogs.ts";
import { freshPort, startServer, type TestServer } from "./server.fixture.ts";

let server: TestServer;
before(async () => {
  server = await startServer({ isOpen: false });
});
after(() => server.close());

const SECRET = "s3cr3t-value-of-ada";
const record = (path: string) =>
  JSON.stringify({
    requestID: "1",
    scheme: "http",
    destinationAddress: "10.0.0.7:8080",
    sourceAddress: "10.0.0.9:1",
    request: {
      method: "POST",
      path,
      host: "door.example",
      common: {
        headers: [
          { key: "Content-Type", value: "application/json" },
          { key: "Authorization", value: `Bearer ${SECRET}` },
        ],
        body: Buffer.from(JSON.stringify({ name: SECRET, age: 7 })).toString("base64"),
        TruncatedBody: false,
        time: 1_700_000_000_000,
      },
    },
    response: {
      statusCode: "200",
      common: {
        headers: [{ key: "Content-Type", value: "application/json" }],
        body: Buffer.from(`{"id":1,"note":"${SECRET}"}`).toString("base64"),
        time: 1_700_000_000_010,
      },
    },
  });

test("a collector that knows only a URL: its exchanges become deltas, without their values", async () => {
  const { token } = await server.inventory.tokens.create("gateway", "sensor");
  const byHeader = { authorization: `Bearer ${token}` };
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    server.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
  assert.equal((await post(`/in/${token}/api/telemetry`, record("/users/17"))).status, 200);
  assert.equal((await post("/api/telemetry", record("/users/18"), byHeader)).status, 200);
  assert.equal((await post("/api/telemetry", record("/users/18"))).status, 401);
  assert.equal((await post("/api/telemetry", "{}", byHeader)).status, 422);
  await server.sensor.flush();
  await waitFor(() => server.inventory.deltas.size > 0);
  const deltas = [...server.inventory.deltas.values()];
  const [summary] = deltas.flatMap(({ summaries }) => summaries);
  assert.deepEqual(summary?.key, {
    workload: "",
    host: "door.example",
    port: 8080,
    scheme: "http",
  });
  assert.equal(
    deltas.reduce((sum, { calls }) => sum + calls, 0),
    2,
  );
  assert.match(deltas[0]!.sensor, /^door@/);
  const text = deltas.flatMap(({ summaries }) => summaries.map(summaryText)).join();
  assert.ok(text.includes("note") && !text.includes(SECRET), "no value passes the door");
});

test("access logs come by UDP where they are let in, and nowhere else", async () => {
  const telemetry = new Telemetry({
    selection: defaultSelection,
    privacy: defaultPrivacy,
    hashKey: Buffer.from("0123456789abcdef"),
  });
  const [nginx, f5] = [await freshPort(), await freshPort()];
  const close = await openAccessLogs(
    {
      nginxSyslogListen: { address: "127.0.0.1", port: nginx },
      f5Listen: { address: "127.0.0.1", port: f5 },
    },
    telemetry,
  );
  const client = createSocket("udp4");
  const line =
    '<190>Nov 22 19:00:00 web nginx: 192.0.2.7 - - [x] "GET /a/1 HTTP/1.1" 200 5 "-" "curl"';
  const heard = (): number =>
    telemetry.reasons.entries().find(({ name }) => name === "selected")?.count ?? 0;
  while (heard() < 2) {
    client.send(line, nginx, "127.0.0.1");
    client.send(
      '{"client_ip":"192.0.2.9","method":"GET","uri":"/x","host":"api.example","status":200}',
      f5,
      "127.0.0.1",
    );
    client.send("rubbish", nginx, "127.0.0.1");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  client.close();
  close();
  const hosts = telemetry.summaries().map(({ key }) => key.host);
  assert.deepEqual(hosts.sort(), ["127.0.0.1", "api.example"]);
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
