import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import { type Batch, encodeBatch, shardOf } from "./delta.ts";
import { HttpTransport } from "./httptransport.ts";
import { ModelFiles, randomFrom } from "./modelfiles.fixture.ts";
import { ModelServer } from "./modelserver.fixture.ts";
import { DeltaQueue, type QueueOptions } from "./queue.ts";
import { QuietLog } from "./quietlog.ts";
import { Sender, type SenderOptions } from "./sender.ts";
import { StateFile } from "./statefile.ts";
import { endpointOf, oneCall } from "./summaries.fixture.ts";
import type { Outcome, ServerAnswer, Transport } from "./transport.ts";

/** A thousand times as fast as time: a second is a millisecond. */
const SPEED = 1000;
const fastClock: Clock = {
  nowMs: () => 1_700_000_000_000 + performance.now() * SPEED,
  steadyMs: () => performance.now() * SPEED,
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / SPEED, signal),
};
/** The time of a process that may be killed: then nothing wakes any more. */
const mortal = (isDead: () => boolean, clock = fastClock): Clock => ({
  ...clock,
  sleep: async (durationMs, signal) => {
    await clock.sleep(durationMs, signal);
    if (isDead()) await new Promise(() => {});
  },
});
const real = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A life of a sensor, from start to its end, on `files`. */
interface Life {
  readonly sender: Sender;
  readonly queue: DeltaQueue;
  /** Identifiers of everything that it learned. */
  readonly learned: string[];
  readonly lines: string[];
  readonly answers: ServerAnswer[];
}

/** The machine may do much else meanwhile. */
const until = async (condition: () => boolean): Promise<void> => {
  const endMs = performance.now() + 60_000;
  while (!condition() && performance.now() < endMs) await real(5);
  assert.ok(condition());
};
const isIdle = (queue: DeltaQueue): boolean =>
  queue.status().frozenDeltas + queue.status().waitingApis === 0;

let lives = 0;
const ends: (() => void)[] = [];
/** A life whose test has failed would go on, a thousand times as fast as time. */
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const live = async (
  files: ModelFiles,
  transport: Transport,
  more: Partial<SenderOptions & QueueOptions> & { readonly perFlush?: number } = {},
): Promise<Life> => {
  const lines: string[] = [];
  const learned: string[] = [];
  const answers: ServerAnswer[] = [];
  let isOver = false;
  ends.push(() => {
    isOver = true;
  });
  const clock = mortal(() => isOver, more.clock);
  const sink = {
    info: (line: string) => lines.push(line),
    warn: (line: string) => lines.push(line),
  };
  const log = new QuietLog(sink, () => clock.nowMs());
  const stateFile = await StateFile.open({
    ...{ path: "/state/tap.state", files, log: sink },
    lock: () => ({ release: () => {} }),
  });
  const queue = await DeltaQueue.open({
    ...{ stateFile, log, sensor: null, nowMs: () => clock.nowMs() },
    ...more,
  });
  lives += 1;
  const name = `l${lives}`;
  const take = () => {
    const ids = Array.from(
      { length: more.perFlush ?? 3 },
      (_, index) => `${name}n${learned.length + index}`,
    );
    learned.push(...ids);
    const nowMs = clock.nowMs();
    const coverage = new Map([["packets", ids.length]]);
    return {
      ...{ summaries: ids.map(oneCall), fromMs: nowMs - 10_000, toMs: nowMs },
      ...{ coverage, keptShare: 1, keyId: "k" },
    };
  };
  const sender = new Sender({
    ...{ queue, transport, log, take, flushIntervalMs: 5000, random: Math.random },
    onAnswer: (answer) => answers.push(answer),
    ...more,
    clock,
  });
  return { sender, queue, learned, lines, answers };
};

/** A minute from now that is really a minute: of a stop that ends as soon as all is sent. */
const soon = (): number => fastClock.steadyMs() + 60_000 * SPEED;

