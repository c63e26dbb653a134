import assert from "node:assert/strict";
import { test } from "node:test";
import { plans } from "./budget.ts";
import { explain } from "./explain.ts";
import { wellStatus } from "./status.fixture.ts";
import { type SensorStatus, statusJson } from "./status.ts";

type Part<Name extends keyof SensorStatus> = Partial<NonNullable<SensorStatus[Name]>>;
interface Parts {
  capture?: Part<"capture">;
  flows?: Part<"flows">;
  exchanges?: Part<"exchanges">;
  budget?: Part<"budget">;
  queue?: Part<"queue">;
  server?: Part<"server">;
  nowMs?: number;
}

const statusWith = (parts: Parts): SensorStatus => ({
  ...wellStatus,
  nowMs: parts.nowMs ?? wellStatus.nowMs,
  capture: { ...wellStatus.capture, ...parts.capture },
  flows: { ...wellStatus.flows, ...parts.flows },
  exchanges: { ...wellStatus.exchanges, ...parts.exchanges },
  budget: { ...wellStatus.budget!, ...parts.budget },
  queue: { ...wellStatus.queue!, ...parts.queue },
  server: { ...wellStatus.server!, ...parts.server },
});

const counts = (text: string) =>
  text.split(" ").map((part) => {
    const [name, count] = part.split("=");
    return { name: name!, count: Number(count) };
  });

const nothing: Parts = {
  capture: { packets: 0, packetKinds: [] },
  flows: { kinds: [] },
  exchanges: { seen: 0, selected: 0, refused: [] },
};
const quietInterface = { name: "eth0", isUp: true, packets: 0, bytes: 0, passed: 0 };
const noExchange = { seen: 0, selected: 0, refused: [] };

const check = (parts: Parts, ...expected: RegExp[]): void => {
  const lines = explain(statusWith(parts));
  assert.equal(lines.length, expected.length, lines.join("\n"));
  for (const [index, line] of lines.entries()) {
    assert.match(line, expected[index]!);
    assert.match(line, /^[^\n]+[.?]$/, "one sentence or more, one line");
  }
};

test("I see nothing", () => {
  const seen = (capture: Part<"capture">): Parts => ({
    ...nothing,
    capture: { ...nothing.capture, ...capture },
  });
  check(seen({ state: "refused" }), /^Not permitted.*CAP_NET_RAW.*setcap.*securityContext/);
  check(
    seen({ state: "failed", problems: ["no such device"] }),
    /^Not listening: no such device\.$/,
  );
  check(
    seen({ namedInterfaces: ["eth7", "eth8"] }),
    /^None of the interfaces.*eth7, eth8.*Without that setting all are heard/,
  );
  check({ ...nothing, nowMs: wellStatus.startedMs + 3000 }, /^Listening for 3 s/);
  check(seen({ interfaces: [] }), /no interface to listen on/);
  check(seen({ interfaces: [{ ...quietInterface, isUp: false }] }), /are down: eth0/);
  check(
    seen({ interfaces: [quietInterface] }),
    /^No packet passed on eth0 in 60 s\. Is this the host/,
  );
  check(
    seen({ interfaces: [quietInterface], namedInterfaces: ["eth0"] }),
    /^No packet passed on eth0 in 60 s\. Without --interfaces/,
  );
  check(
    seen({ interfaces: [{ ...quietInterface, passed: 900 }], ports: "80,443", filter: "host a" }),
    /^900 packets passed on eth0, but none got through --ports 80,443 and --filter "host a": the filter is too tight/,
  );
  check(
    seen({ interfaces: [{ ...quietInterface, passed: 9 }] }),
    /^9 packets passed.*none of them is TCP/,
  );
});

