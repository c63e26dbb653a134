import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { UsageError } from "../base/errors.ts";
import { readPackets } from "../capture/reader.ts";
import { openSource } from "../capture/source.ts";
import { evalFiles } from "../capture/testing.ts";
import { Decoder } from "./decoder.ts";
import { emptySegment } from "./segment.ts";

/** Reads and decodes a file of others; gives what was in it by outcome. */
async function outcomes(path: string): Promise<Record<string, number>> {
  const decoder = new Decoder();
  const segment = emptySegment();
  try {
    const source = await openSource(path);
    const result = await readPackets(source, (packet) => {
      assert.ok(packet.start <= packet.end && packet.end <= packet.bytes.length);
      assert.ok(packet.wireBytes >= packet.end - packet.start);
      decoder.decode(packet, segment);
      assert.ok(segment.payloadEnd <= segment.bytes.length && segment.missingBytes >= 0);
    });
    const entries = decoder.counters.entries();
    assert.equal(
      entries.reduce((sum, entry) => sum + entry.count, 0),
      result.packets,
    );
    return Object.fromEntries(entries.map(({ name, count }) => [name, count]));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { refused: 1 };
  }
}

for (const folder of ["hostile", "vectors/gopacket"]) {
  const files = evalFiles(folder);
  test(`every file of ${folder} is read`, {
    skip: files === null ? "no evaluation data" : false,
    timeout: 30_000,
  }, async () => {
    for (const path of files ?? []) {
      const startMs = performance.now();
      await outcomes(path);
      assert.ok(performance.now() - startMs < 2000, `${path} took long`);
    }
  });
}

const variants = evalFiles("vectors/gopacket");
test("both byte orders of a pcapng file hold the same", {
  skip: variants === null ? "no evaluation data" : false,
}, async () => {
  const pairs = (variants ?? []).filter((path) => path.includes("pcapgo-le"));
  assert.ok(pairs.length > 10);
  for (const path of pairs) {
    const other = path.replace("pcapgo-le", "pcapgo-be");
    assert.deepEqual(await outcomes(other), await outcomes(path), basename(path));
  }
});
