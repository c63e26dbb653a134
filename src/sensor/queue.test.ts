import assert from "node:assert/strict";
import { test } from "node:test";
import { absorbSummary } from "../telemetry/merge.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { encodeSummary } from "../telemetry/wire.ts";
import { type Delta, decodeDelta, type FrozenDelta, nameText, shardOf } from "./delta.ts";
import { ModelFiles } from "./modelfiles.fixture.ts";
import { DeltaQueue, type QueueOptions, type Taken } from "./queue.ts";
import { QuietLog } from "./quietlog.ts";
import { StateFile } from "./statefile.ts";
import { call, callsByEndpoint, learn } from "./summaries.fixture.ts";

const PATH = "/state/tap.state";

interface Bench {
  readonly files: ModelFiles;
  readonly lines: string[];
  nowMs: number;
  open(more?: Partial<QueueOptions>): Promise<DeltaQueue>;
}

const bench = (files = new ModelFiles()): Bench => {
  const lines: string[] = [];
  const self: Bench = {
    files,
    lines,
    nowMs: 1_700_000_000_000,
    open: async (more) => {
      const sink = {
        info: (line: string) => lines.push(line),
        warn: (line: string) => lines.push(line),
      };
      const stateFile = await StateFile.open({
        path: PATH,
        files,
        log: sink,
        lock: () => ({ release: () => {} }),
      });
      const log = new QuietLog(sink, () => self.nowMs);
      return DeltaQueue.open({
        ...{ stateFile, log, sensor: "tap-1", nowMs: () => self.nowMs },
        ...more,
      });
    },
  };
  return self;
};

const taken = (summaries: readonly ApiSummary[], more: Partial<Taken> = {}): Taken => ({
  ...{ summaries, fromMs: 1000, toMs: 2000, coverage: new Map(), keptShare: 1, keyId: "k1" },
  ...more,
});

const decoded = (deltas: readonly FrozenDelta[]): Delta[] =>
  deltas.map((frozen) => {
    const delta = decodeDelta(JSON.parse(frozen.text));
    assert.ok(typeof delta !== "string", String(delta));
    return delta;
  });

const hosts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `api${index}.test`);

/** Freezes and settles until nothing is left. */
const drain = async (queue: DeltaQueue): Promise<Delta[]> => {
  const all: Delta[] = [];
  for (;;) {
    const frozen = await queue.freeze();
    if (frozen.length === 0) return all;
    all.push(...decoded(frozen));
    queue.settle(frozen);
  }
};

test("the shard of an API is part of the protocol", () => {
  const key = { workload: "", host: "api.test", port: 80, scheme: "http" } as const;
  assert.equal(shardOf(key), 24);
  assert.equal(shardOf({ ...key, port: 8080 }), 33);
  assert.equal(shardOf({ ...key, host: "shop.example", scheme: "https" }), 29);
  assert.equal(shardOf({ ...key, workload: "default/Deployment/größe" }), 14);
  const counts = new Array<number>(64).fill(0);
  for (const host of hosts(64_000)) counts[shardOf({ ...key, host })]! += 1;
  assert.ok(Math.min(...counts) > 850 && Math.max(...counts) < 1150, "shards are even");
});

test("each shard has its own sequence, and a delta names what is in it", async () => {
  const queue = await bench().open();
  queue.add(taken(learn(hosts(200).map((host) => call(host, "a"))), { keptShare: 0.5 }));
  const first = await queue.freeze();
  assert.equal(first.length, 64 - missingShards(hosts(200)));
  for (const delta of decoded(first)) {
    assert.equal(delta.sequence, 1);
    assert.equal(delta.sensor, "tap-1");
    assert.equal(delta.keyId, "k1");
    assert.equal(delta.calls, delta.summaries.length);
    assert.equal(delta.standsFor, 2 * delta.calls);
    assert.deepEqual([delta.fromMs, delta.toMs], [1000, 2000]);
    for (const { key } of delta.summaries) assert.equal(shardOf(key), delta.shard);
  }
  assert.equal(callsByEndpoint(decoded(first).flatMap((delta) => delta.summaries)).size, 200);
  queue.settle(first);
  queue.add(taken(learn([call("api0.test", "a")])));
  const second = await queue.freeze();
  assert.deepEqual(
    second.map((delta) => delta.sequence),
    [2],
  );
});

const missingShards = (names: readonly string[]): number =>
  64 - new Set(names.map((host) => shardOf({ workload: "", host, port: 80, scheme: "http" }))).size;

