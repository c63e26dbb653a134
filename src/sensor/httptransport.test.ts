import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { UsageError } from "../base/errors.ts";
import { parseAnswer, problemOf } from "./answer.ts";
import {
  authority,
  clientCertificate,
  clientKey,
  serverCertificate,
  serverKey,
} from "./certificates.fixture.ts";
import { type Batch, freezeDelta } from "./delta.ts";
import { HttpTransport, type HttpTransportOptions, retryAfterMs } from "./httptransport.ts";
import type { Outcome } from "./transport.ts";

const delta = (sequence: number) =>
  freezeDelta(
    { sensor: "tap-1", epoch: "e", shard: 3, sequence },
    { keyId: "k", fromMs: 0, toMs: 1, calls: 0, standsFor: 0, coverage: new Map() },
    [],
  );
const one: Batch = { deltas: [delta(1)] };
const two: Batch = { deltas: [delta(1), delta(2)] };

const listening = async (server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

const transportTo = (server: string, more: Partial<HttpTransportOptions> = {}): HttpTransport =>
  new HttpTransport({
    ...{ server, token: null, tokenFile: null, caFile: null, certFile: null, keyFile: null },
    ...{ userAgent: "nta/test", connectTimeoutMs: 300, timeoutMs: 300 },
    ...more,
  });

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return (
    request.headers["content-encoding"] === "zstd" ? zstdDecompressSync(bytes) : bytes
  ).toString();
};

const stopped = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

/** What `publish` makes of a server that answers so. */
const published = async (
  listener: RequestListener,
  batch: Batch = one,
  more: Partial<HttpTransportOptions> = {},
): Promise<Outcome> => {
  const server = createServer(listener);
  const transport = transportTo(`http://127.0.0.1:${await listening(server)}`, more);
  try {
    return await transport.publish(batch, new AbortController().signal);
  } finally {
    transport.close();
    await stopped(server);
  }
};

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    });
  };

const nothing = { hashKey: null, coveredAddresses: null, hints: [] };

test("a batch goes out as JSON in zstd, with the token, and its answer is read", async () => {
  const requests: string[] = [];
  const outcome = await published(
    (request, response) => {
      void bodyOf(request).then((body) => {
        const { method, url, headers } = request;
        requests.push(`${method} ${url} ${headers.authorization} ${headers["user-agent"]} ${body}`);
        const key = Buffer.from("0123456789abcdef").toString("base64");
        response.setHeader("content-type", "application/json; charset=utf-8");
        response.end(
          `{"v":1,"accepted":1,"duplicates":1,"hashKey":"${key}","coveredAddresses":["10.0.0.1"],"hints":[1,{"hosts":["a"],"ports":[80],"ignores":["/x"]}]}`,
        );
      });
    },
    two,
    { token: "secret" },
  );
  assert.deepEqual(requests, [
    `POST /api/v1/deltas Bearer secret nta/test {"v":1,"deltas":[${two.deltas[0]!.text},${two.deltas[1]!.text}]}`,
  ]);
  assert.ok(outcome.kind === "accepted");
  assert.equal(Buffer.from(outcome.answer!.hashKey!).toString(), "0123456789abcdef");
  assert.deepEqual(outcome.answer!.coveredAddresses, ["10.0.0.1"]);
  assert.deepEqual(outcome.answer!.hints, [
    { hosts: ["a"], ports: [80], pins: [], ignores: ["/x"], ownHeaders: [] },
  ]);
});

