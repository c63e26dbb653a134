import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import zlib from "node:zlib";
import fc from "fast-check";
import { httpLimits } from "../base/limits.ts";
import { Body } from "./body.ts";
import { Coding, openCodec, WholeCodec } from "./codec.ts";
import { CodecPool, CodingName } from "./codings.ts";
import { HttpContext } from "./context.ts";
import { HeldBudget } from "./decoding.ts";
import { CollectingSink, data, type PlayOptions, play, type Step } from "./dialogue.fixture.ts";
import { Framing } from "./framing.ts";

const TEXT = JSON.stringify(
  Array.from({ length: 40 }, (_, id) => ({ id, name: `item ${id * 7919}` })),
);

const ENCODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  "x-gzip": (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  "deflate raw": (bytes) => zlib.deflateRawSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
  "gzip, br": (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
  "deflate, gzip, zstd": (bytes) => zlib.zstdCompressSync(zlib.gzipSync(zlib.deflateSync(bytes))),
  identity: (bytes) => bytes,
  "GZIP, identity": (bytes) => zlib.gzipSync(bytes),
  "utf-8": (bytes) => bytes,
};
const headerOf = (name: string): string => name.replace(" raw", "");

const chunks = (bytes: Buffer, size: number): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
};

const ask: Step = data(">", "GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n");

/** The body of one response, as the sink got it. */
function bodyOf(steps: readonly Step[], options: PlayOptions = {}): string {
  const { log } = play([ask, ...steps], options);
  assert.equal(log.length, 1);
  return (log[0] ?? "").replace("GET /a | 200", "");
}

for (const [name, encode] of Object.entries(ENCODERS))
  test(`coding ${name}, with a length, chunked and until the end, in pieces of any size`, () => {
    const short = "short text, 1 of 2";
    const encoded = encode(Buffer.from(short));
    const coded = `HTTP/1.1 200 OK\\r\\nContent-Encoding: ${headerOf(name)}\\r\\n`;
    for (let pieceBytes = 1; pieceBytes < encoded.length + 100; pieceBytes += 3) {
      const expected = ` "${short}"`;
      const sized = data("<", `${coded}Content-Length: ${encoded.length}\\r\\n\\r\\n`, encoded);
      assert.equal(bodyOf([sized], { pieceBytes }), expected);
      const chunked = data(
        "<",
        `${coded}Transfer-Encoding: chunked\\r\\n\\r\\n`,
        chunks(encoded, 7),
      );
      assert.equal(bodyOf([chunked], { pieceBytes }), expected);
      const open = data("<", `${coded}\\r\\n`, encoded);
      assert.equal(bodyOf([open, { kind: "fin", direction: 1 }], { pieceBytes }), expected);
    }
  });

test("codings in two fields, and a transfer coding on top", () => {
  const bytes = zlib.gzipSync(zlib.brotliCompressSync(zlib.deflateSync("hey")));
  assert.equal(
    bodyOf([
      data(
        "<",
        "HTTP/1.1 200 OK\\r\\nContent-Encoding: deflate\\r\\nContent-Encoding: br\\r\\nTransfer-Encoding: gzip, chunked\\r\\n\\r\\n",
        chunks(bytes, 10),
      ),
    ]),
    ' "hey"',
  );
});

const finish = (name: string, bytes: Buffer, length = bytes.length): Step =>
  data(
    "<",
    `HTTP/1.1 200 OK\\r\\nContent-Encoding: ${name}\\r\\nContent-Length: ${length}\\r\\n\\r\\n`,
    bytes,
  );

test("unknown or broken codings hand on nothing wrong, and say so", () => {
  const gzip = zlib.gzipSync(TEXT);
  for (const [name, bytes] of [
    ["compress", gzip],
    ["aws-chunked", gzip],
    ["gzip, gzip, gzip, gzip, gzip", gzip],
    ["gzip", Buffer.from("not gzip at all")],
    ["br", Buffer.from("not brotli at all")],
    ["zstd", Buffer.from("not zstd at all")],
    ["deflate", Buffer.from("not deflate at all")],
  ] as const)
    assert.match(bodyOf([finish(name, bytes)]), /^ ~ \[responseUndecodable\]$/, name);
});