/** Hands over to a model server, with faults by chance. */
class FaultyTransport implements Transport {
  readonly target = "model";
  readonly #server: ModelServer;
  readonly #random: () => number;
  /** Share of attempts that go wrong. */
  faults: number;
  isDead = false;
  readonly published = new Set<string>();

  constructor(server: ModelServer, random: () => number, faults: number) {
    this.#server = server;
    this.#random = random;
    this.faults = faults;
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const body = encodeBatch(batch).toString();
    for (const [id] of body.matchAll(/l\d+n\d+/g)) this.published.add(id);
    await real(this.#random() * 2);
    if (this.isDead) return new Promise(() => {});
    const fault = this.#random() < this.faults ? Math.floor(this.#random() * 8) : -1;
    switch (fault) {
      case 0:
        return { kind: "unreachable", reason: "lost on the way" };
      case 1:
        this.#server.receive(body);
        return { kind: "unreachable", reason: "answer lost" };
      case 2:
        this.#server.receive(body);
        break;
      case 3:
        return { kind: "retry", afterMs: 3000, reason: "busy" };
      case 4:
        setTimeout(() => this.#server.receive(body), this.#random() * 40);
        return { kind: "unreachable", reason: "timed out, but arrives later" };
      case 5:
        if (batch.deltas.length > 1) return { kind: "too large", reason: "limit" };
        break;
      case 6:
        this.#server.receive(body);
        return { kind: "retry", afterMs: null, reason: "stored, and then failed" };
      case 7:
        this.#server.receive(body);
        await systemClock.sleep(30, signal);
        return { kind: "unreachable", reason: "hung" };
      default:
    }
    const result = this.#server.receive(body);
    assert.ok(typeof result !== "string", String(result));
    if (this.isDead) return new Promise(() => {});
    const isDuplicate = batch.deltas.length > 0 && result.accepted === 0;
    return { kind: isDuplicate ? "duplicate" : "accepted", answer: null };
  }

  close(): void {}
}

const arrivedOnce = (server: ModelServer, ids: Iterable<string>, why: string): void => {
  for (const id of ids) assert.equal(server.calls.get(endpointOf(id)), 1, `${why}: ${id}`);
};

test("whatever fails on the way, every call that was learned arrives exactly once", async () => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, round) => {
      const server = new ModelServer();
      const transport = new FaultyTransport(server, randomFrom(round), 0.2 + (round % 5) * 0.15);
      const { sender, learned } = await live(new ModelFiles(), transport);
      sender.start();
      await until(() => learned.length > 60);
      transport.faults = 0;
      await until(() => sender.status().failures === 0);
      assert.equal(await sender.stop(soon()), true);
      arrivedOnce(server, learned, `round ${round}`);
      assert.equal(server.calls.size, learned.length);
      assert.equal(server.coverage.get("packets"), learned.length);
      assert.equal(server.standsFor, learned.length);
    }),
  );
});

test("20 lives that end by kill -9 or a power cut: nothing that may have been sent is lost or doubled", async () => {
  let kills = 0;
  let lost = 0;
  let learnedCount = 0;
  await Promise.all(
    Array.from({ length: 4 }, async (_, world) => {
      const random = randomFrom(1000 + world);
      const server = new ModelServer();
      const published = new Set<string>();
      const learned = new Set<string>();
      let files = new ModelFiles();
      for (let life = 0; life < 6; life += 1) {
        const transport = new FaultyTransport(server, random, 0.4);
        const clock = mortal(() => transport.isDead);
        const sensor = await live(files, transport, { clock });
        const crashed = new Promise<boolean>((resolve) => {
          files.crashAt(1 + Math.floor(random() * 60), () => {
            transport.isDead = true;
            resolve(true);
          });
        });
        sensor.sender.start();
        const isKilled = life < 5 && (await Promise.race([crashed, real(5000).then(() => false)]));
        if (isKilled) kills += 1;
        else if (life < 5) {
          transport.isDead = true;
          files.crash();
        } else {
          files.crashAt(Number.POSITIVE_INFINITY);
          transport.faults = 0;
          await real(150);
          assert.equal(await sensor.sender.stop(soon()), true);
        }
        for (const id of sensor.learned) learned.add(id);
        for (const id of transport.published) published.add(id);
        if (life === 5) arrivedOnce(server, sensor.learned, `world ${world}, last life`);
        else files = files.survive(random() < 0.5 ? "kill" : "power cut", random);
      }
      await real(60);
      arrivedOnce(server, published, `world ${world}`);
      for (const [endpoint, calls] of server.calls) assert.equal(calls, 1, endpoint);
      for (const id of learned) if (!server.calls.has(endpointOf(id))) lost += 1;
      learnedCount += learned.size;
    }),
  );
  assert.ok(kills >= 16, `${kills} kills`);
  assert.ok(
    lost < learnedCount / 2,
    `${lost} of ${learnedCount} were not yet saved when they were lost`,
  );
});

