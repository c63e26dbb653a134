import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { isShallow, parseJson, readBody } from "./body.ts";
import { Refusal } from "./problem.ts";

/** What a server reads of a body that comes in pieces with pauses between them; a refusal's status, or the text. */
function read(
  pieces: readonly Uint8Array[],
  { coding = "", pauseMs = 0, timeoutMs = 2000, bytesMax = 1000 },
): Promise<string | number> {
  return new Promise((resolve, reject) => {
    const server = createServer((incoming, response) => {
      readBody(incoming, { wireBytesMax: 500, bytesMax, timeoutMs })
        .then((bytes) => bytes.toString("latin1"))
        .catch((error: unknown) => (error instanceof Refusal ? error.status : String(error)))
        .then((result) => {
          response.writeHead(200, { connection: "close" }).end();
          server.closeAllConnections();
          server.close(() => resolve(result));
        }, reject);
    });
    server.listen(0, "127.0.0.1", async () => {
      const { port } = server.address() as { port: number };
      const headers = coding === "" ? {} : { "content-encoding": coding };
      const sent = request({ port, host: "127.0.0.1", method: "POST", headers, agent: false });
      sent.on("error", () => undefined);
      sent.on("response", (response) => response.resume());
      for (const piece of pieces) {
        sent.write(piece);
        if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
      }
      sent.end();
    });
  });
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

test("a body comes whole, in pieces and packed", async () => {
  assert.equal(await read([bytes("hel"), bytes("lo")], { pauseMs: 5 }), "hello");
  assert.equal(await read([gzipSync("hello")], { coding: "gzip" }), "hello");
  const packed = zstdCompressSync("hello".repeat(20));
  const pieces = [packed.subarray(0, 5), packed.subarray(5)];
  assert.equal(await read(pieces, { coding: "zstd", pauseMs: 5 }), "hello".repeat(20));
  assert.equal(await read([], {}), "");
});

test("one that trickles is given up, one that is too large is not read on", async () => {
  const trickle = Array.from({ length: 50 }, () => bytes("x"));
  assert.equal(await read(trickle, { pauseMs: 20, timeoutMs: 100 }), 408);
  assert.equal(
    await read([gzipSync("x").subarray(0, 12)], { coding: "gzip", pauseMs: 300, timeoutMs: 100 }),
    408,
  );
  assert.equal(await read([Buffer.alloc(400), Buffer.alloc(400)], { pauseMs: 5 }), 413);
  assert.equal(await read([gzipSync(Buffer.alloc(2000))], { coding: "gzip" }), 413);
});

test("what is not in its coding, or in none that is known", async () => {
  assert.equal(await read([bytes("hello")], { coding: "gzip" }), 400);
  assert.equal(await read([bytes("hello")], { coding: "zstd" }), 400);
  assert.equal(await read([zstdCompressSync("hello").subarray(0, 8)], { coding: "zstd" }), 400);
  assert.equal(await read([bytes("hello")], { coding: "gzip, gzip" }), 415);
});

test("depth is that of brackets outside of strings", () => {
  const depth = (value: unknown): number =>
    typeof value !== "object" || value === null
      ? 0
      : 1 + Math.max(0, ...Object.values(value).map(depth));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = Buffer.from(JSON.stringify(value));
      const found = depth(value);
      assert.ok(isShallow(text, found));
      assert.ok(found === 0 || !isShallow(text, found - 1));
      assert.deepEqual(parseJson(text), JSON.parse(text.toString()));
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (noise) => void isShallow(noise, 3)));
});
