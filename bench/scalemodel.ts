/**
 * `node bench/scalemodel.ts`: from what a delta costs (`docs/scale-costs.json`, written by `npm run bench:scale -- --write`) to what a
 * fleet needs, as the table in docs/scale.md. Each part is a queue whose capacity is its cores over the CPU of one delta; the part
 * that is busiest says where it ends.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Costs {
  readonly machine: { readonly cores: number };
  readonly rows: readonly {
    readonly what: string;
    readonly serverCount: number;
    readonly deltasPerSecond: number;
    readonly cpuMs: Readonly<Record<string, number>>;
  }[];
}

interface Fleet {
  readonly nodes: number;
  /** APIs whose servers run on a node: each sends one delta of its shard an interval. */
  readonly apisPerNode: number;
  readonly flushSeconds: number;
}

interface Load {
  readonly deltasPerSecond: number;
  /** Cores that each part is busy with. */
  readonly cores: Readonly<Record<"servers" | "brokers" | "database", number>>;
}

export const COSTS = fileURLToPath(new URL("../docs/scale-costs.json", import.meta.url));
export const SCALE_PAGE = fileURLToPath(new URL("../docs/scale.md", import.meta.url));
const BEGIN = "<!-- table: node bench/scalemodel.ts -->";
const END = "<!-- end of table -->";

/**
 * CPU milliseconds of a delta at each part. Of the runs that drain the stream that with one server counts: each further one adds
 * its own start, which is no cost of a delta.
 */
const costsOf = ({ rows }: Costs): Load["cores"] => {
  const drained = rows.find(({ serverCount }) => serverCount === 1)?.cpuMs ?? {};
  const published = rows.find(({ cpuMs }) => cpuMs["taps"] !== undefined)?.cpuMs ?? {};
  return {
    servers: drained["servers"] ?? 0,
    brokers: (drained["brokers"] ?? 0) + (published["brokers"] ?? 0),
    database: drained["database"] ?? 0,
  };
};

const loadOf = (fleet: Fleet, costs: Load["cores"]): Load => {
  const deltasPerSecond = (fleet.nodes * Math.min(64, fleet.apisPerNode)) / fleet.flushSeconds;
  const cores = (ms: number): number => (deltasPerSecond * ms) / 1000;
  return {
    deltasPerSecond,
    cores: {
      servers: cores(costs.servers),
      brokers: cores(costs.brokers),
      database: cores(costs.database),
    },
  };
};

/** What the model says that the measured machine does, where all parts share its cores and all of them are busy. */
const predicted = (cores: number, cpuMs: Readonly<Record<string, number>>): number =>
  (cores * 1000) / Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);

const FLEETS: readonly Fleet[] = [
  { nodes: 100, apisPerNode: 8, flushSeconds: 10 },
  { nodes: 1_000, apisPerNode: 8, flushSeconds: 10 },
  { nodes: 10_000, apisPerNode: 8, flushSeconds: 10 },
  { nodes: 10_000, apisPerNode: 8, flushSeconds: 60 },
];

const tableOf = (costs: Costs): string => {
  const each = costsOf(costs);
  const cores = (value: number): string => (value < 0.1 ? "< 0.1" : value.toFixed(1));
  const lines = FLEETS.map((fleet) => {
    const load = loadOf(fleet, each);
    const [busiest] = Object.entries(load.cores).sort(([, a], [, b]) => b - a)[0]!;
    return `| ${fleet.nodes.toLocaleString("en")} | ${fleet.flushSeconds} s | ${Math.round(load.deltasPerSecond).toLocaleString("en")} | ${cores(load.cores.servers)} | ${cores(load.cores.brokers)} | ${cores(load.cores.database)} | ${busiest} |`;
  });
  const checks = costs.rows
    .filter(({ serverCount }) => serverCount > 0)
    .map(
      ({ what, deltasPerSecond, cpuMs }) =>
        `| ${what} | ${Math.round(deltasPerSecond)} | ${Math.round(predicted(costs.machine.cores, cpuMs))} |`,
    );
  return `A delta costs ${each.servers.toFixed(2)} ms of CPU at the servers, ${each.brokers.toFixed(2)} ms at the three brokers together (in and out), and ${each.database.toFixed(2)} ms at PostgreSQL.

| nodes | interval | deltas/s | cores: servers | cores: brokers | cores: PostgreSQL | busiest |
| --- | --- | --- | --- | --- | --- | --- |
${lines.join("\n")}

The model beside what was measured with all parts on the ${costs.machine.cores} cores of one machine:

| | deltas/s measured | deltas/s if no core ever waited |
| --- | --- | --- |
${checks.join("\n")}`;
};

/** The page with the table of these costs. */
export const renderPage = (page: string, costs: Costs): string => {
  const [before] = page.split(BEGIN);
  const after = page.split(END)[1];
  return `${before}${BEGIN}\n\n${tableOf(costs)}\n\n${END}${after}`;
};

export const readCosts = (): Costs => JSON.parse(readFileSync(COSTS, "utf8")) as Costs;

if (import.meta.main) {
  writeFileSync(SCALE_PAGE, renderPage(readFileSync(SCALE_PAGE, "utf8"), readCosts()));
  console.log(tableOf(readCosts()));
}
