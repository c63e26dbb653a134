//! Alerts and dashboard of the chart: what they ask for is what the programs tell, and an alert fires when it should.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { metricsText } from "../../src/sensor/metrics.ts";
import { wellStatus } from "../../src/sensor/status.fixture.ts";
import { freePort, serve, withFolder } from "../server/program.ts";
import { CHART } from "./chart.ts";
import { promtool } from "./tools.ts";

const RULES = join(CHART, "files", "rules.yaml");

interface Alert {
  readonly alert: string;
  readonly expr: string;
}

const alerts = (): Alert[] =>
  (parse(readFileSync(RULES, "utf8")) as { groups: { rules: Alert[] }[] }).groups.flatMap(
    ({ rules }) => rules,
  );

const panels = (): { title: string; exprs: string[] }[] => {
  const board = JSON.parse(readFileSync(join(CHART, "files", "dashboard.json"), "utf8")) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  return board.panels.map(({ title, targets }) => ({
    title,
    exprs: targets.map(({ expr }) => expr),
  }));
};

/** A sensor of which everything there can be was told. */
const sensorMetrics = (): string =>
  metricsText({
    ...wellStatus,
    capture: {
      ...wellStatus.capture,
      drops: [
        { name: "ring", count: 1 },
        { name: "device", count: 1 },
      ],
    },
    envoy: {
      connections: 1,
      streams: 1,
      streamsBy: [
        { name: "busy", count: 1 },
        { name: "too-many-streams", count: 1 },
      ],
    },
  });

const serverMetrics = async (): Promise<string> => {
  let text = "";
  await withFolder(async (folder) => {
    const server = await serve({ port: await freePort(), folder });
    try {
      await (await fetch(`${server.url}/api/v1/apis`)).text();
      text = await (await fetch(`${server.url}/metrics`)).text();
    } finally {
      await server.end();
    }
  });
  return text;
};

test("every metric and label that is asked for is told", async () => {
  const text = sensorMetrics() + (await serverMetrics());
  const told = new Map<string, string[]>();
  for (const [, name, labels = ""] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm))
    told.set(name!, [...(told.get(name!) ?? []), labels]);
  const asked = [
    ...alerts().map(({ alert, expr }) => [alert, expr] as const),
    ...panels().flatMap(({ title, exprs }) => exprs.map((expr) => [title, expr] as const)),
  ];
  assert.ok(asked.length > 12);
  for (const [where, expr] of asked) {
    for (const [, name, matcher = ""] of expr.matchAll(/\b(nta_\w+)(?:\{([^}]*)\})?/g)) {
      const samples = told.get(name!);
      assert.ok(samples !== undefined, `${where}: ${name} is told by nobody`);
      for (const [, label, values] of matcher.matchAll(/(\w+)=~?"([^"]*)"/g)) {
        for (const value of values!.split("|")) {
          const isTold = samples.some((labels) => labels.includes(`${label}="${value}"`));
          assert.ok(isTold, `${where}: ${name} has no ${label}="${value}"`);
        }
      }
    }
    const [, label] = /sum by \((\w+)\)/.exec(expr) ?? [];
    if (label === undefined || label === "instance" || expr.includes("_bucket")) continue;
    const name = /\bnta_\w+/.exec(expr)![0];
    assert.ok(
      told.get(name)!.some((labels) => labels.includes(`${label}="`)),
      `${where}: ${label}`,
    );
  }
});

/** Samples, one a minute, under which an alert fires after an hour; and those of a fleet that is well. */
const BAD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  NtaSensorNotListening: { 'nta_sensor_listening{instance="a"}': "0x60" },
  NtaSensorServerAway: { 'nta_sensor_server_up{instance="a"}': "0x60" },
  NtaSensorLosesKnowledge: {
    'nta_sensor_lost_calls_total{instance="a",cause="too_much_waited"}': "0+5x60",
  },
  NtaSensorDropsPackets: {
    'nta_sensor_dropped_packets_total{instance="a",cause="ring"}': "0+50x60",
    'nta_sensor_packets_total{instance="a",interface="eth0"}': "0+1000x60",
    'nta_sensor_packets_total{instance="a",interface="lo"}': "0+1000x60",
  },
  NtaSensorSheds: { 'nta_sensor_shedding_level{instance="a"}': "2x60" },
  NtaCollectorBusy: {
    'nta_sensor_envoy_streams_total{instance="a",outcome="busy"}': "0+5x60",
    'nta_sensor_envoy_streams_total{instance="a",outcome="exchanges"}': "0+500x60",
  },
  NtaServerTurnsDeltasAway: { 'nta_server_refused_batches_total{instance="a"}': "0+5x60" },
};
const WELL: Readonly<Record<string, string>> = {
  'nta_sensor_listening{instance="a"}': "1x60",
  'nta_sensor_server_up{instance="a"}': "1x60",
  'nta_sensor_lost_calls_total{instance="a",cause="too_much_waited"}': "7x60",
  'nta_sensor_dropped_packets_total{instance="a",cause="ring"}': "0+5x60",
  'nta_sensor_packets_total{instance="a",interface="eth0"}': "0+1000x60",
  'nta_sensor_shedding_level{instance="a"}': "1x60",
  'nta_sensor_envoy_streams_total{instance="a",outcome="busy"}': "5x60",
  'nta_server_refused_batches_total{instance="a"}': "5x60",
};

test("alerts fire when they should, and only then", (context) => {
  const program = promtool();
  if (program === null) {
    console.error("!! NOT RUN: alert rules need promtool, of Debian's package prometheus");
    context.skip("no promtool");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "nta-rules-"));
  try {
    execFileSync(program, ["check", "rules", RULES], { stdio: "pipe" });
    const names = alerts().map(({ alert }) => alert);
    assert.deepEqual(Object.keys(BAD).sort(), names.toSorted());
    const run = (samples: Readonly<Record<string, string>>, expected: string | null): void => {
      const tests = [
        {
          interval: "1m",
          input_series: Object.entries(samples).map(([series, values]) => ({ series, values })),
          promql_expr_test: names.map((alertname) => ({
            expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"})`,
            eval_time: "50m",
            exp_samples: alertname === expected ? [{ labels: "{}", value: 1 }] : [],
          })),
        },
      ];
      const file = join(folder, "test.json");
      writeFileSync(
        file,
        JSON.stringify({ rule_files: [RULES], evaluation_interval: "1m", tests }),
      );
      try {
        execFileSync(program, ["test", "rules", file], { stdio: "pipe" });
      } catch (error) {
        const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
        assert.fail(`${expected ?? "all is well"}: ${stdout}${stderr}`);
      }
    };
    for (const [name, samples] of Object.entries(BAD)) run(samples, name);
    run(WELL, null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
