import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { UsageError } from "../base/errors.ts";
import {
  authority,
  clientCertificate,
  clientKey,
  serverCertificate,
  serverKey,
} from "../sensor/certificates.fixture.ts";
import { HttpTransport } from "../sensor/httptransport.ts";
import { startServer, type TestServer } from "./server.fixture.ts";
import { TlsFiles } from "./tls.ts";

let server: TestServer;
let folder = "";
const file = (name: string): string => join(folder, name);
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "nta-tls-"));
  writeFileSync(file("ca.pem"), authority);
  writeFileSync(file("server.pem"), serverCertificate);
  writeFileSync(file("server.key"), serverKey);
  writeFileSync(file("client.pem"), clientCertificate);
  writeFileSync(file("client.key"), clientKey);
  server = await startServer({
    isOpen: false,
    access: { trustsCertificates: true },
    parts: { tls: new TlsFiles(file("server.pem"), file("server.key"), file("ca.pem")) },
  });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const publish = async (certificate: string | null, token: string | null = null) => {
  const transport = new HttpTransport({
    server: `https://127.0.0.1:${server.port}`,
    token,
    tokenFile: null,
    caFile: file("ca.pem"),
    certFile: certificate === null ? null : file(`${certificate}.pem`),
    keyFile: certificate === null ? null : file(`${certificate}.key`),
    userAgent: "nta-tap/1",
  });
  const outcome = await transport.publish({ deltas: [] }, new AbortController().signal);
  transport.close();
  return outcome.kind;
};

const status = (path: string, certificate: boolean): Promise<number> =>
  new Promise((resolve, reject) => {
    const client = certificate ? { cert: clientCertificate, key: clientKey } : {};
    const options = { ca: authority, ...client, agent: false };
    const sent = request(`https://127.0.0.1:${server.port}${path}`, options);
    sent.once("response", (response) => resolve(response.resume().statusCode ?? 0));
    sent.once("error", reject);
    sent.end();
  });

test("a sensor with a certificate of the authority needs no token; without, it needs one", async () => {
  assert.equal(await publish("client"), "accepted");
  assert.equal(await publish(null), "retry");
  const { token } = await server.inventory.tokens.create("s", "sensor");
  assert.equal(await publish(null, token), "accepted");
});

test("the certificate makes a sensor, and nobody who may look", async () => {
  assert.equal(await status("/api/v1/apis", true), 403);
  assert.equal(await status("/api/v1/apis", false), 401);
  assert.equal(await status("/healthz", false), 200);
});

test("files that are not there are told at the start", () => {
  assert.throws(() => new TlsFiles(file("nowhere.pem"), file("server.key"), null), UsageError);
});
