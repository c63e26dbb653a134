import assert from "node:assert/strict";
import { test } from "node:test";
import { SHOP_CAPTURE } from "../../examples/generate.ts";
import { emptyPacket, type Packet } from "../capture/packet.ts";
import { readPackets } from "../capture/reader.ts";
import { openSource } from "../capture/source.ts";
import type { ExchangeObserver } from "../http/exchange.ts";
import { PacketPipeline } from "./pipeline.ts";

const YEAR_MS = 365 * 86_400_000;

/** Exchanges of the example, each packet handed on by `push`. */
const exchangesBy = async (
  push: (pipeline: PacketPipeline, packet: Packet, index: number) => void,
): Promise<string[]> => {
  const lines: string[] = [];
  const observer: ExchangeObserver = {
    requestHead: () => null,
    responseHead: () => null,
    exchange: ({ method, target, status, flags }) =>
      lines.push(`${method} ${target} ${status} ${flags}`),
  };
  const pipeline = new PacketPipeline(observer);
  let index = 0;
  await readPackets(await openSource(SHOP_CAPTURE), (packet) => push(pipeline, packet, index++));
  pipeline.close();
  return lines.sort();
};

test("packets with a time of their own end no connection and stop no time-out", async () => {
  const stray = emptyPacket();
  const untouched = await exchangesBy((pipeline, packet) => pipeline.push(packet));
  let flowsLeft = 0;
  const disturbed = await exchangesBy((pipeline, packet, index) => {
    if (index % 50 === 20) {
      stray.timeMs = packet.timeMs + (index % 100 === 20 ? YEAR_MS : -YEAR_MS);
      pipeline.push(stray);
    }
    pipeline.push(packet);
    flowsLeft = pipeline.reassembler.flowCount;
  });
  assert.ok(untouched.length > 100);
  assert.ok(disturbed.join("\n") === untouched.join("\n"));
  let flowsLeftAtBest = 0;
  await exchangesBy((pipeline, packet) => {
    pipeline.push(packet);
    flowsLeftAtBest = pipeline.reassembler.flowCount;
  });
  assert.equal(flowsLeft, flowsLeftAtBest);
});
