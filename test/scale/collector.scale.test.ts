//! `nta collect` sends to a server over NATS as it does over HTTP: what it and a tap hear of one call counts once.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { call, FixtureSensor } from "../../src/inventory/deltas.fixture.ts";
import { sensorAgent } from "../../src/sensor/agent.ts";
import { freezeDelta, summaryText } from "../../src/sensor/delta.ts";
import { keyIdOf } from "../../src/sensor/hashkey.ts";
import { HttpTransport } from "../../src/sensor/httptransport.ts";
import { NatsTransport } from "../../src/sensor/natstransport.ts";
import type { Transport } from "../../src/sensor/transport.ts";
import { FakeEnvoy, framed, headers, PROCESS } from "../../src/server/envoy.fixture.ts";
import { play } from "../../src/telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { defaultSelection } from "../../src/telemetry/selection.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { freePort, serve, withFolder } from "../server/program.ts";
import { startCluster } from "./natscluster.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
const DEADLINE_MS = 180_000;
const CALLS = 30;
const SERVICE = { server: "10.1.0.7", port: 8080 };
const ENVOY_IP = "10.0.0.2";
const USER_IP = "203.0.113.9";
const never = new AbortController().signal;

const until = async (isTrue: () => boolean | Promise<boolean>, what: () => string) => {
  for (const endMs = Date.now() + DEADLINE_MS; !(await isTrue()); await sleep(100))
    if (Date.now() > endMs) assert.fail(`after ${DEADLINE_MS / 1000} s: ${what()}`);
};

/** Until nothing comes any more. */
const untilSame = async (read: () => Promise<number>): Promise<void> => {
  let [last, same] = [await read(), 0];
  await until(
    async () => {
      const now = await read();
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= 30;
    },
    () => `still ${last}`,
  );
};

const requestId = (index: number): string => `request-${String(index).padStart(8, "0")}`;

interface ApiRow {
  readonly calls: number;
  readonly id: string;
  readonly ports: readonly number[];
}
interface SensorRow {
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly calls: number;
}

const itemsOf = async <Row>(url: string): Promise<Row[]> =>
  ((await (await fetch(url)).json()) as { items: Row[] }).items;

/** The calls as the tap of the service's node hears them: they come from Envoy. */
async function tellAsTap(transport: Transport, host: string, epoch = "e1"): Promise<void> {
  let key: Uint8Array | null = null;
  await until(
    async () => {
      const outcome = await transport.publish({ deltas: [] }, never);
      key = outcome.kind === "accepted" ? (outcome.answer?.hashKey ?? null) : null;
      return key !== null;
    },
    () => "no answer to the tap",
  );
  const telemetry = new Telemetry({
    ...{ selection: defaultSelection, privacy: defaultPrivacy, hashKey: key! },
  });
  for (let index = 0; index < CALLS; index += 1) {
    const requestHeaders = { "x-request-id": requestId(index) };
    play(telemetry, {
      ...call("GET /orders", { host, ...SERVICE, client: ENVOY_IP, requestHeaders }),
      timeMs: Date.now(),
    });
  }
  const deltas = new FixtureSensor(`tap-${host}`, { epoch, keyId: keyIdOf(key!) })
    .deltas(telemetry.take())
    .map((delta) =>
      freezeDelta(
        delta,
        { ...delta, coverage: new Map(Object.entries(delta.coverage)) },
        delta.summaries.map(summaryText),
      ),
    );
  const { kind } = await transport.publish({ deltas }, never);
  assert.equal(kind, "accepted");
}

/** The same calls as Envoy tells the collector of them: they come from a user. */
async function tellAsEnvoy(port: number, host: string): Promise<void> {
  const envoy = new FakeEnvoy(port);
  try {
    for (let index = 0; index < CALLS; index += 1) {
      const stream = envoy.open(PROCESS);
      const closed = new Promise((resolve) => stream.once("close", resolve));
      const request = [
        [":method", "GET"],
        [":path", "/orders"],
        [":authority", host],
        ["x-request-id", requestId(index)],
      ] as const;
      const attributes = { "source.address": `${USER_IP}:4711` };
      stream.write(framed(headers(2, request, { isLast: true, attributes })));
      const response = [
        [":status", "200"],
        ["content-type", "application/json"],
      ] as const;
      const upstream = { "upstream.address": `${SERVICE.server}:${SERVICE.port}` };
      stream.write(framed(headers(3, response, { isLast: true, attributes: upstream })));
      stream.end();
      await closed;
    }
  } finally {
    envoy.close();
  }
}

