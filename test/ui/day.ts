/** Captures of the shop's last day: quiet at night, busy in the evening, and an hour in which it was slow. */
import { join } from "node:path";
import { type Exchange, Shop } from "../../examples/shop.ts";
import { Random } from "../support/random.ts";
import { CaptureWriter, Conversation, type Peer } from "../support/traffic.ts";

const SEED = 20261122;
const HOURS = 24;
const SLOW_HOUR = 15;
const CUSTOMERS = 12;
const hourMs = 3_600_000;

const SHOP: Peer = { ip: [10, 20, 0, 5], port: 8080 };
const STOCK: Peer = { ip: [10, 20, 0, 7], port: 9090 };

/** A file an hour, as a sensor sends what it hears while it hears it; the last hour is the one that has begun. */
export const writeShopDay = (folder: string, nowMs: number): string[] => {
  const random = new Random(SEED);
  const shop = new Shop(random);
  const thisHour = Math.floor(nowMs / hourMs);
  return Array.from({ length: HOURS }, (_, index) => {
    const hour = thisHour - HOURS + 1 + index;
    const lengthMs = Math.min(hourMs, nowMs - hour * hourMs);
    const busy = 130 + 90 * Math.sin((((hour + 3) % HOURS) / HOURS - 0.4) * 2 * Math.PI);
    const calls = Math.ceil((busy * lengthMs) / hourMs);
    const path = join(folder, `shop-${String(index).padStart(2, "0")}.pcap`);
    const writer = new CaptureWriter(path);
    writeHour({
      random,
      shop,
      writer,
      startMs: hour * hourMs,
      lengthMs,
      calls,
      isSlow: index === SLOW_HOUR,
    });
    writer.close();
    return path;
  });
};

interface Hour {
  readonly random: Random;
  readonly shop: Shop;
  readonly writer: CaptureWriter;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly calls: number;
  readonly isSlow: boolean;
}

const writeHour = ({ random, shop, writer, startMs, lengthMs, calls, isSlow }: Hour): void => {
  const startUs = startMs * 1_000;
  const lengthUs = lengthMs * 1_000;
  const line = (ip: Peer["ip"], server: Peer): Conversation =>
    new Conversation(writer, { ip, port: random.integer(32_768, 60_000) }, server, random.word());
  const customers = Array.from({ length: CUSTOMERS }, (_, index) =>
    line(index % 3 === 0 ? [203, 0, 113, 40 + index] : [10, 30, 0, 10 + index], SHOP),
  );
  const stock = line([10, 20, 0, 5], STOCK);
  const all = [...customers, stock];
  for (const each of all) each.open(startUs);
  const gapUs = Math.floor((lengthUs * 0.98) / calls);
  for (let index = 0; index < calls; index += 1) {
    const timeUs = startUs + 20_000 + index * gapUs + random.integer(0, 1_000);
    shop.clockMs = Math.floor(timeUs / 1_000);
    const latencyUs = random.integer(2_000, 40_000) * (isSlow ? 9 : 1 + random.unit());
    const customer = random.integer(0, CUSTOMERS);
    if (random.unit() < 0.85)
      play(customers[customer]!, shop.customer(customer), timeUs, latencyUs);
    else play(stock, shop.stock(), timeUs, latencyUs);
  }
  for (const each of all) each.close(startUs + lengthUs - 5_000);
};

const play = (line: Conversation, exchange: Exchange, timeUs: number, latencyUs: number): void => {
  line.send(0, exchange.request, timeUs);
  line.acknowledge(1, timeUs + 400);
  line.send(1, exchange.response, timeUs + Math.round(latencyUs));
  line.acknowledge(0, timeUs + Math.round(latencyUs) + 400);
};
