import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { SHOP_CAPTURE } from "../../examples/generate.ts";
import { UsageError } from "../../src/base/errors.ts";
import { emptyPacket } from "../../src/capture/packet.ts";
import { readPackets } from "../../src/capture/reader.ts";
import type { ByteSource } from "../../src/capture/source.ts";
import { readHar } from "../../src/collect/har.ts";
import { createHttpConsumers } from "../../src/http/consumers.ts";
import type { BodySink, Exchange, ExchangeObserver } from "../../src/http/exchange.ts";
import { infer } from "../../src/infer/infer.ts";
import { PacketPipeline } from "../../src/programs/pipeline.ts";
import { CloseReason, Direction, Verdict } from "../../src/reassemble/stream.ts";
import { emit } from "../../src/spec/emit.ts";
import { validate } from "../../src/spec/validate.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { Random } from "../support/random.ts";
import { randomHttp2 } from "./http2.ts";
import { damage, randomConversation, randomJson } from "./traffic.ts";

const shop = readFileSync(SHOP_CAPTURE);
const LINK_TYPES = [0, 1, 9, 12, 50, 101, 105, 108, 113, 127, 192, 228, 229, 276, 9999];

const newTelemetry = (): Telemetry =>
  new Telemetry({
    selection: { statuses: ["xxx"], ports: [], excludeHeaders: [], noise: false },
    privacy: defaultPrivacy,
    hashKey: Buffer.alloc(16, 1),
  });

/** Making one costs more than a case; `take` empties it. */
const telemetry = newTelemetry();
/** The validator compiles a schema at its first use, for seconds. */
for (const openapi of ["3.0.3", "3.1.0"] as const) {
  await validate({ openapi, info: { title: "", version: "" }, paths: {} });
}

/** Records of the shop's capture, as offsets. */
const records = (() => {
  const found: { start: number; end: number }[] = [];
  for (let at = 24; at + 16 <= shop.length; ) {
    const end = at + 16 + shop.readUInt32LE(at + 8);
    found.push({ start: at + 16, end });
    at = end;
  }
  return found;
})();

/** What an observer saw, in an order that does not depend on where chunks end. */
class Log implements ExchangeObserver {
  readonly lines: string[] = [];
  requestHead(): BodySink {
    return new Body();
  }
  responseHead(): BodySink {
    return new Body();
  }
  exchange({ method, target, status, flags, request, response }: Exchange): void {
    const bodies = [request, response].map((message) =>
      message === null
        ? "-"
        : `${message.bodyBytes} ${message.complete} ${message.sink instanceof Body ? message.sink.text() : ""}`,
    );
    this.lines.push(`${method} ${target} ${status} ${flags} ${bodies.join(" | ")}`);
  }
}