test("what is frozen stays byte for byte, over restarts too, while later knowledge gathers", async () => {
  const desk = bench();
  const queue = await desk.open();
  queue.add(taken(learn([call("a.test", "x")])));
  const [frozen] = await queue.freeze();
  for (let flush = 0; flush < 5; flush += 1) queue.add(taken(learn([call("a.test", "x")])));
  const [again, ...others] = await queue.freeze();
  assert.equal(others.length, 0, "a shard has one frozen delta");
  assert.equal(again!.text, frozen!.text);
  assert.equal(await queue.save(), true);

  const next = await desk.open();
  const [reloaded] = await next.freeze();
  assert.deepEqual(reloaded, frozen);
  assert.equal(next.status().waitingCalls, 5);
  next.settle([reloaded!]);
  const [later] = await next.freeze();
  assert.equal(later!.sequence, 2);
  assert.equal(later!.epoch, frozen!.epoch);
  assert.equal(decoded([later!])[0]!.calls, 5);
});

test("whatever is frozen is in the file before it is returned", async () => {
  const desk = bench();
  const queue = await desk.open();
  queue.add(taken(learn([call("a.test", "x")])));
  const [frozen] = await queue.freeze();
  const other = await bench(desk.files.survive("power cut", () => 0)).open();
  assert.deepEqual(await other.freeze(), [frozen]);
  assert.equal(other.status().waitingApis, 0, "and waits no more");
});

test("knowledge under another hash key is kept apart", async () => {
  const queue = await bench().open();
  queue.add(taken(learn([call("a.test", "x")])));
  queue.add(taken(learn([call("a.test", "x")]), { keyId: "k2" }));
  queue.add(taken(learn([call("a.test", "x")]), { keyId: "k2" }));
  const deltas = await drain(queue);
  assert.deepEqual(
    deltas.map(({ keyId, calls, sequence }) => [keyId, calls, sequence]),
    [
      ["k1", 1, 1],
      ["k2", 2, 2],
    ],
  );
});

test("coverage is told once, and a sensor without news speaks once a minute", async () => {
  const desk = bench();
  const queue = await desk.open();
  const coverage = new Map([["packets", 10]]);
  queue.add(taken(learn(hosts(100).map((host) => call(host, "a"))), { coverage }));
  queue.add(taken([], { coverage, fromMs: 2000, toMs: 3000 }));
  const deltas = await drain(queue);
  const told = deltas.filter((delta) => delta.coverage.size > 0);
  assert.equal(told.length, 1);
  assert.equal(told[0]!.coverage.get("packets"), 20);
  assert.deepEqual([told[0]!.fromMs, told[0]!.toMs], [1000, 3000]);

  queue.add(taken([], { coverage }));
  assert.equal((await queue.freeze()).length, 0);
  await queue.save();
  desk.nowMs += 60_000;
  const [alone] = decoded(await queue.freeze());
  assert.equal(alone!.calls, 0);
  assert.equal(alone!.coverage.get("packets"), 10);
});

test("an API that is too large for one delta goes in several", async () => {
  const queue = await bench().open({ deltaBytesMax: 5_000 });
  const calls = Array.from({ length: 120 }, (_, index) =>
    call("big.test", `${"abcdefghij"[index % 10]}word/${"klmnopqrstuv"[index % 12]}thing/${index}`),
  );
  const summaries = learn(calls);
  const expected = callsByEndpoint(summaries);
  const whole = structuredClone(summaries[0]!);
  queue.add(taken(summaries, { keptShare: 0.25 }));
  const deltas: Delta[] = [];
  for (;;) {
    const frozen = await queue.freeze();
    if (frozen.length === 0) break;
    assert.equal(frozen.length, 1);
    assert.ok(frozen[0]!.text.length < 6_000, `${frozen[0]!.text.length} bytes`);
    deltas.push(...decoded(frozen));
    queue.settle(frozen);
  }
  assert.ok(deltas.length > 5);
  assert.deepEqual(
    deltas.map((delta) => delta.sequence),
    deltas.map((_, index) => index + 1),
  );
  const merged = deltas[0]!.summaries[0]!;
  for (const delta of deltas.slice(1)) absorbSummary(merged, delta.summaries[0]!);
  assert.deepEqual(callsByEndpoint([merged]), expected);
  assert.deepEqual(encodeSummary(merged), encodeSummary(whole));
  assert.equal(
    deltas.reduce((sum, delta) => sum + delta.calls, 0),
    120,
  );
  const standsFor = deltas.reduce((sum, delta) => sum + delta.standsFor, 0);
  assert.ok(Math.abs(standsFor - 480) < 1e-6);
});