test("what each answer means", async () => {
  const problem = { "content-type": "application/problem+json" };
  const rows: [RequestListener, Outcome][] = [
    [answering(200, '{"accepted":1,"duplicates":0}'), { kind: "accepted", answer: nothing }],
    [answering(200, '{"accepted":0,"duplicates":1}'), { kind: "duplicate", answer: nothing }],
    [answering(429, "", { "retry-after": "7" }), { kind: "retry", afterMs: 7000, reason: "429" }],
    [
      answering(503, '{"title":"Disk full"}', problem),
      { kind: "retry", afterMs: null, reason: "503 Disk full" },
    ],
    [answering(401, "{}"), { kind: "retry", afterMs: null, reason: "401 (is the token right?)" }],
    [
      answering(302, "", { location: "/login" }),
      { kind: "retry", afterMs: null, reason: "302 (is the URL that of nta serve?)" },
    ],
    [
      answering(404, "<html>"),
      { kind: "retry", afterMs: null, reason: "404 (is the URL that of nta serve?)" },
    ],
    [
      answering(400, "Bad Request"),
      { kind: "retry", afterMs: null, reason: "400 (is the URL that of nta serve?)" },
    ],
    [
      answering(400, '{"title":"Bad delta","detail":"shard: 0 to 63\\nis expected"}', problem),
      { kind: "refused", reason: "400 Bad delta: shard: 0 to 63 is expected" },
    ],
    [answering(422, "{", problem), { kind: "refused", reason: "422" }],
    [answering(413, "<html>"), { kind: "too large", reason: "413" }],
  ];
  for (const [listener, expected] of rows) assert.deepEqual(await published(listener), expected);
});

test("a 2xx that is no acknowledgement of ours is none", async () => {
  const html = { "content-type": "text/html" };
  for (const listener of [
    answering(200, "<html>welcome</html>", html),
    answering(200, '{"accepted":1,"duplicates":0}', html),
    answering(200, "{}"),
    answering(200, "null"),
    answering(200, '{"accepted":0,"duplicates":0}'),
    answering(200, '{"accepted":2,"duplicates":0}'),
    answering(200, '{"accepted":1.5,"duplicates":-0.5}'),
    answering(204, ""),
    answering(200, `{"accepted":1,"duplicates":0,"x":"${"y".repeat(2 ** 20)}"}`),
    ((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"accepted":1,"duplicates":0}');
      setTimeout(() => response.destroy(), 20);
    }) satisfies RequestListener,
  ]) {
    assert.equal((await published(listener)).kind, "unreachable");
  }
});

test("servers that hang, reset or are not there are unreachable, each with its reason", async () => {
  const check = async (listener: RequestListener, reason: RegExp): Promise<void> => {
    const outcome = await published(listener);
    assert.ok(outcome.kind === "unreachable");
    assert.match(outcome.reason, reason);
  };
  await check(() => {}, /no answer within 0.3 s/);
  let attempts = 0;
  await check((request) => {
    attempts += 1;
    request.socket.destroy();
  }, /hang up|closed|RESET/i);
  assert.equal(attempts, 1, "only a connection that was kept is tried twice");
  await check((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("{");
  }, /within|as nta serve/);

  const server = createServer();
  const port = await listening(server);
  await stopped(server);
  const transport = transportTo(`http://127.0.0.1:${port}`);
  const outcome = await transport.publish(one, new AbortController().signal);
  assert.ok(outcome.kind === "unreachable");
  assert.match(outcome.reason, /ECONNREFUSED/);
  transport.close();
});

test("an answer that trickles does not hold the sensor", async () => {
  const outcome = await published((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" "), 50);
    response.on("close", () => clearInterval(timer));
  });
  assert.equal(outcome.kind, "unreachable");
});

test("an aborted publish ends at once", async () => {
  const server = createServer(() => {});
  const transport = transportTo(`http://127.0.0.1:${await listening(server)}`, {
    timeoutMs: 60_000,
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 30);
  const startMs = performance.now();
  const outcome = await transport.publish(one, controller.signal);
  assert.deepEqual(outcome, { kind: "unreachable", reason: "stopped" });
  assert.ok(performance.now() - startMs < 250);
  transport.close();
  await stopped(server);
});

test("one connection is kept, and one that the server closed meanwhile is no failure", async () => {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (request.socket.bytesRead > 0 && requests === 3) request.socket.destroy();
    else answering(200, '{"accepted":1,"duplicates":0}')(request, response);
  });
  server.on("connection", (socket) => sockets.add(socket));
  const transport = transportTo(`http://127.0.0.1:${await listening(server)}`);
  const { signal } = new AbortController();
  for (let round = 0; round < 4; round += 1) {
    assert.equal((await transport.publish(one, signal)).kind, "accepted", `round ${round}`);
  }
  assert.equal(sockets.size, 2);
  assert.equal(requests, 5);
  transport.close();
  await stopped(server);
});