test("a kill in a long outage loses at most what the last flushes took", async () => {
  const files = new ModelFiles();
  const away = new FaultyTransport(new ModelServer(), Math.random, 0);
  away.publish = async () => ({ kind: "unreachable", reason: "ECONNREFUSED" });
  const first = await live(files, away, { clock: mortal(() => away.isDead) });
  first.sender.start();
  await until(() => first.learned.length > 60);
  const early = first.learned.slice();
  for (let save = 0; save < 2; save += 1) {
    const before = files.bytes("/state/tap.state");
    await until(() => files.bytes("/state/tap.state") !== before);
  }
  away.isDead = true;
  files.crash();
  const server = new ModelServer();
  const second = await live(
    files.survive("kill", Math.random),
    new FaultyTransport(server, Math.random, 0),
  );
  assert.equal(await second.sender.stop(soon()), true);
  arrivedOnce(server, early, "the first flushes");
});

/** Answers as it is told. */
const scripted = (
  answer: (batch: Batch, attempt: number) => Outcome,
): Transport & { attempts: Batch[] } => {
  const attempts: Batch[] = [];
  return {
    ...{ target: "script", attempts, close: () => {} },
    publish: async (batch) => {
      attempts.push(batch);
      await real(0);
      return answer(batch, attempts.length);
    },
  };
};
const accepted: Outcome = { kind: "accepted", answer: null };