test("packets, but no HTTP", () => {
  check(
    { ...nothing, capture: { packets: 50, packetKinds: counts("udp=40 quic=6 arp=4") } },
    /^Of 50 packets none is TCP: udp 40, quic 6, arp 4\./,
  );
  check(
    { flows: { kinds: counts("none=7") }, exchanges: noExchange },
    /^1000 TCP segments.*no connection that carried data/,
  );
  check(
    {
      flows: { kinds: counts("tls=12 none=2"), tlsNames: counts("a.test=5 b.test=4") },
      exchanges: noExchange,
    },
    /^All 12 connections are TLS, to a\.test, b\.test\. .*where TLS ends/,
  );
  check(
    { flows: { kinds: counts("http2Joined=4") }, exchanges: noExchange },
    /^All 4 connections are HTTP\/2/,
  );
  check(
    { flows: { kinds: counts("postgres=5 tls=3 unknown=2 redis=1 ssh=1") }, exchanges: noExchange },
    /^No connection speaks plain HTTP\. Of 12: postgres 5, tls 3, unknown 2, redis 1, …\.$/,
  );
  check({ exchanges: noExchange }, /^20 connections speak HTTP, but no request/);
});

test("HTTP, but nothing to learn from", () => {
  const refused = (seen: number, reasons: string): Parts => ({
    exchanges: { seen, selected: 0, refused: counts(reasons) },
  });
  check(
    refused(40, "no-response=39 no-request=1"),
    /^Only one direction.*39 of 40 exchanges lack their response/,
  );
  check(refused(40, "no-request=40"), /lack their request/);
  check(
    refused(40, "status=30 port=10"),
    /^Of 40 exchanges none was selected: most have a status that --http-status-codes leaves out \(status 30, port 10\)/,
  );
  check(refused(40, "port=40"), /--ports leaves out/);
  check(refused(4, "excluded-header=4"), /--exclude-traffic-with-headers/);
  check(
    refused(4, "noise-health-checks=4"),
    /most are health checks, which make no API; --noise keep/,
  );
  check(refused(3, "no-response=3"), /of most the response was not seen/);
  check(refused(3, "something-new=3"), /something-new/);
});

test("what is lost, shed or stuck", () => {
  check({ capture: { drops: counts("duplicate=900 ring=5") } }, /^All is well/);
  check(
    { capture: { drops: counts("ring=100 device=11") } },
    /^10\.0 % of packets were lost \(ring 100, device 11\)/,
  );
  check({ capture: { problems: ["eth7 is not there"] } }, /^eth7 is not there\.$/);
  check(
    { budget: { plan: plans[2]! } },
    /^To stay within --cpu-max, only one body in 4 is scanned/,
  );
  check({ budget: { plan: plans[5]! } }, /no bodies are scanned\.$/);
  check(
    { budget: { plan: plans[7]!, memoryBytes: 370e6 } },
    /within --memory-max.*one connection in 4 is read/,
  );
  check(
    { budget: { plan: plans.at(-1)!, isExhausted: true } },
    /one connection in 256/,
    /^Even so/,
  );
  check(
    { server: { isConnected: false, lastFailure: "ECONNREFUSED" } },
    /takes nothing: ECONNREFUSED\. It last did at 2023-11-14T22:14:10\.000Z; what was learned of 2 APIs waits/,
  );
  check(
    { server: { isConnected: false, lastFailure: "x", lastAcceptedMs: null } },
    /takes nothing: x, and never did; what/,
  );
  check({ queue: { isDurable: false } }, /^The state file cannot be written/);
  check(
    {
      queue: {
        losses: { operationsDropped: 1, callsDropped: 3, deltasRefused: 1, callsRefused: 2 },
      },
    },
    /^What was learned from 5 calls was given up: 3 as too much waited, 2 as/,
  );
});

test("all is well, also for a sensor that sends nothing and has no budget", () => {
  check({}, /^All is well: 100 of 120 exchanges were selected, from 1000 packets\.$/);
  const lines = explain({ ...wellStatus, budget: null, queue: null, server: null });
  assert.equal(lines.length, 1);
  const json = JSON.parse(statusJson(wellStatus, lines));
  assert.deepEqual(json.explanation, lines);
  assert.equal(json.capture.interfaces[1].name, "eth0");
});
