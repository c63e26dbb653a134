/**
 * Makes `shop.pcap`, the capture of the demo: customers of a small shop, its stock service, and the noise that
 * a real network has. The same bytes each time; `npm run examples` writes it anew.
 */
import { fileURLToPath } from "node:url";
import { Random } from "../test/support/random.ts";
import { CaptureWriter, Conversation, type Peer, writeDatagram } from "../test/support/traffic.ts";
import { type Exchange, Shop } from "./shop.ts";

const SEED = 20260302;
const EXCHANGE_COUNT = 700;
const START_US = Date.UTC(2026, 2, 2, 9, 0, 0) * 1000;

const SHOP: Peer = { ip: [10, 20, 0, 5], port: 8080 };
const STOCK: Peer = { ip: [10, 20, 0, 7], port: 9090 };
const RESOLVER: Peer = { ip: [10, 20, 0, 2], port: 53 };
const TLS_SERVER: Peer = { ip: [198, 51, 100, 20], port: 443 };
const CUSTOMER_COUNT = 12;

export const writeShopCapture = (path: string): void => {
  const random = new Random(SEED);
  const shop = new Shop(random);
  const writer = new CaptureWriter(path);
  const line = (ip: Peer["ip"], port: number, server: Peer): Conversation =>
    new Conversation(writer, { ip, port }, server, random.word());
  const customers = Array.from({ length: CUSTOMER_COUNT }, (_, index) =>
    line(
      index % 3 === 0 ? [203, 0, 113, 40 + index] : [10, 30, 0, 10 + index],
      40_000 + index,
      SHOP,
    ),
  );
  const stock = line([10, 20, 0, 5], 51_000, STOCK);
  const others = line([10, 20, 0, 1], 52_000, SHOP);
  let timeUs = START_US;
  for (const each of [...customers, stock, others]) {
    timeUs += 5_000;
    each.open(timeUs);
  }
  for (let index = 0; index < EXCHANGE_COUNT; index++) {
    timeUs += random.integer(60_000, 400_000);
    shop.clockMs = Math.floor(timeUs / 1000);
    const latencyUs = random.integer(2_000, 40_000);
    const draw = random.unit();
    const customer = random.integer(0, CUSTOMER_COUNT);
    if (draw < 0.72) play(customers[customer]!, shop.customer(customer), timeUs, latencyUs);
    else if (draw < 0.84) play(stock, shop.stock(), timeUs, latencyUs);
    else play(others, shop.noise(), timeUs, latencyUs);
    if (index % 70 === 0) lookUp(writer, random, timeUs + 45_000);
    if (index % 200 === 0)
      speakTls(line([10, 20, 0, 5], 53_000 + index, TLS_SERVER), random, timeUs + 46_000);
  }
  for (const each of [...customers, stock, others]) {
    timeUs += 5_000;
    each.close(timeUs);
  }
  writer.close();
};

const play = (line: Conversation, exchange: Exchange, timeUs: number, latencyUs: number): void => {
  line.send(0, exchange.request, timeUs);
  line.acknowledge(1, timeUs + 400);
  line.send(1, exchange.response, timeUs + latencyUs);
  line.acknowledge(0, timeUs + latencyUs + 400);
};

/** A DNS query and its answer (RFC 1035, section 4). */
const lookUp = (writer: CaptureWriter, random: Random, timeUs: number): void => {
  const id = random.integer(0, 65_536);
  const client: Peer = { ip: [10, 20, 0, 5], port: random.integer(32_768, 60_000) };
  const labels = ["stock", "example", "internal"].flatMap((label) => [
    label.length,
    ...Buffer.from(label),
  ]);
  const question = [...labels, 0, 0, 1, 0, 1];
  const header = (flags: number, answers: number) => [
    id >> 8,
    id & 255,
    flags,
    0,
    0,
    1,
    0,
    answers,
    0,
    0,
    0,
    0,
  ];
  const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, ...STOCK.ip];
  writeDatagram(writer, client, RESOLVER, Buffer.from([...header(1, 0), ...question]), timeUs);
  writeDatagram(
    writer,
    RESOLVER,
    client,
    Buffer.from([...header(0x81, 1), ...question, ...answer]),
    timeUs + 700,
  );
};

/** A TLS 1.2 handshake's first messages as far as anyone can read them (RFC 5246, section 7.4.1), then records. */
const speakTls = (line: Conversation, random: Random, timeUs: number): void => {
  const name = Buffer.from("payments.example.net");
  const serverName = [0, 0, 0, name.length + 5, 0, name.length + 3, 0, 0, name.length, ...name];
  const extensions = [0, serverName.length, ...serverName];
  const nonce = Buffer.from(random.hex(64), "hex");
  const hello = [3, 3, ...nonce, 0, 0, 2, 0xc0, 0x2f, 1, 0, ...extensions];
  const record = (type: number, bytes: readonly number[]) => [
    type,
    3,
    3,
    bytes.length >> 8,
    bytes.length & 255,
    ...bytes,
  ];
  const handshake = (type: number, bytes: readonly number[]) =>
    record(22, [type, 0, bytes.length >> 8, bytes.length & 255, ...bytes]);
  line.open(timeUs);
  line.send(0, Buffer.from(handshake(1, hello)), timeUs + 200);
  line.send(1, Buffer.from(handshake(2, [3, 3, ...nonce, 0, 0xc0, 0x2f, 0])), timeUs + 2_000);
  for (let index = 0; index < 4; index++) {
    const secret = Buffer.from(random.hex(400), "hex");
    line.send(
      index % 2 === 0 ? 0 : 1,
      Buffer.from(record(23, [...secret])),
      timeUs + 4_000 + index * 1_000,
    );
  }
  line.close(timeUs + 10_000);
};

export const SHOP_CAPTURE = fileURLToPath(new URL("shop.pcap", import.meta.url));

if (import.meta.main) writeShopCapture(SHOP_CAPTURE);
