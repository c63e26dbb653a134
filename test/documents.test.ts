//! Documents as wholes: valid in both versions, and the same however the exchanges were split and ordered.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { SHOP_CAPTURE } from "../examples/generate.ts";
import type { BodySink, Exchange, ExchangeObserver } from "../src/http/exchange.ts";
import { infer } from "../src/infer/infer.ts";
import { readCaptures } from "../src/programs/pipeline.ts";
import type { OpenApiDocument, OpenApiVersion } from "../src/spec/document.ts";
import { emit } from "../src/spec/emit.ts";
import { validate } from "../src/spec/validate.ts";
import { defaultPrivacy } from "../src/telemetry/privacy.ts";
import { defaultSelection } from "../src/telemetry/selection.ts";
import type { ApiSummary } from "../src/telemetry/summary.ts";
import { Telemetry } from "../src/telemetry/telemetry.ts";
import { evalFolder, skipWithoutEval } from "./support/evaldata.ts";
import { Random } from "./support/random.ts";

const newTelemetry = (): Telemetry =>
  new Telemetry({
    selection: { ...defaultSelection, statuses: ["xxx"] },
    privacy: defaultPrivacy,
    hashKey: Buffer.alloc(16, 7),
  });

const read = async (capture: string, observer: ExchangeObserver): Promise<void> => {
  const { signal } = new AbortController();
  await readCaptures([capture], observer, { signal, onPiece: () => undefined });
};

const documentsOf = (
  summaries: readonly ApiSummary[],
  openapi: OpenApiVersion,
): OpenApiDocument[] =>
  infer(summaries).apis.map((api) => emit(api, { openapi, evidence: openapi === "3.1.0" }));

/** Hands each exchange to one of several observers, drawn at random. */
class Splitter implements ExchangeObserver {
  readonly #parts: readonly ExchangeObserver[];
  readonly #random: Random;
  readonly #chosen = new Map<Exchange, ExchangeObserver>();

  constructor(parts: readonly ExchangeObserver[], random: Random) {
    this.#parts = parts;
    this.#random = random;
  }

  requestHead(exchange: Exchange): BodySink | null {
    return this.#partOf(exchange).requestHead(exchange);
  }

  responseHead(exchange: Exchange): BodySink | null {
    return this.#partOf(exchange).responseHead(exchange);
  }

  exchange(exchange: Exchange): void {
    const part = this.#partOf(exchange);
    this.#chosen.delete(exchange);
    part.exchange(exchange);
  }

  #partOf(exchange: Exchange): ExchangeObserver {
    let part = this.#chosen.get(exchange);
    if (part === undefined) {
      part = this.#random.pick(this.#parts);
      this.#chosen.set(exchange, part);
    }
    return part;
  }
}

const checkSplits = async (capture: string, partCounts: readonly number[]): Promise<void> => {
  const whole = newTelemetry();
  await read(capture, whole);
  const expected = documentsOf(whole.summaries(), "3.0.3");
  assert.ok(expected.length > 0, capture);
  for (const partCount of partCounts) {
    const random = new Random(partCount);
    const parts = Array.from({ length: partCount }, newTelemetry);
    await read(capture, new Splitter(parts, random));
    const shuffled = parts
      .flatMap((part) => part.summaries())
      .map((summary) => ({ summary, order: random.unit() }))
      .sort((a, b) => a.order - b.order)
      .map(({ summary }) => summary);
    const found = documentsOf(shuffled, "3.0.3");
    assert.deepEqual(found, expected, `${capture} in ${partCount} parts`);
  }
};

const checkValidity = async (capture: string): Promise<void> => {
  const telemetry = newTelemetry();
  await read(capture, telemetry);
  for (const version of ["3.0.3", "3.1.0"] as const) {
    for (const document of documentsOf(telemetry.summaries(), version)) {
      assert.equal(document.openapi, version);
      assert.deepEqual(await validate(document), [], capture);
    }
  }
};

test("any split of the example's exchanges gives the same documents", () =>
  checkSplits(SHOP_CAPTURE, [2, 5, 17]));

test("the example's documents are valid", () => checkValidity(SHOP_CAPTURE));

const skip = skipWithoutEval("the check of documents of captures from outside");
const trafficOf = (set: string): string => join(evalFolder()!, "traffic", set, "traffic.pcap");

test("any split of captures from outside gives the same documents", { skip }, async () => {
  for (const set of ["real-rabbitmq", "gitea.io"]) await checkSplits(trafficOf(set), [4]);
});

test("documents of captures from outside are valid", { skip }, async () => {
  for (const set of ["real-httpbin", "github-api"]) await checkValidity(trafficOf(set));
});