test("the frozen are bounded, and every shard gets its turn", async () => {
  const queue = await bench().open({ deltaBytesMax: 20_000, frozenBytesMax: 60_000 });
  const shards: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    queue.add(taken(learn(hosts(150).map((host) => call(host, "a")))));
    const frozen = await queue.freeze();
    const bytes = frozen.reduce((sum, delta) => sum + delta.text.length, 0);
    assert.ok(bytes <= 60_000 + 20_000);
    shards.push(...frozen.map((delta) => delta.shard));
    queue.settle(frozen);
  }
  assert.equal(new Set(shards).size, 64 - missingShards(hosts(150)));
});

test("a long outage takes bounded memory, keeps what is heard most and counts the rest", async () => {
  const desk = bench();
  const queue = await desk.open({ unsentBytesMax: 300_000 });
  let calls = 0;
  for (let flush = 0; flush < 40; flush += 1) {
    const exchanges = [
      ...Array.from({ length: 20 }, () => call("shop.test", "orders", desk.nowMs)),
      ...Array.from({ length: 20 }, (_, index) =>
        call(`flood${flush}-${index}.test`, "a", desk.nowMs),
      ),
    ];
    calls += exchanges.length;
    queue.add(taken(learn(exchanges), { fromMs: desk.nowMs, toMs: desk.nowMs + 10_000 }));
    desk.nowMs += 3_600_000;
    assert.ok(queue.status().waitingBytes <= 300_000);
  }
  const { losses, waitingCalls } = queue.status();
  assert.equal(waitingCalls + losses.callsDropped, calls);
  const deltas = await drain(queue);
  const merged = deltas.flatMap((delta) => delta.summaries);
  assert.equal(callsByEndpoint(merged).get("shop.test /orders"), 800);
  const shop = merged.find(({ key }) => key.host === "shop.test")!;
  const buckets = shop.root.children.get("orders")!.operations.get("GET")!.buckets;
  assert.ok(buckets.widthMs > 3_600_000 && buckets.buckets.size <= 32, "time coarsens");
  const told = deltas.reduce(
    (sum, delta) => sum + (delta.coverage.get("unsent-calls-dropped") ?? 0),
    0,
  );
  assert.equal(told, losses.callsDropped);
});

test("invented host names cannot crowd out more than their share", async () => {
  const queue = await bench().open({ unsentApisMax: 400 });
  queue.add(taken(learn(Array.from({ length: 50 }, () => call("shop.test", "orders")))));
  for (let flush = 0; flush < 10; flush += 1) {
    const names = Array.from({ length: 100 }, (_, index) => call(`f${flush}-${index}.test`, "a"));
    queue.add(taken(learn(names)));
  }
  assert.ok(queue.status().waitingApis <= 400);
  assert.ok(queue.status().losses.operationsDropped > 0);
  const deltas = await drain(queue);
  const calls = callsByEndpoint(deltas.flatMap((delta) => delta.summaries));
  assert.equal(calls.get("shop.test /orders"), 50);
});

