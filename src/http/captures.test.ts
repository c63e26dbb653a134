/**
 * Pairs that were read from captures of others, against something that pairing does not look at: a response's
 * packet acknowledges the bytes of its request to their end, as the server had read them and no more had come.
 */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { readPackets } from "../capture/reader.ts";
import { openSource } from "../capture/source.ts";
import { evalFiles } from "../capture/testing.ts";
import { Decoder } from "../decode/decoder.ts";
import { Outcome } from "../decode/outcome.ts";
import { emptySegment, type Segment } from "../decode/segment.ts";
import { Reassembler } from "../reassemble/reassembler.ts";
import { createHttpConsumers } from "./consumers.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Where the client goes on with blank lines behind a body, a packet that others overlap, and answers of HTTP/2 to a request of
 * HTTP/1.1, between which the client said more.
 */
const EXPLAINED = new Set([
  "pcap_flow_lab_showcase-bc9fe3.pcap",
  "soap-2262e4.pcap",
  "http2-range-59defe.pcap",
]);

interface SeenPacket {
  readonly end: number;
  readonly acknowledgement: number;
}

/** Packets with payload by ports and time, as an exchange tells them. */
class SeenPackets {
  readonly #packets = new Map<string, SeenPacket[]>();

  add({
    sourcePort,
    targetPort,
    timeMs,
    sequence,
    payloadStart,
    payloadEnd,
    ...rest
  }: Segment): void {
    if (payloadStart === payloadEnd) return;
    const end = (sequence + payloadEnd - payloadStart + rest.missingBytes) | 0;
    const key = `${sourcePort} ${targetPort} ${timeMs}`;
    const same = this.#packets.get(key) ?? [];
    same.push({ end, acknowledgement: rest.acknowledgement });
    this.#packets.set(key, same);
  }

  /** Whether the response's first packet acknowledges the request's last byte, and no more. */
  acknowledges(request: Exchange, response: Exchange): boolean {
    const { client, server } = request.connection;
    const asked = this.#packets.get(`${client.port} ${server.port} ${request.request?.endTimeMs}`);
    const told = this.#packets.get(
      `${server.port} ${client.port} ${response.response?.startTimeMs}`,
    );
    return (
      asked?.some(({ end }) =>
        told?.some(({ acknowledgement }) => (acknowledgement | 0) === end),
      ) ?? false
    );
  }
}

async function judge(path: string): Promise<{ pairs: number; wrong: string[]; missed: string[] }> {
  const seen = new SeenPackets();
  const exchanges: Exchange[] = [];
  const http = createHttpConsumers({
    requestHead: () => null,
    responseHead: () => null,
    // The messages' times are all that is looked at later, so copies of them do.
    exchange: (exchange) =>
      void exchanges.push({
        ...exchange,
        request: exchange.request && { ...exchange.request },
        response: exchange.response && { ...exchange.response },
      }),
  });
  const reassembler = new Reassembler(http.factory);
  const decoder = new Decoder();
  const segment = emptySegment();
  let nowMs = 0;
  await readPackets(await openSource(path), (packet) => {
    nowMs = packet.timeMs;
    reassembler.expire(nowMs);
    if (decoder.decode(packet, segment) !== Outcome.Tcp) return;
    seen.add(segment);
    reassembler.push(segment);
  });
  reassembler.close(nowMs);
  assert.equal(reassembler.failure, null, path);
  const text = ({ method, target, status }: Exchange): string =>
    `${basename(path)}: ${method} ${target} ${status}`;
  const pairs = exchanges.filter(({ request, response }) => request && response);
  const wrong = pairs.filter((pair) => !seen.acknowledges(pair, pair)).map(text);
  const missed = exchanges.flatMap((request) =>
    exchanges
      .filter(
        (response) =>
          !request.response &&
          !response.request &&
          request.connection.id === response.connection.id &&
          seen.acknowledges(request, response),
      )
      .map((response) => `${text(request)} and ${text(response)}`),
  );
  return { pairs: pairs.length, wrong, missed };
}

const files = evalFiles("captures");
test("pairs are those that acknowledgement numbers show, no fewer and no others", {
  skip: files === null ? "no evaluation data" : false,
  timeout: 60_000,
}, async () => {
  let pairs = 0;
  for (const path of (files ?? []).filter((file) => /\.(pcap|pcapng|cap)$/.test(file))) {
    const judged = await judge(path);
    pairs += judged.pairs;
    assert.deepEqual(judged.missed, [], "not paired");
    if (!EXPLAINED.has(basename(path))) assert.deepEqual(judged.wrong, [], "paired wrongly");
  }
  assert.ok(pairs > 1400, `${pairs} pairs`);
});
