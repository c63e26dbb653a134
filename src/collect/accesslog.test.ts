import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Exchange, ExchangeObserver } from "../http/exchange.ts";
import { readF5, readNginx } from "./accesslog.ts";

function observed(read: (observer: ExchangeObserver) => string | null): string {
  let line = "nothing";
  const sink = () => ({ data: () => undefined, end: () => undefined });
  const problem = read({
    requestHead: sink,
    responseHead: sink,
    exchange: ({ connection, method, target, status, request, response }: Exchange) => {
      const { client, server } = connection;
      const ms = response!.startTimeMs - request!.endTimeMs;
      line = `${client.ip} > ${server.ip}:${server.port} ${method} ${target} ${status} ${response!.bodyBytes} B ${ms} ms`;
    },
  });
  return problem ?? line;
}

const nginx = (text: string): string =>
  observed((observer) => readNginx(Buffer.from(text), "10.0.0.2", observer, 1e12));
const f5 = (text: string): string =>
  observed((observer) => readF5(Buffer.from(text), observer, 1e12));

test("NGINX: the format combined, with and without a syslog head", () => {
  const line =
    '192.0.2.7 - - [22/Nov/2026:19:00:00 +0000] "GET /a/1?b=2 HTTP/1.1" 200 512 "-" "curl/8: x"';
  const expected = "192.0.2.7 > 10.0.0.2:80 GET /a/1?b=2 200 512 B 0 ms";
  assert.equal(nginx(line), expected);
  assert.equal(nginx(`<190>Nov 22 19:00:00 web-1 nginx: ${line}`), expected);
});

test("NGINX: its own variables as JSON", () => {
  const text = JSON.stringify({
    remote_addr: "192.0.2.7",
    request: "POST /orders HTTP/1.1",
    status: "201",
    http_host: "shop.example:8443",
    scheme: "https",
    server_addr: "10.1.1.1",
    server_port: "8443",
    request_time: "0.250",
    body_bytes_sent: "10",
  });
  assert.equal(
    nginx(`<190>Nov  2 19:00:00 nginx: ${text}`),
    "192.0.2.7 > 10.1.1.1:8443 POST https://shop.example:8443/orders 201 10 B 250 ms",
  );
});

test("F5: one JSON object", () => {
  const text =
    '<134>{"client_ip":"192.0.2.9","method":"GET","uri":"/x","host":"api.example","status":200,"virtual_ip":"10.9.9.9","virtual_port":80,"response_time_ms":12}';
  assert.equal(f5(text), "192.0.2.9 > 10.9.9.9:80 GET /x 200 0 B 12 ms");
});

test("what is no call is refused by a word, and nothing throws", () => {
  assert.equal(nginx("hello"), "not-understood");
  assert.equal(f5("{"), "not-understood");
  assert.equal(f5("{}"), "bad-url");
  fc.assert(fc.property(fc.string(), (text) => void nginx(text)));
  fc.assert(fc.property(fc.json(), (text) => void f5(text)));
});