test("a server that is away for hours: memory is flat, one line a minute, and then all arrives", async () => {
  const server = new ModelServer();
  let isAway = true;
  const transport = scripted((batch) => {
    if (isAway) return { kind: "unreachable", reason: "ECONNREFUSED" };
    const result = server.receive(encodeBatch(batch).toString());
    return typeof result === "string" ? { kind: "refused", reason: result } : accepted;
  });
  const { sender, queue, learned, lines } = await live(new ModelFiles(), transport, {
    ...{ unsentBytesMax: 4e6, flushIntervalMs: 10_000, perFlush: 2 },
  });
  const fromMs = fastClock.steadyMs();
  sender.start();
  await until(() => lines.length >= 3);
  const minutes = (fastClock.steadyMs() - fromMs) / 60_000;
  assert.ok(lines.length <= minutes + 2, `${lines.length} lines in ${minutes} min`);
  assert.match(
    lines[1]!,
    /takes no deltas: ECONNREFUSED; \d+ APIs and \d+ deltas wait \(\d+ more times; since/,
  );
  assert.ok(queue.status().frozenDeltas <= 64);
  assert.equal(sender.status().isConnected, false);
  assert.ok(transport.attempts.length < minutes * 3 + 10, "attempts become rare");
  isAway = false;
  await until(() => sender.status().isConnected === true);
  assert.equal(await sender.stop(soon()), true);
  arrivedOnce(server, learned, "after the outage");
  assert.match(lines.at(-1)!, /takes deltas again/);
});

test("a batch that is too large goes in halves, and later ones are smaller from the start", async () => {
  const server = new ModelServer();
  const transport = scripted((batch) => {
    if (encodeBatch(batch).length > 8000) return { kind: "too large", reason: "413" };
    server.receive(encodeBatch(batch).toString());
    return accepted;
  });
  const { sender, queue, learned } = await live(new ModelFiles(), transport, { perFlush: 60 });
  await sender.flush();
  await until(() => isIdle(queue));
  const attempts = transport.attempts.length;
  await sender.flush();
  await until(() => isIdle(queue));
  const second = transport.attempts.slice(attempts);
  assert.ok(second.every((batch) => encodeBatch(batch).length <= 8000));
  assert.equal(await sender.stop(soon()), true);
  arrivedOnce(server, learned, "all");
});

test("a delta that is too large even alone waits, and does not hold up the others", async () => {
  const server = new ModelServer();
  const big = "api7.test";
  let limit = true;
  const transport = scripted((batch) => {
    const body = encodeBatch(batch).toString();
    if (limit && body.includes(big)) return { kind: "too large", reason: "413" };
    server.receive(body);
    return accepted;
  });
  let nowMs = 0;
  const clock: Clock = { ...fastClock, steadyMs: () => nowMs };
  const more = { perFlush: 80, clock };
  const { sender, queue, learned, lines } = await live(new ModelFiles(), transport, more);
  const isHeld = (): boolean => queue.status().frozenDeltas === 1 && sender.status().isConnected!;
  const others = (): string[] =>
    learned.filter((id) => shardOf(oneCall(id).key) !== shardOf(oneCall(`n7`).key));
  await sender.flush();
  await until(isHeld);
  const attempts = transport.attempts.length;
  await sender.flush();
  await until(() => transport.attempts.length > attempts && isHeld());
  assert.ok(others().length > 100);
  arrivedOnce(server, others(), "others");
  assert.match(lines[0]!, /takes no delta of \d+ bytes \(413\): raise its limit/);
  limit = false;
  await sender.flush();
  await until(() => others().every((id) => server.calls.has(endpointOf(id))));
  assert.equal(queue.status().frozenDeltas, 1, "it is not tried all the time");
  nowMs += 60_000;
  assert.equal(await sender.stop(nowMs + 5000 * SPEED), true);
  arrivedOnce(server, learned, "all");
});

test("one delta that is refused for good is found, given up and counted; the others arrive", async () => {
  const server = new ModelServer();
  const bad = "api9.test";
  const transport = scripted((batch) => {
    const body = encodeBatch(batch).toString();
    if (body.includes(bad)) return { kind: "refused", reason: "422 no" };
    server.receive(body);
    return accepted;
  });
  const { sender, queue, learned, lines } = await live(new ModelFiles(), transport, {
    perFlush: 80,
  });
  await sender.flush();
  await until(() => isIdle(queue));
  const refused = queue.status().losses;
  assert.equal(refused.deltasRefused, 1);
  assert.match(lines.join("\n"), /refuses a delta of \d+ calls: 422 no/);
  assert.equal(
    learned.filter((id) => server.calls.has(endpointOf(id))).length,
    80 - refused.callsRefused,
  );
});

test("a state file that was copied is noticed, and then names are new", async () => {
  const transport = scripted((batch, attempt) =>
    batch.deltas.length > 0 && attempt === 1 ? { kind: "duplicate", answer: null } : accepted,
  );
  const { sender, queue, lines } = await live(new ModelFiles(), transport);
  const epoch = queue.status().epoch;
  await sender.flush();
  await until(() => queue.status().epoch !== epoch);
  assert.match(lines[0]!, /the state file is a copy/);
});

test("the first thing is to ask the server, and what it says is handed on and kept", async () => {
  const hashKey = Buffer.from("0123456789abcdef");
  const answer: ServerAnswer = { hashKey, coveredAddresses: ["10.0.0.1"], hints: [] };
  const transport = scripted(() => ({ kind: "accepted", answer }));
  const files = new ModelFiles();
  const { sender, queue, answers } = await live(files, transport);
  sender.start();
  await until(() => answers.length > 0);
  assert.deepEqual(transport.attempts[0], { deltas: [] });
  assert.deepEqual(answers[0], answer);
  assert.deepEqual(queue.hashKey, Uint8Array.from(hashKey));
  await sender.stop(soon());
  const next = await live(files, transport);
  assert.deepEqual(Uint8Array.from(next.queue.hashKey!), Uint8Array.from(hashKey));
});

test("a stop with a server that hangs ends in time, and what was not sent is kept", async () => {
  const files = new ModelFiles();
  const hanging: Transport = {
    ...{ target: "hanging", close: () => {} },
    publish: async (_, signal) => {
      await systemClock.sleep(60_000, signal);
      return { kind: "unreachable", reason: "stopped" };
    },
  };
  const first = await live(files, hanging, { clock: systemClock, flushIntervalMs: 20 });
  first.sender.start();
  await real(100);
  const startMs = performance.now();
  assert.equal(await first.sender.stop(systemClock.steadyMs() + 4000), false);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 20_000, `${tookMs} ms`);
  const server = new ModelServer();
  const second = await live(files, new FaultyTransport(server, Math.random, 0));
  assert.equal(await second.sender.stop(soon()), true);
  arrivedOnce(server, first.learned, "first life");
  arrivedOnce(server, second.learned, "second life");
});

