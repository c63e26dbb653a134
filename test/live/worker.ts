/** One thread of a fanout: counts its segments, and how often its event loop gets to a timer of 10 ms. */
import { parentPort, workerData } from "node:worker_threads";
import { RingSource } from "../../src/capture/live/afpacket.ts";
import { OPTIONS } from "./tap.ts";

const { namespace, group } = workerData as { namespace: string; group: number };
const source = new RingSource({ ...OPTIONS, namespace, fanout: { join: group } });
let seen = 0;
let ticks = 0;
const timer = setInterval(() => {
  ticks += 1;
}, 10);
const done = source.run(() => {
  seen += 1;
});
parentPort!.on("message", async () => {
  clearInterval(timer);
  await source.close();
  await done;
  parentPort!.postMessage({ seen, drops: source.stats().drops, ticks });
  parentPort!.close();
});
parentPort!.postMessage("open");
