/**
 * A small shop, its stock service and their customers, alive on loopback: what `nta start --demo` listens to. Real
 * connections, and each answer belongs to its call; both sides play what `shop.ts` says.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Random } from "../test/support/random.ts";
import { type Exchange, Shop } from "./shop.ts";

const SHOP_PORT = 18_080;
const STOCK_PORT = 19_090;
const PAUSE_MS = 120;
const CALLS_PER_CONNECTION = 20;

/** Answers calls of this process with what was arranged for them, in order. */
class Stall {
  readonly #arranged = new Map<number, Exchange>();
  port = 0;

  /** On `port`, or on any where that is taken. */
  async open(port: number): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    server.listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    this.port = (server.address() as { port: number }).port;
  }

  /** Plays some calls over one connection. */
  async visit(calls: number, next: () => Exchange): Promise<void> {
    const socket = connect(this.port, "127.0.0.1");
    await once(socket, "connect");
    const { localPort } = socket;
    for (let index = 0; index < calls; index++) {
      const exchange = next();
      this.#arranged.set(localPort!, exchange);
      socket.write(exchange.request);
      await received(socket, exchange.response.length);
      await sleep(PAUSE_MS * (0.5 + Math.random()));
    }
    this.#arranged.delete(localPort!);
    socket.end();
  }

  #serve(socket: Socket): void {
    let byteCount = 0;
    socket.on("data", (bytes: Buffer) => {
      byteCount += bytes.length;
      const exchange = this.#arranged.get(socket.remotePort!);
      if (exchange === undefined || byteCount < exchange.request.length) return;
      byteCount = 0;
      setTimeout(() => socket.write(exchange.response), 2 + Math.random() * 30);
    });
    socket.on("error", () => socket.destroy());
  }
}

const received = (socket: Socket, byteCount: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let seen = 0;
    const end = (error?: Error): void => {
      socket.off("data", take).off("error", end);
      if (error === undefined) resolve();
      else reject(error);
    };
    const take = (bytes: Buffer): void => {
      seen += bytes.length;
      if (seen >= byteCount) end();
    };
    socket.on("data", take).on("error", end);
  });

const sleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

const forever = async (visit: () => Promise<void>): Promise<never> => {
  for (;;) {
    try {
      await visit();
    } catch {
      await sleep(1000);
    }
  }
};

const run = async (): Promise<void> => {
  const shop = new Shop(new Random(Date.now()));
  const front = new Stall();
  const stock = new Stall();
  await front.open(SHOP_PORT);
  await stock.open(STOCK_PORT);
  const now = <Call>(call: Call): Call => {
    shop.clockMs = Date.now();
    return call;
  };
  const customer = (index: number) => (): Promise<void> =>
    front.visit(CALLS_PER_CONNECTION, () => now(shop.customer(index)));
  await Promise.all([
    ...[0, 1, 2].map((index) => forever(customer(index))),
    forever(() => stock.visit(CALLS_PER_CONNECTION, () => now(shop.stock()))),
  ]);
};

process.on("disconnect", () => process.exit());
await run();
