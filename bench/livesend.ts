/**
 * Sends the frames of a capture over an interface of a network namespace at a steady rate, once:
 * `livesend.ts NAMESPACE INTERFACE CAPTURE PACKETS_PER_SECOND`. Says when it begins, then how many the kernel took, and in what time.
 */
import { readPackets } from "../src/capture/reader.ts";
import { openSource } from "../src/capture/source.ts";
import { openSender } from "../test/live/sender.ts";

const [namespace, name, capture, rate] = process.argv.slice(2);
const frames: Uint8Array[] = [];
await readPackets(await openSource(capture!), ({ bytes, start, end }) => {
  frames.push(bytes.slice(start, end));
});
const sender = openSender(namespace!, name!, { bypass: true });
const bank = sender.bank(frames);
frames.length = 0;

const perMs = Number(rate) / 1000;
console.log("begun");
const startMs = performance.now();
let sent = 0;
while (sent < bank.count) {
  const due = Math.min(bank.count, Math.floor((performance.now() - startMs) * perMs) + 1);
  if (due - sent < Math.min(32, bank.count - sent)) continue;
  const taken = bank.send(sent, due - sent);
  if (taken > 0) sent += taken;
}
const seconds = (performance.now() - startMs) / 1000;
bank.close();
sender.close();
console.log(JSON.stringify({ sent, seconds }));
