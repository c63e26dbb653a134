/** Watches the cluster at the URL that it is given, and prints what memory that takes. */
import { Cluster } from "../../src/kubernetes/cluster.ts";
import { systemClock } from "../../src/sensor/clock.ts";
import { QuietLog } from "../../src/sensor/quietlog.ts";

const [url = "", count = ""] = process.argv.slice(2);
const log = { info: console.error, warn: console.error };
const cluster = new Cluster({
  name: "",
  access: { url, tokenFile: null, caFile: null },
  node: null,
  keepLabels: false,
  clock: systemClock,
  log: new QuietLog(log, Date.now),
  random: Math.random,
});
while (!cluster.isSynced || cluster.tables.pods.size < Number(count)) {
  await systemClock.sleep(20);
}
const peakMb = process.resourceUsage().maxRSS / 1024;
globalThis.gc!();
const keptMb = process.memoryUsage().heapUsed / 2 ** 20;
console.log(JSON.stringify({ peakMb, keptMb, pods: cluster.tables.pods.size }));
await cluster.close();
