/**
 * Sends the frames of a capture over an interface of a network namespace at a steady rate:
 * `livesend.ts NAMESPACE INTERFACE CAPTURE PACKETS_PER_SECOND [TIMES]`. Says when it begins, then how many the kernel took, and in what
 * time. Each time the same exchanges come over connections of their own.
 */
import { readPackets } from "../src/capture/reader.ts";
import { openSource } from "../src/capture/source.ts";
import { openSender } from "../test/live/sender.ts";

const [namespace, name, capture, rate, times = "1"] = process.argv.slice(2);
const frames: Uint8Array[] = [];
await readPackets(await openSource(capture!), ({ bytes, start, end }) => {
  frames.push(bytes.slice(start, end));
});
const sender = openSender(namespace!, name!, { bypass: true });
const bank = sender.bank(frames);
frames.length = 0;

/** Where Ethernet and an IPv4 header without options end, TCP has its sequence and acknowledgement numbers 4 and 8 bytes behind. */
const NUMBERS_AT = [38, 42] as const;
/** Far from where any connection of the time before ended. */
const NUMBERS_STEP = 0x2345_6789;

/** A tap leaves out an exchange that ends with the numbers of one before it. */
const renumber = (frame: Uint8Array): void => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  for (const at of NUMBERS_AT) view.setUint32(at, view.getUint32(at) + NUMBERS_STEP);
};

const perMs = Number(rate) / 1000;
const total = bank.count * Number(times);
console.log("begun");
const startMs = performance.now();
let sent = 0;
let renumbered = bank.count;
while (sent < total) {
  const due = Math.min(total, Math.floor((performance.now() - startMs) * perMs) + 1);
  if (due - sent < Math.min(32, total - sent)) continue;
  const first = sent % bank.count;
  const many = Math.min(due - sent, bank.count - first);
  for (; renumbered < sent + many; renumbered += 1) renumber(bank.frame(renumbered % bank.count));
  const taken = bank.send(first, many);
  if (taken > 0) sent += taken;
}
const seconds = (performance.now() - startMs) / 1000;
bank.close();
sender.close();
console.log(JSON.stringify({ sent, seconds }));