test("a disk that is full stops nothing, and an old file is never gone on from", async () => {
  const desk = bench();
  const queue = await desk.open();
  queue.add(taken(learn([call("a.test", "x")])));
  assert.equal(await queue.save(), true);
  desk.files.failures.set("write", "ENOSPC");
  const [frozen] = await queue.freeze();
  assert.equal(frozen!.sequence, 1);
  assert.equal(desk.files.bytes(PATH), undefined, "the old file would send it again");
  assert.equal(queue.status().isDurable, false);
  assert.match(desk.lines.at(-1)!, /cannot be written \(ENOSPC/);
  queue.settle([frozen!]);
  desk.files.failures.clear();
  queue.add(taken(learn([call("a.test", "x")])));
  assert.equal((await queue.freeze())[0]!.sequence, 2);
  assert.equal(queue.status().isDurable, true);
  assert.match(desk.lines.at(-1)!, /can be written again/);
});

test("a disk that can neither be written nor cleared holds back what was not saved", async () => {
  const desk = bench();
  const queue = await desk.open();
  queue.add(taken(learn([call("a.test", "x")])));
  assert.equal(await queue.save(), true);
  desk.files.failures.set("create", "EROFS").set("remove", "EROFS");
  await assert.rejects(queue.freeze());
  await assert.rejects(queue.freeze());
  desk.files.failures.clear();
  const other = await bench(desk.files.survive("kill", () => 0)).open();
  assert.equal(other.status().waitingCalls, 1, "a restart would go on from the old file");
  queue.add(taken(learn([call("a.test", "x")])));
  const deltas = await drain(queue);
  assert.deepEqual(
    deltas.map((delta) => [delta.sequence, delta.calls]),
    [
      [1, 1],
      [2, 1],
    ],
  );
});

test("without a usable state a new epoch begins; a new name begins one too", async () => {
  const desk = bench();
  const queue = await desk.open();
  queue.setHashKey(Buffer.from("0123456789abcdef"));
  queue.add(taken(learn([call("a.test", "x")])));
  const [first] = await queue.freeze();

  const same = await desk.open({ sensor: null });
  assert.equal(same.status().sensor, "tap-1");
  assert.equal(same.status().epoch, first!.epoch);
  assert.equal(Buffer.from(same.hashKey!).toString(), "0123456789abcdef");

  const renamed = await desk.open({ sensor: "tap-2" });
  assert.notEqual(renamed.status().epoch, first!.epoch);
  assert.deepEqual(await renamed.freeze(), [first], "what was frozen keeps its name");

  const bytes = Uint8Array.from(desk.files.bytes(PATH)!);
  bytes[bytes.length - 1]! ^= 1;
  desk.files.put(PATH, bytes);
  const anew = await desk.open();
  assert.equal((await anew.freeze()).length, 0);
  assert.notEqual(anew.status().epoch, first!.epoch);
  assert.match(desk.lines.at(-1)!, /a new epoch begins/);
});

test("a state of which the content cannot be understood is set aside too", async () => {
  const desk = bench();
  const sink = { info: () => {}, warn: () => {} };
  const file = await StateFile.open({
    ...{ path: PATH, files: desk.files, log: sink },
    lock: () => ({ release: () => {} }),
  });
  for (const text of ["", "{}", "null", '{"v":2}', "[1]\n\n"]) {
    await file.save(Buffer.from(text));
    const queue = await desk.open();
    assert.equal(queue.status().waitingApis, 0);
    assert.match(desk.lines.at(-1)!, /cannot be used: .*aside, and a new epoch begins/);
  }
});

test("waiting knowledge that another version wrote is given up alone", async () => {
  const desk = bench();
  const queue = await desk.open();
  queue.add(taken(learn([call("a.test", "x"), call("b.test", "x")])));
  await queue.save();
  const file = await StateFile.open({
    ...{ path: PATH, files: desk.files, log: { info: () => {}, warn: () => {} } },
    lock: () => ({ release: () => {} }),
  });
  const text = (await file.load())!.toString();
  await file.save(Buffer.from(text.replace('"summary":{"v":1', '"summary":{"v":2')));
  const other = await desk.open();
  assert.equal(other.status().waitingApis, 1);
  assert.equal(other.status().epoch, queue.status().epoch);
  assert.match(desk.lines.at(-1)!, /what waited of 1 APIs cannot be read/);
});

test("an API does not outgrow what a receiver reads", async () => {
  const queue = await bench().open({ apiNodesMax: 300 });
  const letters = "abcdefghijklmnopqrst";
  let calls = 0;
  for (let flush = 0; flush < 12; flush += 1) {
    const exchanges = Array.from({ length: 60 }, (_, index) =>
      call(
        "big.test",
        `${letters[flush % 20]}one${letters[flush % 19]}/${letters[index % 20]}two/${letters[Math.floor(index / 20)]}six`,
      ),
    );
    calls += exchanges.length;
    queue.add(taken(learn(exchanges)));
  }
  const { losses, waitingCalls } = queue.status();
  assert.ok(losses.callsDropped > 0);
  assert.equal(losses.callsDropped + waitingCalls, calls);
  assert.equal(
    (await drain(queue)).reduce((sum, delta) => sum + delta.calls, 0),
    waitingCalls,
  );
});

test("names that were never sent are known, so that a copy of the state is noticed", async () => {
  const queue = await bench().open();
  queue.add(taken(learn([call("a.test", "x")])));
  const frozen = await queue.freeze();
  assert.equal(queue.sending(frozen), true);
  assert.equal(queue.sending(frozen), false);
  queue.beginEpoch();
  queue.settle(frozen);
  queue.add(taken(learn([call("a.test", "x")])));
  const [next] = await queue.freeze();
  assert.equal(next!.sequence, 1);
  assert.notEqual(nameText(next!), nameText(frozen[0]!));
});

test("what the server refuses is given up and counted", async () => {
  const queue = await bench().open();
  queue.add(taken(learn([call("a.test", "x"), call("a.test", "y")])));
  const [frozen] = await queue.freeze();
  queue.refuse(frozen!);
  queue.add(taken(learn([call("a.test", "x")])));
  const [next] = decoded(await queue.freeze());
  assert.equal(next!.sequence, 2);
  assert.equal(next!.coverage.get("calls-refused"), 2);
  assert.equal(queue.status().losses.deltasRefused, 1);
});
