/** `nta tap` from the wire to deltas: every exchange of the client's log is found exactly once, wherever the tap stands. */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readPackets } from "../../src/capture/reader.ts";
import { openSource } from "../../src/capture/source.ts";
import { silenceNamespace } from "./namespaces.ts";
import { makeNetwork, needsRoot } from "./network.ts";
import { openSender } from "./sender.ts";
import {
  callsOf,
  inNamespace,
  NTA,
  runScript,
  startScript,
  startTapProcess,
  type TapProcess,
} from "./tapprocess.ts";
import { until } from "./until.ts";

const network = makeNetwork();
const run = promisify(execFile);
const STATUS = "127.0.0.1:8191";
const PRINT = ["--print", "--status-listen", "off", "--flush-interval", "1s", "--cpu-max", "200"];

interface ClientLog {
  readonly log: Record<string, number>;
  readonly failures: number;
}

/** Loads `address:port` from `client`; gives the client's log. */
const load = async (
  client: string,
  address: string,
  port: number,
  count: number,
): Promise<ClientLog> =>
  JSON.parse(await runScript(client, "webclient.ts", [address, `${port}`, `${count}`, "8"]));

/** Ends the tap, and checks that what it found under `api` is what the client logged. */
const check = async (
  tap: TapProcess,
  api: string,
  expected: Record<string, number>,
): Promise<void> => {
  assert.equal(await tap.stop(), 0, tap.log());
  const apis = callsOf(tap.output());
  // What another tap is asked is heard like anything else.
  apis.delete(STATUS);
  assert.deepEqual(
    [...apis.keys()],
    [api],
    `${tap.log()} ${JSON.stringify([...apis].map(([name, calls]) => [name, ...calls]))}`,
  );
  assert.deepEqual(
    Object.fromEntries([...apis.get(api)!].toSorted()),
    Object.fromEntries(Object.entries(expected).toSorted()),
    tap.log(),
  );
};

test("veth, seen at each end, by one worker and by two", async (t) => {
  if (!needsRoot(t)) return;
  const [client, server] = [network.namespace("e-veth-c"), network.namespace("e-veth-s")];
  network.veth(client, "vc", server, "vs");
  network.ip(client, "addr add 10.77.0.1/24 dev vc");
  network.ip(server, "addr add 10.77.0.2/24 dev vs");
  const web = await startScript(server, "webserver.ts", ["10.77.0.2", "0"]);
  t.after(() => web.process.kill());
  const port = Number(web.line);
  for (const [where, workers] of [
    [server, "1"],
    [client, "1"],
    [server, "2"],
  ] as const) {
    const tap = await startTapProcess(where, [...PRINT, "--workers", workers]);
    const { log, failures } = await load(client, "10.77.0.2", port, 1500);
    assert.equal(failures, 0);
    await check(tap, `10.77.0.2:${port}`, log);
  }
});

test("loopback", async (t) => {
  if (!needsRoot(t)) return;
  const host = network.namespace("e-lo");
  const web = await startScript(host, "webserver.ts", ["127.0.0.1", "0"]);
  t.after(() => web.process.kill());
  const port = Number(web.line);
  const tap = await startTapProcess(host, PRINT);
  const { log } = await load(host, "127.0.0.1", port, 3000);
  await check(tap, `127.0.0.1:${port}`, log);
});

test("a bridge, whose ports and itself each show every packet", async (t) => {
  if (!needsRoot(t)) return;
  const [client, host, server] = [
    network.namespace("e-br-c"),
    network.namespace("e-br-h"),
    network.namespace("e-br-s"),
  ];
  if (!network.tryIp(host, "link add br0 type bridge")) return t.skip("no bridges here");
  network.veth(client, "vc", host, "hc");
  network.veth(server, "vs", host, "hs");
  network.ip(host, "link set br0 up");
  network.ip(host, "link set hc master br0");
  network.ip(host, "link set hs master br0");
  network.ip(client, "addr add 10.77.1.1/24 dev vc");
  network.ip(server, "addr add 10.77.1.2/24 dev vs");
  const web = await startScript(server, "webserver.ts", ["10.77.1.2", "0"]);
  t.after(() => web.process.kill());
  const port = Number(web.line);
  const tap = await startTapProcess(host, PRINT);
  const { log } = await load(client, "10.77.1.2", port, 3000);
  await check(tap, `10.77.1.2:${port}`, log);
});

test("tagged frames: a capture sent over a trunk", async (t) => {
  if (!needsRoot(t)) return;
  const [client, server] = [network.namespace("e-vl-c"), network.namespace("e-vl-s")];
  network.veth(client, "vc", server, "vs");
  const path = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));
  const frames: Uint8Array[] = [];
  const source = await openSource(path);
  await readPackets(source, ({ bytes, start, end }) => {
    const tag = frames.length % 2 === 0 ? [0x81, 0, 0, 7] : [0x88, 0xa8, 0, 9, 0x81, 0, 0, 7];
    frames.push(
      Uint8Array.from([
        ...bytes.subarray(start, start + 12),
        ...tag,
        ...bytes.subarray(start + 12, end),
      ]),
    );
  });
  const offline = spawnSync(process.execPath, [NTA, "tap", "--print", "-r", path]).stdout;
  const tap = await startTapProcess(server, PRINT);
  const sender = openSender(client, "vc");
  for (const frame of frames) sender.send(frame);
  sender.close();
  assert.equal(await tap.stop(), 0, tap.log());
  assert.deepEqual(callsOf(tap.output()), callsOf(offline.toString()));
});