class Body implements BodySink {
  readonly #parts: Buffer[] = [];
  #ended = 0;
  data(bytes: Uint8Array, start: number, end: number): void {
    assert.equal(this.#ended, 0, "data behind the end");
    assert.ok(start >= 0 && start < end && end <= bytes.length, `data [${start}, ${end})`);
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
  }
  end(): void {
    this.#ended += 1;
    assert.equal(this.#ended, 1, "ended twice");
  }
  text(): string {
    assert.equal(this.#ended, 1, "never ended");
    return Buffer.concat(this.#parts).toString("latin1");
  }
}

/** Bytes of a direction that were never captured, in order. */
type Losses = readonly { readonly start: number; readonly end: number }[];

const randomLosses = (length: number, random: Random): Losses => {
  const losses: { start: number; end: number }[] = [];
  for (let at = random.integer(0, length + 1); at < length; ) {
    const end = Math.min(length, at + random.integer(1, random.chance(0.5) ? 30 : 1000));
    losses.push({ start: at, end });
    at = end + random.integer(1, 1000);
  }
  return losses;
};

interface Conversation {
  readonly client: Buffer;
  readonly server: Buffer;
  readonly clientLosses?: Losses;
  readonly serverLosses?: Losses;
}

/** Plays one direction after the other; `sizeMax` bounds the pieces. */
const play = (
  { client, server, clientLosses = [], serverLosses = [] }: Conversation,
  observer: ExchangeObserver,
  random: Random,
  sizeMax: number,
): void => {
  const consumer = createHttpConsumers(observer).factory({
    a: { ip: "10.0.0.1", port: 40000 },
    b: { ip: "10.0.0.2", port: 80 },
    initiator: Direction.AToB,
    flowId: 1,
  });
  if (consumer === null) return;
  for (const [direction, bytes, losses] of [
    [Direction.AToB, client, clientLosses],
    [Direction.BToA, server, serverLosses],
  ] as const) {
    for (let at = 0; at < bytes.length; ) {
      const loss = losses.find(({ end }) => end > at);
      if (loss?.start === at) {
        if (consumer.gap(direction, loss.end - at, 1000) === Verdict.Ignore) return;
        at = loss.end;
        continue;
      }
      const limit = loss?.start ?? bytes.length;
      const end = Math.min(limit, at + random.integer(1, sizeMax + 1));
      const piece = Buffer.from(bytes.subarray(at, end));
      if (consumer.data(direction, piece, 0, piece.length, 1000) === Verdict.Ignore) return;
      at = end;
    }
  }
  consumer.end(Direction.AToB, 1001);
  consumer.end(Direction.BToA, 1001);
  consumer.close(CloseReason.Finished, 1002);
};

const sourceOf = (bytes: Buffer, kind: ByteSource["kind"], random: Random): ByteSource => {
  const chunks = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + random.integer(1, 40_000));
      yield bytes.subarray(at, end);
      at = end;
    }
  };
  const head = bytes.subarray(0, 16);
  return {
    name: "fuzz",
    kind,
    chunks: chunks(),
    bytesTotal: null,
    bytesRead: () => 0,
    warnings: [],
    head,
  };
};

export const targets: Readonly<Record<string, (random: Random) => void | Promise<void>>> = {
  /** Damaged capture files. */
  captures: async (random) => {
    const start = random.pick(records).start - 16;
    const part = Buffer.concat([
      shop.subarray(0, 24),
      shop.subarray(start, start + random.integer(0, 30_000)),
    ]);
    const pipeline = new PacketPipeline(telemetry);
    const kind = random.pick(["pcap", "pcapng"] as const);
    await readPackets(sourceOf(damage(part, random), kind, random), (packet) => {
      assert.ok(packet.start <= packet.end && packet.end <= packet.bytes.length, "packet bounds");
      assert.ok(packet.wireBytes >= packet.end - packet.start, "wire length");
      pipeline.push(packet);
    });
    pipeline.close();
    assert.equal(pipeline.reassembler.failure, null);
  },

  /** Damaged frames, cut, repeated, out of order, on any link type. */
  packets: (random) => {
    const pipeline = new PacketPipeline(telemetry);
    const packet = emptyPacket();
    let index = random.integer(0, records.length);
    for (let count = random.integer(1, 200); count > 0; count--) {
      index = random.chance(0.8) ? (index + 1) % records.length : random.integer(0, records.length);
      const { start, end } = records[index]!;
      const whole = shop.subarray(start, end);
      const frame = random.chance(0.5) ? whole : damage(whole, random);
      packet.bytes = frame;
      packet.start = 0;
      packet.end = random.chance(0.9) ? frame.length : random.integer(0, frame.length + 1);
      packet.wireBytes = frame.length;
      packet.timeMs += random.chance(0.05) ? random.integer(-1e6, 1e6) : random.integer(0, 10);
      packet.linkType = random.chance(0.8) ? 1 : random.pick(LINK_TYPES);
      pipeline.push(packet);
    }
    pipeline.close();
    assert.equal(pipeline.reassembler.failure, null);
  },

  /** Damaged conversations of which parts are lost: the same events however the bytes are cut into pieces. */
  streams: (random) => {
    const { client, server } = random.chance(0.3)
      ? randomHttp2(random)
      : randomConversation(random);
    const isDamaged = random.chance(0.7);
    const clientBytes = isDamaged ? damage(client, random) : client;
    const serverBytes = isDamaged ? damage(server, random) : server;
    const conversation = {
      client: clientBytes,
      server: serverBytes,
      clientLosses: random.chance(0.4) ? randomLosses(clientBytes.length, random) : [],
      serverLosses: random.chance(0.4) ? randomLosses(serverBytes.length, random) : [],
    };
    const logs = [1_000_000, random.integer(1, 50), 1].map((sizeMax) => {
      const log = new Log();
      play(conversation, log, random, sizeMax);
      return log.lines;
    });
    for (const log of [logs[1]!, logs[2]!]) {
      const at = log.findIndex((line, index) => line !== logs[0]![index]);
      const lines = [log[at], logs[0]![at]].map((line) => String(line).slice(0, 1000));
      assert.ok(at < 0 && log.length === logs[0]!.length, `exchange ${at}:\n${lines.join("\n")}`);
    }
  },

  /** What was learned of damaged conversations makes a valid document, and the same one for any pieces. */
  documents: async (random) => {
    // What the targets before this one left is none of its own.
    telemetry.take();
    const count = random.integer(1, 8);
    const conversations = Array.from({ length: count }, () => {
      const { client, server } = randomConversation(random);
      return random.chance(0.5)
        ? { client, server }
        : { client: damage(client, random), server: damage(server, random) };
    });
    const openapi = random.pick(["3.0.3", "3.1.0"] as const);
    const documents = [1_000_000, 37].map((sizeMax) => {
      for (const each of conversations) play(each, telemetry, random, sizeMax);
      return infer(telemetry.take()).apis.map((api) => emit(api, { openapi, evidence: true }));
    });
    // Compared as text: a difference of large documents is not shown in any bounded memory.
    assert.ok(JSON.stringify(documents[1]) === JSON.stringify(documents[0]), "the same document");
    for (const document of documents[0]!) {
      const problems = await validate(document);
      assert.equal(problems.length, 0, JSON.stringify(problems[0]));
    }
  },

  /** JSON bodies, right and wrong, in pieces. */
  bodies: (random) => {
    const json = randomJson(random);
    const text = Buffer.from(json, random.chance(0.9) ? "utf8" : "utf16le");
    const body = random.chance(0.6) ? text : damage(text, random);
    const type = random.chance(0.8) ? "application/json" : "text/plain";
    const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const conversation = {
      client: Buffer.from("GET /things HTTP/1.1\r\nHost: api\r\n\r\n"),
      server: Buffer.concat([Buffer.from(head), body]),
    };
    const [whole, pieces] = [1_000_000, 3].map((sizeMax) => {
      play(conversation, telemetry, random, sizeMax);
      return telemetry.take();
    });
    assert.ok(isDeepStrictEqual(pieces, whole), "the same summary");
  },

  /** HAR files. */
  har: async (random) => {
    const entry = `{"startedDateTime":"2026-03-02T09:00:00Z","time":5,"request":{"method":"GET","url":"http://a.example/x?y=1","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"a.example"}],"postData":{"mimeType":"application/json","text":${JSON.stringify(randomJson(random))}}},"response":{"status":200,"headers":[],"content":{"mimeType":"application/json","text":${JSON.stringify(randomJson(random))}}}}`;
    const text = damage(
      Buffer.from(`{"log":{"version":"1.2","entries":[${entry},${entry}]}}`),
      random,
    );
    try {
      await readHar(sourceOf(text, "json", random).chunks, telemetry);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  },
};
