import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CaptureWriter, Conversation } from "../../../test/support/traffic.ts";
import { plans } from "../../sensor/budget.ts";
import { duplicatesMemory } from "../../sensor/duplicates.ts";
import { callsOf } from "../../sensor/weigh.ts";
import { defaultPrivacy } from "../../telemetry/privacy.ts";
import { defaultSelection } from "../../telemetry/selection.ts";
import { Listener } from "./listener.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-listener-"));
after(() => rmSync(folder, { recursive: true }));

const REQUEST = Buffer.from("GET /api/v1/orders/17 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
const RESPONSE = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"id":17}',
).subarray(0, -1);
const START_US = 1_700_000_000_000_000;

const listen = async (path: string, plan = plans[0]!) => {
  const listener = new Listener({
    input: { kind: "replay", path, interfaces: [] },
    selection: defaultSelection,
    privacy: defaultPrivacy,
    hashKey: Buffer.from("0123456789abcdef"),
    duplicates: duplicatesMemory(),
    salt: 4711,
  });
  listener.follow(plan);
  await listener.run();
  const summaries = listener.take();
  const calls = summaries.reduce((sum, each) => sum + callsOf(each), 0);
  return { facts: listener.facts(), summaries, calls };
};

const clientOf = (index: number) =>
  ({ ip: [10, 8, (index >> 8) & 255, index & 255], port: 20_000 + (index % 1000) }) as const;

test("of many connections a fair share is read whole, and stands for all", async () => {
  const path = join(folder, "many.pcap");
  const writer = new CaptureWriter(path);
  const count = 4000;
  for (let index = 0; index < count; index += 1) {
    const server = { ip: [10, 9, 0, 1], port: 8080 } as const;
    const timeUs = START_US + index * 1000;
    const conversation = new Conversation(writer, clientOf(index), server, index * 77_777);
    conversation.open(timeUs);
    conversation.send(0, REQUEST, timeUs + 100);
    conversation.send(1, RESPONSE, timeUs + 200);
    conversation.close(timeUs + 300);
  }
  writer.close();
  for (const plan of plans) {
    const { facts, calls, summaries } = await listen(path, plan);
    const heard = facts.reasons.find(({ name }) => name === "selected")!.count;
    assert.deepEqual(facts.reasons, [{ name: "selected", count: heard }]);
    assert.equal(calls, heard / plan.keepShare);
    const expected = count * plan.keepShare;
    const spread = 4 * Math.sqrt(expected * (1 - plan.keepShare));
    assert.ok(Math.abs(heard - expected) <= spread, `${heard} heard at ${plan.keepShare}`);
    assert.equal(summaries[0]!.limits.has("shedCalls"), plan.keepShare < 1);
  }
});

test("copies behind address translation count once, with the port on which the server listens", async () => {
  const path = join(folder, "translated.pcap");
  const writer = new CaptureWriter(path);
  for (let index = 0; index < 200; index += 1) {
    const outside = { ip: [10, 96, 0, 10], port: 80 } as const;
    const inside = { ip: [10, 244, 0, 7], port: 8080 } as const;
    const gateway = { ip: [10, 244, 0, 1], port: clientOf(index).port } as const;
    const sequence = index * 99_999;
    const near = new Conversation(writer, clientOf(index), outside, sequence);
    const far = new Conversation(writer, gateway, inside, sequence);
    let timeUs = START_US + index * 10_000;
    near.open(timeUs);
    far.open(timeUs + 1);
    for (let round = 0; round < 5; round += 1) {
      timeUs += 200;
      near.send(0, REQUEST, timeUs);
      far.send(0, REQUEST, timeUs + 5);
      far.send(1, RESPONSE, timeUs + 100);
      near.send(1, RESPONSE, timeUs + 105);
    }
    far.close(timeUs + 200);
    near.close(timeUs + 205);
  }
  writer.close();
  const { facts, calls, summaries } = await listen(path);
  assert.equal(calls, 1000);
  assert.deepEqual(
    summaries.map(({ key }) => `${key.host}:${key.port}`),
    ["shop.example:8080"],
  );
  assert.equal(facts.drops.find(({ name }) => name === "repeated-exchanges")?.count, 600);
});

test("a connection that two interfaces show is one", async () => {
  const path = join(folder, "bridge.pcap");
  const writer = new CaptureWriter(path);
  const server = { ip: [10, 9, 0, 1], port: 8080 } as const;
  for (let index = 0; index < 50; index += 1) {
    const copies = [0, 1].map(
      () => new Conversation(writer, clientOf(index), server, index * 1000),
    );
    let timeUs = START_US + index * 10_000;
    const both = (step: (copy: Conversation, timeUs: number) => void): void => {
      timeUs += 100;
      for (const [copy, conversation] of copies.entries()) step(conversation, timeUs + copy * 3);
    };
    both((copy, at) => copy.open(at));
    for (let round = 0; round < 4; round += 1) {
      both((copy, at) => copy.send(0, REQUEST, at));
      both((copy, at) => copy.send(1, RESPONSE, at));
    }
    both((copy, at) => copy.close(at));
  }
  writer.close();
  const { facts, calls } = await listen(path);
  assert.equal(calls, 200);
  assert.deepEqual(facts.drops, []);
});