test("behind nftables' port forwarding the port is the one on which the server listens", async (t) => {
  if (!needsRoot(t)) return;
  const [client, host, server] = [
    network.namespace("e-nat-c"),
    network.namespace("e-nat-h"),
    network.namespace("e-nat-s"),
  ];
  network.veth(client, "vc", host, "hc");
  network.veth(server, "vs", host, "hs");
  network.ip(client, "addr add 10.77.3.2/24 dev vc");
  network.ip(host, "addr add 10.77.3.1/24 dev hc");
  network.ip(host, "addr add 10.77.4.1/24 dev hs");
  network.ip(server, "addr add 10.77.4.2/24 dev vs");
  network.ip(client, "route add default via 10.77.3.1");
  network.ip(server, "route add default via 10.77.4.1");
  const rules =
    "table ip nat { chain pre { type nat hook prerouting priority -100; tcp dport 80 dnat to 10.77.4.2:8080; }; " +
    "chain post { type nat hook postrouting priority 100; ip daddr 10.77.4.2 masquerade; }; }";
  await run("ip", inNamespace(host, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]));
  try {
    await run("ip", inNamespace(host, ["nft", rules]));
  } catch (error) {
    console.error(`NOT RUN: nftables cannot forward ports here: ${String(error)}`);
    return t.skip("no nftables");
  }
  const web = await startScript(server, "webserver.ts", ["10.77.4.2", "8080"]);
  t.after(() => web.process.kill());
  const tap = await startTapProcess(host, PRINT);
  const { log, failures } = await load(client, "10.77.3.1", 80, 3000);
  assert.equal(failures, 0);
  // The client asked for the host's own name, so that is the API's; the port is the server's.
  await check(tap, "10.77.3.1:8080", log);
});

test("a tap that gets no processor for seconds hears all that was said meanwhile", async (t) => {
  if (!needsRoot(t)) return;
  const [client, server] = [network.namespace("e-stop-c"), network.namespace("e-stop-s")];
  network.veth(client, "vc", server, "vs");
  network.ip(client, "addr add 10.77.8.1/24 dev vc");
  network.ip(server, "addr add 10.77.8.2/24 dev vs");
  const web = await startScript(server, "webserver.ts", ["10.77.8.2", "0"]);
  t.after(() => web.process.kill());
  const tap = await startTapProcess(server, PRINT);
  tap.child.kill("SIGSTOP");
  const awake = sleep(4_000).then(() => tap.child.kill("SIGCONT"));
  const { log } = await load(client, "10.77.8.2", Number(web.line), 3000);
  await awake;
  await check(tap, `10.77.8.2:${web.line}`, log);
});

test("an interface that appears and vanishes under load", async (t) => {
  if (!needsRoot(t)) return;
  const [client, server] = [network.namespace("e-come-c"), network.namespace("e-come-s")];
  const taps = await Promise.all([
    startTapProcess(server, PRINT),
    startTapProcess(server, [...PRINT, ...["--interfaces", "later0", "--status-listen", STATUS]]),
  ]);
  const isHeard = async (): Promise<boolean> => {
    const status = await runScript(server, "fetch.ts", [`http://${STATUS}/status`]);
    return !status.includes("there is no interface later0");
  };
  const expected: Record<string, number> = {};
  let port = 0;
  for (let round = 0; round < 3; round += 1) {
    network.veth(client, "vc", server, "later0");
    network.ip(client, "addr add 10.77.5.1/24 dev vc");
    network.ip(server, "addr add 10.77.5.2/24 dev later0");
    // A named interface is told to the kernel a moment after it is there.
    await until("later0 is heard", isHeard);
    const web = await startScript(server, "webserver.ts", ["10.77.5.2", `${port}`]);
    port = Number(web.line);
    const { log } = await load(client, "10.77.5.2", port, 1000);
    for (const [key, count] of Object.entries(log)) expected[key] = (expected[key] ?? 0) + count;
    network.ip(server, "link del later0");
    await until("later0 is missed", async () => !(await isHeard()));
    web.process.kill();
  }
  for (const tap of taps) await check(tap, `10.77.5.2:${port}`, expected);
});

test("nginx and curl, over IPv6", async (t) => {
  if (!needsRoot(t)) return;
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
    execFileSync("curl", ["-V"], { stdio: "ignore" });
  } catch {
    console.error("NOT RUN: nginx or curl is not installed (apt-get install nginx-light curl)");
    return t.skip("no nginx or curl");
  }
  const [client, server] = [network.namespace("e-ng-c"), network.namespace("e-ng-s")];
  network.veth(client, "vc", server, "vs");
  silenceNamespace(client, false);
  silenceNamespace(server, false);
  network.ip(client, "addr add fd77::1/64 dev vc nodad");
  network.ip(server, "addr add fd77::2/64 dev vs nodad");
  const folder = mkdtempSync(join(tmpdir(), "nta-nginx-"));
  writeFileSync(join(folder, "nginx.conf"), nginxConfiguration(folder));
  const nginx = execFile("ip", inNamespace(server, ["nginx", "-c", join(folder, "nginx.conf")]));
  t.after(() => {
    nginx.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const tap = await startTapProcess(server, PRINT);
  const whenReady = ["--retry", "60", "--retry-delay", "1", "--retry-connrefused"];
  const words = ["a", "b"].flatMap((_, round) =>
    Array.from(
      { length: 150 },
      (_each, index) => `http://[fd77::2]:8088/v1/cities/${round * 150 + index}`,
    ),
  );
  await run("ip", inNamespace(client, ["curl", "-s", "--fail", ...whenReady, ...words]));
  await check(tap, "fd77::2:8088", { "GET /v1/cities/{int}": 300 });
});

const nginxConfiguration = (folder: string): string => `
daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
events { worker_connections 256; }
http { access_log off; server { listen [::]:8088; default_type application/json;
  location /v1/ { return 200 '{"name":"Malmö","population":357377,"tags":["harbour"]}'; } } }
`;
