import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { UsageError } from "../base/errors.ts";
import { metricsText } from "./metrics.ts";
import { wellStatus } from "./status.fixture.ts";
import type { SensorStatus } from "./status.ts";
import { openStatusServer, type StatusServer } from "./statusserver.ts";

interface Got {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const get = (
  server: StatusServer,
  path: string,
  { method = "GET", host }: { method?: string; host?: string } = {},
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const sent = request({
      host: "127.0.0.1",
      port: server.port,
      path,
      method,
      headers,
      agent: false,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          type: String(response.headers["content-type"]),
          body,
        }),
      );
    });
    sent.end();
  });

const open = (status: SensorStatus = wellStatus): Promise<StatusServer> =>
  openStatusServer({ address: "127.0.0.1", port: 0, status: () => status });

test("its pages", async () => {
  const server = await open();
  assert.equal(server.address, "127.0.0.1");
  const status = await get(server, "/status?pretty");
  assert.equal(status.status, 200);
  assert.equal(status.type, "application/json");
  const { v, explanation, capture } = JSON.parse(status.body);
  assert.equal(v, 1);
  assert.match(explanation[0], /^All is well/);
  assert.equal(capture.packets, 1000);

  const metrics = await get(server, "/metrics");
  assert.equal(metrics.type, "text/plain; version=0.0.4; charset=utf-8");
  assert.match(metrics.body, /^nta_sensor_packets_total\{interface="eth0"\} 600$/m);

  assert.deepEqual(await get(server, "/healthz"), {
    ...{ status: 200, type: "text/plain; charset=utf-8", body: "ok\n" },
  });
  assert.equal((await get(server, "/readyz")).status, 200);
  assert.equal((await get(server, "/healthz", { method: "HEAD" })).body, "");
  assert.equal((await get(server, "/")).status, 404);
  assert.equal((await get(server, "/../etc/passwd")).status, 404);
  assert.equal((await get(server, "/status", { method: "POST" })).status, 405);
  await server.close();
});

test("it is alive without permission to listen, but not ready, and says why", async () => {
  const server = await open({
    ...wellStatus,
    capture: { ...wellStatus.capture, state: "refused" },
  });
  assert.equal((await get(server, "/healthz")).status, 200);
  const ready = await get(server, "/readyz");
  assert.equal(ready.status, 503);
  assert.match(ready.body, /CAP_NET_RAW/);
  await server.close();
});

test("on loopback it answers to no foreign name", async () => {
  const server = await open();
  const code = async (host: string): Promise<number> =>
    (await get(server, "/status", { host })).status;
  assert.equal(await code(`localhost:${server.port}`), 200);
  assert.equal(await code("[::1]:80"), 200);
  assert.equal(await code("127.0.0.1"), 200);
  assert.equal(await code("evil.example"), 403);
  assert.equal(await code("127.0.0.1.evil.example:80"), 403);
  await server.close();
});

test("a port that is taken is one line for the operator", async () => {
  const server = await open();
  await assert.rejects(
    openStatusServer({ address: "127.0.0.1", port: server.port, status: () => wellStatus }),
    (error) => error instanceof UsageError && /another program uses it/.test(error.message),
  );
  await server.close();
});

test("close does not wait for clients that hang", async () => {
  const server = await open();
  const socket = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => socket.on("connect", resolve));
  socket.on("error", () => {});
  socket.write("GET /status HTTP/1.1\r\nhost: ");
  const startMs = performance.now();
  await server.close();
  assert.ok(performance.now() - startMs < 500);
  socket.destroy();
});

test("metrics follow the text format: each name once, with help and type, labels escaped", () => {
  const odd = 'a"b\\c\nd';
  const text = metricsText({
    ...wellStatus,
    capture: {
      ...wellStatus.capture,
      interfaces: [{ name: odd, isUp: true, packets: 1, bytes: 2, passed: null }],
      drops: [{ name: "ring", count: 3 }],
    },
  });
  assert.match(text, /^nta_sensor_packets_total\{interface="a\\"b\\\\c\\nd"\} 1$/m);
  assert.match(text, /^nta_sensor_dropped_packets_total\{cause="ring"\} 3$/m);
  assert.match(text, /^nta_sensor_server_up 1$/m);
  const names = new Set<string>();
  let current = "";
  for (const line of text.trimEnd().split("\n")) {
    const help = /^# HELP ([a-z_]+) .+[.]$/.exec(line);
    const type = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line);
    const sample = /^([a-z_]+)(?:\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"\})? -?[0-9.e+-]+$/.exec(line);
    if (help !== null) {
      current = help[1]!;
      assert.ok(!names.has(current), current);
      names.add(current);
    } else if (type !== null) {
      assert.equal(type[1], current);
      assert.equal(type[2] === "counter", current.endsWith("_total"));
    } else assert.equal(sample?.[1], current, line);
  }
  assert.ok(names.size > 25);
  const bare = metricsText({ ...wellStatus, budget: null, queue: null, server: null });
  assert.doesNotMatch(bare, /waiting|server_up|cpu/);
});