test("a server that speaks something else is unreachable", async () => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {}).resume();
    socket.end("SSH-2.0-OpenSSH_9.2\r\n");
  });
  const transport = transportTo(`http://127.0.0.1:${await listening(server)}`);
  assert.equal((await transport.publish(one, new AbortController().signal)).kind, "unreachable");
  transport.close();
  await new Promise((resolve) => server.close(resolve));
});

test("TLS: own authority, client certificate, token file, all exchanged while running", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nta-tls-"));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const seen: string[] = [];
  const server = createTlsServer(
    {
      key: serverKey,
      cert: serverCertificate,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      seen.push(String(request.headers.authorization));
      answering(200, '{"accepted":1,"duplicates":0}')(request, response);
    },
  );
  const url = `https://127.0.0.1:${await listening(server)}`;
  const { signal } = new AbortController();
  try {
    const tokenFile = await file("token", "first\n");
    const caFile = await file("ca.pem", authority);
    const keyFile = await file("client.key", clientKey);
    const certFile = await file("client.pem", clientCertificate);
    const check = async (more: Partial<HttpTransportOptions>, expected: RegExp): Promise<void> => {
      const transport = transportTo(url, { timeoutMs: 2000, ...more });
      const outcome = await transport.publish(one, signal);
      assert.match("reason" in outcome ? outcome.reason : outcome.kind, expected);
      transport.close();
    };
    await check({ caFile, keyFile, certFile, tokenFile }, /^accepted$/);
    await check({ keyFile, certFile }, /certificate/);
    await check({ caFile }, /alert|certificate required|hang up|RESET|closed/i);
    await check({ caFile: join(folder, "none.pem") }, /ENOENT.*none\.pem/);
    await check({ caFile, tokenFile: await file("large", "x".repeat(20_000)) }, /too large/);
    await check({ caFile, keyFile, certFile, token: "a\nb" }, /Invalid character/);

    const transport = transportTo(url, { timeoutMs: 2000, caFile, keyFile, certFile, tokenFile });
    assert.equal((await transport.publish(one, signal)).kind, "accepted");
    await file("token", "second");
    assert.equal((await transport.publish(one, signal)).kind, "accepted");
    await file("client.pem", "-----BEGIN CERTIFICATE-----\nbroken");
    assert.equal((await transport.publish(one, signal)).kind, "unreachable");
    await file("client.pem", clientCertificate);
    assert.equal((await transport.publish(one, signal)).kind, "accepted");
    transport.close();
  } finally {
    await stopped(server);
    await rm(folder, { recursive: true });
  }
  assert.deepEqual(seen, ["Bearer first", "Bearer first", "Bearer second", "Bearer second"]);
});

test("a server's URL", () => {
  const check = (server: string, expected: string): void =>
    assert.equal(transportTo(server).target, expected);
  check("http://nta:8090", "http://nta:8090/api/v1/deltas");
  check("http://nta:8090/", "http://nta:8090/api/v1/deltas");
  check("https://proxy/nta/?x#y", "https://proxy/nta/api/v1/deltas");
  for (const wrong of ["nta:8090", "//nta", "ftp://nta", "http://user:pass@nta", ""]) {
    assert.throws(() => transportTo(wrong), UsageError, wrong);
  }
});

test("Retry-After is seconds or a date", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(retryAfterMs("120", nowMs), 120_000);
  assert.equal(retryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", nowMs), 30_000);
  assert.equal(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", nowMs), 0);
  for (const nonsense of [undefined, "", "soon", "-5x"]) {
    assert.equal(retryAfterMs(nonsense, nowMs), null);
  }
});

test("parts of an answer that are not as they should be are left out", () => {
  const answer = parseAnswer(
    '{"accepted":1,"duplicates":0,"hashKey":"c2hvcnQ=","coveredAddresses":["10.0.0.1",7,"x"],"more":1}',
  );
  assert.deepEqual(answer?.answer, {
    hashKey: null,
    coveredAddresses: ["10.0.0.1", "x"],
    hints: [],
  });
  for (const text of ["", "[]", "1", '"x"', '{"accepted":"1","duplicates":0}']) {
    assert.equal(parseAnswer(text), null, text);
  }
  assert.equal(
    problemOf("application/json", Buffer.from('{"title":"a\\u001b[31m\\n"}')),
    "a [31m ",
  );
  assert.equal(problemOf("text/html", Buffer.from("<html>")), "");
});