test("an encoded body that is cut gives a correct prefix", () => {
  for (const [name, encode] of Object.entries(ENCODERS)) {
    const encoded = encode(Buffer.from(TEXT));
    for (const cut of [1, 2, 5, 12, 40, encoded.length - 9, encoded.length - 1]) {
      const sink = new CollectingSink();
      const body = new Body(new CodecPool(), new HeldBudget());
      const names = headerOf(name)
        .toLowerCase()
        .split(", ")
        .filter((one) => one in NUMBERS)
        .map((one) => NUMBERS[one]!);
      body.begin(Framing.Length, encoded.length, names, sink);
      body.feed(encoded, 0, cut);
      body.finish(false);
      assert.equal(sink.whole, false, name);
      assert.ok(TEXT.startsWith(sink.bytes.toString()), `${name} cut at ${cut}`);
      if (name === "gzip" && cut === encoded.length - 9) assert.ok(sink.bytes.length > 0);
    }
  }
});
const NUMBERS: Readonly<Record<string, CodingName>> = {
  gzip: CodingName.Gzip,
  "x-gzip": CodingName.Gzip,
  deflate: CodingName.Deflate,
  br: CodingName.Brotli,
  zstd: CodingName.Zstd,
};

test("a body whose length ends before its coding does", () => {
  const gzip = zlib.gzipSync(TEXT);
  assert.match(bodyOf([finish("gzip", gzip.subarray(0, 80))]), / ~ \[responseUndecodable\]$/);
});

test("several gzip members, and zeros behind the last", () => {
  const bytes = Buffer.concat([zlib.gzipSync("one "), zlib.gzipSync("two"), Buffer.alloc(9)]);
  assert.equal(bodyOf([finish("gzip", bytes)]), ' "one two"');
  const frames = Buffer.concat([zlib.zstdCompressSync("one "), zlib.zstdCompressSync("two")]);
  assert.equal(bodyOf([finish("zstd", frames)]), ' "one two"');
});

test("an empty encoded body is whole", () => {
  assert.equal(
    bodyOf([
      data(
        "<",
        "HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
      ),
    ]),
    "",
  );
});

test("a bomb ends at the limit, in every coding", () => {
  const zeros = Buffer.alloc(httpLimits.bodyBytesMax + 100_000);
  for (const name of ["gzip", "br", "zstd", "deflate"]) {
    const encoded = ENCODERS[name]!(zeros);
    const sink = new CountingSink();
    const body = new Body(new CodecPool(), new HeldBudget());
    body.begin(Framing.Length, encoded.length, [NUMBERS[name]!], sink);
    body.feed(encoded, 0, encoded.length);
    assert.equal(body.finish(true), true);
    assert.deepEqual(
      [sink.byteCount, sink.whole, body.overLimit],
      [httpLimits.bodyBytesMax, false, true],
      name,
    );
  }
});

class CountingSink {
  byteCount = 0;
  whole: boolean | null = null;
  data(_bytes: Uint8Array, start: number, end: number): void {
    this.byteCount += end - start;
  }
  end(whole: boolean): void {
    this.whole = whole;
  }
}

/** Text that does not compress well, so that encoded bodies grow long. */
const noise = (byteCount: number): Buffer => {
  const bytes = Buffer.alloc(byteCount);
  let state = 1;
  for (let at = 0; at < byteCount; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = 32 + (state >>> 27);
  }
  return bytes;
};

test("long bodies stream: the same output, and nothing is held", () => {
  const text = noise(400_000);
  for (const name of ["gzip", "deflate", "deflate raw", "br", "zstd", "gzip, br"]) {
    const encoded = ENCODERS[name]!(text);
    assert.ok(encoded.length > 2 * httpLimits.encodedHeldBytesMax);
    const sink = new CollectingSink();
    const budget = new HeldBudget();
    const body = new Body(new CodecPool(), budget);
    const names = headerOf(name)
      .split(", ")
      .map((one) => NUMBERS[one]!);
    body.begin(Framing.Length, encoded.length, names, sink);
    for (let at = 0; at < encoded.length; at += 1460) {
      body.feed(encoded, at, Math.min(encoded.length, at + 1460));
      assert.ok(budget.byteCount <= 2 * httpLimits.encodedHeldBytesMax);
    }
    assert.equal(body.finish(true), true);
    assert.equal(sink.whole, true, name);
    assert.ok(sink.bytes.equals(text), name);
    assert.equal(budget.byteCount, 0);
  }
});