test("a disk that cannot be written or cleared sends nothing, says so, and goes on when it can", async () => {
  const files = new ModelFiles();
  const server = new ModelServer();
  const { sender, learned, lines, queue } = await live(
    files,
    new FaultyTransport(server, Math.random, 0),
  );
  assert.equal(await queue.save(), true);
  files.failures.set("create", "EROFS").set("remove", "EROFS");
  sender.start();
  await until(() => /cannot be written \(EROFS/.test(lines.join("\n")));
  assert.equal(server.calls.size, 0);
  files.failures.clear();
  await real(120);
  assert.equal(await sender.stop(soon()), true);
  arrivedOnce(server, learned, "all");
});

test("over real HTTP: requests dropped, doubled, hung, reset, 429, 503, 413, cut answers", async () => {
  const model = new ModelServer();
  const random = randomFrom(77);
  let faults = 0.5;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const body = zstdDecompressSync(Buffer.concat(chunks)).toString();
      const fault = random() < faults ? Math.floor(random() * 8) : -1;
      if (fault === 0) return void request.socket.destroy();
      if (fault === 1) return void setTimeout(() => model.receive(body), 100);
      if (fault === 2) return plain(response, 429, { "retry-after": "1" });
      if (fault === 3) return plain(response, 413);
      if (fault === 4) model.receive(body);
      const answer = JSON.stringify({ v: 1, ...(model.receive(body) as object) });
      if (fault === 5) return void (request.socket as Socket).resetAndDestroy();
      if (fault === 6) return plain(response, 503);
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": answer.length,
      });
      if (fault !== 7) return void response.end(answer);
      response.write(answer.slice(0, 10));
      setTimeout(() => response.destroy(), 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = new HttpTransport({
    ...{
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      userAgent: "nta/test",
    },
    ...{
      token: null,
      tokenFile: null,
      caFile: null,
      certFile: null,
      keyFile: null,
      timeoutMs: 250,
    },
  });
  try {
    const { sender, learned } = await live(new ModelFiles(), transport, { perFlush: 10 });
    sender.start();
    await real(3000);
    faults = 0;
    await until(() => sender.status().failures === 0);
    assert.equal(await sender.stop(soon()), true);
    await until(() => model.calls.size >= learned.length);
    arrivedOnce(model, learned, "all");
    assert.equal(model.calls.size, learned.length);
    assert.equal(model.coverage.get("packets"), learned.length);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const plain = (response: ServerResponse, status: number, headers = {}): void =>
  void response.writeHead(status, headers).end();
