//! Documents as wholes: valid, sound (every exchange that they were learned from validates against them), and the
//! same however the exchanges were split and ordered.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { SHOP_CAPTURE } from "../examples/generate.ts";
import type { BodySink, Exchange, ExchangeObserver } from "../src/http/exchange.ts";
import { HeaderName } from "../src/http/headername.ts";
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
): OpenApiDocument[] => infer(summaries).apis.map((api) => emit(api, { openapi, evidence: false }));

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

test("any split of the exchanges gives the same documents", async () => {
  const whole = newTelemetry();
  await read(SHOP_CAPTURE, whole);
  const expected = documentsOf(whole.summaries(), "3.0.3");
  assert.equal(expected.length, 2);
  for (const partCount of [2, 5, 17]) {
    const random = new Random(partCount);
    const parts = Array.from({ length: partCount }, newTelemetry);
    await read(SHOP_CAPTURE, new Splitter(parts, random));
    const summaries = parts.flatMap((part) => part.summaries());
    const shuffled = summaries
      .map((summary) => ({ summary, order: random.unit() }))
      .sort((a, b) => a.order - b.order)
      .map(({ summary }) => summary);
    assert.deepEqual(documentsOf(shuffled, "3.0.3"), expected, `${partCount} parts`);
  }
});

interface Message {
  readonly mediaType: string;
  readonly text: string;
  readonly isWhole: boolean;
}

interface Call {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly request: Message | null;
  readonly response: Message | null;
}

/** Telemetry that also keeps what it was told, as a test may. */
class Witness implements ExchangeObserver {
  readonly calls: Call[] = [];
  readonly telemetry: Telemetry;
  readonly #bodies = new Map<BodySink, Buffer[]>();
  #selected = false;

  constructor() {
    this.telemetry = new Telemetry({
      selection: { ...defaultSelection, statuses: ["xxx"] },
      privacy: defaultPrivacy,
      hashKey: Buffer.alloc(16, 7),
      onExchange: (exchange, { selected }) => {
        this.#selected = selected;
        if (selected) this.calls.push(this.#callOf(exchange));
      },
    });
  }

  requestHead(exchange: Exchange): BodySink | null {
    return this.#watch(this.telemetry.requestHead(exchange));
  }

  responseHead(exchange: Exchange): BodySink | null {
    return this.#watch(this.telemetry.responseHead(exchange));
  }

  exchange(exchange: Exchange): void {
    this.telemetry.exchange(exchange);
    assert.ok(this.#selected !== undefined);
    for (const message of [exchange.request, exchange.response]) {
      if (message?.sink != null) this.#bodies.delete(message.sink);
    }
  }

  /** The sink itself, as telemetry looks for its own; its `data` also keeps a copy. */
  #watch(sink: BodySink | null): BodySink | null {
    if (sink === null) return null;
    const parts: Buffer[] = [];
    this.#bodies.set(sink, parts);
    const original = Object.getPrototypeOf(sink).data as BodySink["data"];
    sink.data = (bytes, start, end) => {
      parts.push(Buffer.from(bytes.subarray(start, end)));
      original.call(sink, bytes, start, end);
    };
    return sink;
  }

  #callOf(exchange: Exchange): Call {
    const { method, target, status, request, response, connection } = exchange;
    const host = request?.head.value(HeaderName.Host)?.toLowerCase() ?? connection.server.ip;
    return {
      host: host.replace(/:\d+$/, ""),
      method,
      path: target.split("?")[0]!,
      status,
      request: this.#messageOf(request),
      response: this.#messageOf(response),
    };
  }