test("when all decoders are out a long body is over the limit, a short one is not", () => {
  const encoded = ENCODERS["br"]!(noise(400_000));
  const pool = new CodecPool();
  const budget = new HeldBudget();
  const open = Array.from({ length: httpLimits.windowedDecodersMax + 1 }, () => {
    const sink = new CollectingSink();
    const body = new Body(pool, budget);
    body.begin(Framing.Length, encoded.length, [CodingName.Brotli], sink);
    body.feed(encoded, 0, httpLimits.encodedHeldBytesMax + 1000);
    return { body, sink };
  });
  const short = ENCODERS["br"]!(Buffer.from("hey"));
  const body = new Body(pool, budget);
  const sink = new CollectingSink();
  body.begin(Framing.Length, short.length, [CodingName.Brotli], sink);
  body.feed(short, 0, short.length);
  body.finish(true);
  assert.equal(sink.bytes.toString(), "hey");
  const results = open.map((one) => {
    one.body.feed(encoded, httpLimits.encodedHeldBytesMax + 1000, encoded.length);
    one.body.finish(true);
    return [one.body.overLimit, one.sink.whole];
  });
  assert.deepEqual(results.slice(0, -1), Array(httpLimits.windowedDecodersMax).fill([false, true]));
  assert.deepEqual(results.at(-1), [true, false]);
  // All are back.
  for (let count = 0; count < httpLimits.windowedDecodersMax; count++)
    assert.equal(pool.reserve(Coding.Brotli), true);
});

test("the documented functions, used where the handle cannot be, give the same", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(Coding)),
      fc.string({ maxLength: 400 }),
      fc.nat(500),
      fc.boolean(),
      (coding, text, cutAt, spoil) => {
        const encoder = [
          zlib.gzipSync,
          zlib.deflateSync,
          zlib.deflateRawSync,
          zlib.brotliCompressSync,
          zlib.zstdCompressSync,
        ][coding]!;
        let encoded = encoder(Buffer.from(text));
        encoded = encoded.subarray(0, Math.max(1, cutAt));
        if (spoil) encoded[encoded.length >> 1]! ^= 0x55;
        const outputs = [openCodec(coding), new WholeCodec(coding)].map((codec) => {
          let output = "";
          codec.begin({
            full: false,
            data: (bytes, start, end) => {
              output += Buffer.from(bytes.subarray(start, end)).toString("latin1");
            },
          });
          for (let at = 0; at < encoded.length; at += 50)
            codec.data(encoded, at, Math.min(encoded.length, at + 50));
          return { whole: codec.end(), broken: codec.broken, output };
        });
        assert.equal(outputs[0]!.whole, outputs[1]!.whole);
        assert.equal(outputs[0]!.broken, outputs[1]!.broken);
        if (outputs[0]!.whole) assert.equal(outputs[0]!.output, outputs[1]!.output);
      },
    ),
    { numRuns: 300 },
  );
});

test("bodies that are thrown away give back what they hold", () => {
  const context = new HttpContext({
    requestHead: () => null,
    responseHead: () => null,
    exchange: () => {},
  });
  const encoded = zlib.gzipSync(TEXT);
  const open = (): Body => {
    const body = context.borrowBody();
    body.begin(Framing.Length, encoded.length, [CodingName.Gzip], new CollectingSink());
    body.feed(encoded, 0, 100);
    return body;
  };
  const bodiesMax = httpLimits.pooledMax + 50;
  const keptBytes = new Set<number>();
  for (let round = 0; round < 3; round += 1) {
    const bodies = Array.from({ length: bodiesMax }, open);
    assert.ok(context.budget.byteCount >= 100 * bodiesMax);
    for (const body of bodies) {
      body.finish(false);
      context.returnBody(body);
    }
    keptBytes.add(context.budget.byteCount);
  }
  assert.equal(keptBytes.size, 1, `what is held grows: ${[...keptBytes].join(", ")}`);
});