test("a collector over NATS, and over HTTP", async () => {
  await withFolder(async (folder) => {
    const cluster = await startCluster(1, "always");
    const children: ChildProcess[] = [];
    const closers: (() => unknown)[] = [() => cluster.stop()];
    try {
      const nats = ["--nats", cluster.url, "--nats-replicas", "1", "--nats-accept-loss"];
      const server = await serve({ port: await freePort(), folder, flags: nats });
      closers.push(() => server.end());
      const none = { caFile: null, certFile: null, keyFile: null };
      const agent = sensorAgent("tap", "0.1.0");
      const natsTap = { ...none, server: cluster.url, credentialsFile: null, name: "t", agent };
      const httpTap = { ...none, server: server.url, token: null, tokenFile: null };
      const ways: Record<string, { to: string; tap: Transport }> = {
        "nats.test": { to: cluster.url, tap: new NatsTransport({ ...natsTap, sensor: "t" }) },
        "http.test": { to: server.url, tap: new HttpTransport({ ...httpTap, userAgent: agent }) },
      };
      for (const [host, { to, tap }] of Object.entries(ways)) {
        closers.push(() => tap.close());
        await tellAsTap(tap, host);
        const port = await freePort();
        const words = [
          ...["collect", "--envoy-listen", `127.0.0.1:${port}`, "--server", to],
          ...["--state", join(folder, host), "--sensor-name", `collector-${host}`],
          ...["--flush-interval", "500ms", "--status-listen", "off", "--cluster", "prod"],
        ];
        const child = spawn(process.execPath, [LAUNCHER, ...words], {
          stdio: ["ignore", "ignore", "pipe"],
        });
        children.push(child);
        let log = "";
        child.stderr.on("data", (chunk: Buffer) => {
          log += chunk.toString();
        });
        await until(
          () => log.includes("Envoy is listened to"),
          () => log,
        );
        await until(
          async () => {
            await tellAsEnvoy(port, host);
            const sensors = await itemsOf<SensorRow>(`${server.url}/api/v1/sensors`);
            const sensor = sensors.find(({ name }) => name === `prod/collector-${host}`);
            if (sensor === undefined || sensor.calls === 0) return false;
            assert.equal(sensor.kind, "collect");
            assert.match(sensor.version, /^\d+\.\d+/);
            return true;
          },
          () => log,
        );
        const apis = async (): Promise<ApiRow[]> =>
          await itemsOf<ApiRow>(`${server.url}/api/v1/apis?host=${host}`);
        const callsAt = async (): Promise<number> => (await apis())[0]?.calls ?? 0;
        let callers: readonly { readonly address: string }[] = [];
        await until(
          async () => {
            const [api] = await apis();
            if (api === undefined) return false;
            const answer = await fetch(`${server.url}/api/v1/apis/${api.id}/callers`);
            callers = (await answer.json()) as typeof callers;
            return callers.length === 2;
          },
          () => `${JSON.stringify(callers)}\n${log}`,
        );
        assert.deepEqual(callers.map(({ address }) => address).sort(), [ENVOY_IP, USER_IP]);
        const collected = async (): Promise<number> =>
          (await itemsOf<SensorRow>(`${server.url}/api/v1/sensors`)).find(
            ({ name }) => name === `prod/collector-${host}`,
          )!.calls;
        // By now the collector hashes ids as the installation does, and its deltas of before are merged.
        await untilSame(callsAt);
        const [before, told] = [await callsAt(), await collected()];
        await tellAsTap(tap, host, "e2");
        await tellAsEnvoy(port, host);
        await until(
          async () => (await callsAt()) >= before + CALLS && (await collected()) >= told + CALLS,
          () => log,
        );
        await untilSame(callsAt);
        assert.equal(await callsAt(), before + CALLS);
        assert.equal((await apis()).length, 1);
      }
    } finally {
      for (const child of children) child.kill("SIGKILL");
      for (const close of closers.reverse()) await close();
    }
  });
});