  #messageOf(message: Exchange["request"]): Message | null {
    const parts = message?.sink == null ? undefined : this.#bodies.get(message.sink);
    if (message === null || parts === undefined || parts.length === 0) return null;
    const type = message.head.value(HeaderName.ContentType) ?? "";
    return {
      mediaType: type.split(";")[0]!.trim().toLowerCase(),
      text: Buffer.concat(parts).toString("utf8"),
      isWhole: message.complete,
    };
  }
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Operation {
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** The operation that a call belongs to: literal segments win over parameters, from the left. */
const operationOf = (document: OpenApiDocument, call: Call): Operation | null => {
  const matching = Object.keys(document.paths).filter((template) => {
    const source = template
      .split(/\{[^}]*\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${source.join("[^/]+")}$`).test(decodeURI(call.path));
  });
  const best = matching.sort((a, b) => rank(a).localeCompare(rank(b)))[0];
  const item =
    best === undefined ? undefined : (document.paths[best] as unknown as Record<string, Operation>);
  return item?.[call.method.toLowerCase()] ?? null;
};

const rank = (template: string): string =>
  template
    .split("/")
    .map((segment) => (segment.includes("{") ? "1" : "0"))
    .join("");

const problemsOf = (witness: Witness): string[] => {
  const documents = documentsOf(witness.telemetry.summaries(), "3.1.0");
  const byHost = new Map(documents.map((each) => [(each.info as { title: string }).title, each]));
  const problems: string[] = [];
  let validated = 0;
  for (const call of witness.calls) {
    const document = byHost.get(call.host);
    const operation = document === undefined ? null : operationOf(document, call);
    const name = `${call.method} ${call.path} ${call.status}`;
    if (document === undefined || operation === null) {
      if (!REFUSALS.has(call.status)) problems.push(`${name}: no operation`);
      continue;
    }
    const answers = operation.responses[String(call.status)];
    if (answers === undefined) problems.push(`${name}: no response`);
    for (const [message, content] of [
      [call.status < 400 ? call.request : null, operation.requestBody] as const,
      [call.response, answers] as const,
    ]) {
      const schema = message === null ? undefined : content?.content?.[message.mediaType]?.schema;
      if (message === null || !message.isWhole || !/\bjson$/.test(message.mediaType)) continue;
      const value = parseOrNull(message.text);
      if (value === null) continue;
      if (schema === undefined) problems.push(`${name}: no schema of ${message.mediaType}`);
      else {
        validated += 1;
        const check = validatorOf(document, schema);
        if (!check(value.json)) problems.push(`${name}: ${JSON.stringify(check.errors?.[0])}`);
      }
    }
  }
  assert.ok(validated > 100 || witness.calls.length < 200, `only ${validated} bodies`);
  return [...new Set(problems)];
};

/** A path that was only ever answered so is no endpoint. */
const REFUSALS = new Set([404, 405]);

const parseOrNull = (text: string): { readonly json: unknown } | null => {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return null;
  }
};

const validators = new WeakMap<object, ReturnType<Ajv2020["compile"]>>();

const validatorOf = (document: OpenApiDocument, schema: object): ReturnType<Ajv2020["compile"]> => {
  let compiled = validators.get(schema);
  if (compiled === undefined) {
    const ajv = new Ajv2020({ strict: false, validateFormats: true });
    addFormats.default(ajv);
    for (const format of ["int32", "int64", "password", "binary"]) ajv.addFormat(format, true);
    compiled = ajv.compile({ ...schema, components: document["components"] ?? {} });
    validators.set(schema, compiled);
  }
  return compiled;
};

test("every exchange of the example validates against the documents", async () => {
  const witness = new Witness();
  await read(SHOP_CAPTURE, witness);
  assert.ok(witness.calls.length > 500);
  assert.deepEqual(problemsOf(witness), []);
});

test("documents of both versions are valid", async () => {
  const telemetry = newTelemetry();
  await read(SHOP_CAPTURE, telemetry);
  for (const version of ["3.0.3", "3.1.0"] as const) {
    for (const document of documentsOf(telemetry.summaries(), version)) {
      assert.equal(document.openapi, version);
      assert.deepEqual(await validate(document), []);
    }
  }
});

/** Several JSON values, one a line, sent as `application/json`: the document says text, one value alone is JSON. */
const LINES_AS_JSON = /^GET \/stream\/1 /;

const SETS = [
  "real-json-server",
  "real-httpbin",
  "readme-3.0-petstore",
  "powerdns.local",
  "hcloud",
];

test("every exchange of captures from outside validates", {
  skip: skipWithoutEval("soundness"),
}, async () => {
  for (const set of SETS) {
    const capture = join(evalFolder()!, "traffic", set, "traffic.pcap");
    if (!existsSync(capture)) continue;
    const witness = new Witness();
    await read(capture, witness);
    assert.ok(witness.calls.length > 0, set);
    const problems = problemsOf(witness).filter((problem) => !LINES_AS_JSON.test(problem));
    assert.deepEqual(problems.slice(0, 20), [], set);
    for (const version of ["3.0.3", "3.1.0"] as const) {
      for (const document of documentsOf(witness.telemetry.summaries(), version)) {
        assert.deepEqual(await validate(document), [], set);
      }
    }
  }
});
