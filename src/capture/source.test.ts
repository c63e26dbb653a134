import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { UsageError } from "../base/errors.ts";
import { captureLimits } from "../base/limits.ts";
import { readPackets } from "./reader.ts";
import { describeUnknown, openSource } from "./source.ts";
import { enhancedPacket, interfaceBlock, pcapFile, sectionHeader } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-source-"));
after(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
function fileOf(bytes: Uint8Array | string): string {
  fileCount += 1;
  const path = join(folder, `f${fileCount}`);
  writeFileSync(path, bytes);
  return path;
}

/** Does not compress, so that files are longer than one chunk. */
const noise = (length: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
};

const packets = Array.from({ length: 1000 }, (_, index) => ({
  bytes: noise(1 + ((index * 37) % 1400), index),
  seconds: 1000 + index,
}));
const capture = pcapFile(packets);

async function read(path: string) {
  const source = await openSource(path);
  let check = 0;
  const result = await readPackets(source, (packet) => {
    for (let at = packet.start; at < packet.end; at += 1) {
      check = (Math.imul(check, 31) + packet.bytes[at]!) | 0;
    }
  });
  assert.equal(source.bytesRead(), source.bytesTotal ?? source.bytesRead());
  return { source, result, check };
}

test("a file, plain and wrapped in every way, gives the same packets", async () => {
  const plain = await read(fileOf(capture));
  assert.ok(capture.length > captureLimits.chunkBytes, "more than one chunk");
  assert.equal(plain.result.packets, 1000);
  assert.equal(plain.result.firstMs, 1_000_000);
  assert.equal(plain.result.lastMs, 1_999_000);
  assert.deepEqual(plain.result.linkTypes, new Map([[1, 1000]]));
  assert.equal(plain.source.bytesTotal, capture.length);
  const a = capture.subarray(0, 300_000);
  const b = capture.subarray(300_000);
  const skippable = Buffer.from("502a4d1804000000abcdabcd", "hex");
  const wrapped = {
    gzip: gzipSync(capture),
    "gzip, two members": Buffer.concat([gzipSync(a), gzipSync(b)]),
    "gzip, padded with zeros": Buffer.concat([gzipSync(capture), Buffer.alloc(512)]),
    zstd: zstdCompressSync(capture),
    "zstd, two frames": Buffer.concat([zstdCompressSync(a), zstdCompressSync(b)]),
    "zstd, skippable frames": Buffer.concat([skippable, zstdCompressSync(capture), skippable]),
  };
  for (const [name, bytes] of Object.entries(wrapped)) {
    const { source, result, check } = await read(fileOf(bytes));
    assert.equal(source.kind, "pcap", name);
    assert.equal(check, plain.check, name);
    assert.equal(result.packets, 1000, name);
    assert.equal(result.truncated, false, name);
    assert.equal(source.bytesTotal, bytes.length, name);
    if (!name.includes("zeros")) assert.deepEqual(result.warnings, [], name);
  }
});

test("a member may end exactly where a chunk ends", async () => {
  const chunk = captureLimits.chunkBytes;
  const stored = gzipSync(capture.subarray(0, 400_000), { level: 0 });
  const rest = gzipSync(capture.subarray(400_000));
  // An extra field of the gzip header (RFC 1952, section 2.3) makes the first member fill whole chunks.
  const extra = Buffer.alloc(Math.min(chunk - stored.length - 2, 65535));
  const rounds = chunk - stored.length - extra.length - 2;
  const name = Buffer.concat([Buffer.alloc(rounds - 1, 0x61), Buffer.alloc(1)]);
  const head = Buffer.from(stored.subarray(0, 10));
  head[3] = 4 | 8;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(extra.length);
  const first = Buffer.concat([head, size, extra, name, stored.subarray(10)]);
  assert.equal(first.length, chunk);
  const { result } = await read(fileOf(Buffer.concat([first, rest])));
  assert.deepEqual([result.packets, result.warnings], [1000, []]);
});

test("data that are cut off or damaged are used up to there", async () => {
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [capture.subarray(0, -5), /^the capture is cut off in its last record; used up to there$/],
    [gzipSync(capture).subarray(0, -5000), /^the gzip data are cut off; used up to there$/],
    [zstdCompressSync(capture).subarray(0, -5000), /^the zstd data are cut off; used up to there$/],
    [Buffer.concat([zstdCompressSync(capture), noise(99, 1)]), /behind the zstd data were ignored/],
  ];
  for (const [bytes, warning] of cases) {
    const { result } = await read(fileOf(bytes));
    assert.ok(result.packets > 600, `${result.packets} ${warning}`);
    assert.equal(result.warnings.length, 1, result.warnings.join());
    assert.match(result.warnings[0]!, warning);
  }
  const damaged = gzipSync(capture);
  damaged.fill(0xff, 600_000, 600_100);
  const { result } = await read(fileOf(damaged));
  assert.ok(result.packets > 100);
  assert.match(result.warnings[0]!, /^the gzip data are damaged/);
});

test("kinds", async () => {
  const kinds: readonly (readonly [Uint8Array | string, string, RegExp?])[] = [
    ["", "empty", /is empty; capture again/],
    [gzipSync(""), "empty"],
    [pcapFile([]), "pcap"],
    [gzipSync(sectionHeader(true)), "pcapng"],
    ['{"log":{}}', "json"],
    ["\ufeff \n\t [1]", "json"],
    [gzipSync("  {}"), "json"],
    [gzipSync(gzipSync(capture)), "unknown", /is compressed twice/],
    ["   ", "unknown", /is text/],
    ["hello", "unknown", /is text, neither JSON nor a capture/],
    [Buffer.from("89504e470d0a", "hex"), "unknown", /is a PNG image/],
    ["\x7fELF", "unknown"],
    ["ab", "unknown"],
    [Buffer.from("fd377a585a00", "hex"), "unknown", /`xz -d`/],
    [Buffer.from("0102030405", "hex"), "unknown", /starts with 01020304/],
  ];
  for (const [bytes, kind, text] of kinds) {
    const source = await openSource(fileOf(bytes));
    assert.equal(source.kind, kind, String(bytes));
    if (text) assert.match(describeUnknown(source), text);
    assert.ok(!describeUnknown(source).includes("\n"));
    const { packets: count } = await readPackets(source, () => {});
    assert.equal(count, 0);
  }
});

test("what cannot be read is a mistake of usage, in one line", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [join(folder, "none"), /none: there is no such file/],
    [folder, /is a folder; name the captures in it, as in .*\/\*\.pcap$/],
    [`${fileOf("x")}/y`, /not a folder/],
    ["a\nb", /cannot read a\?b: /],
    ["a\0b", /cannot read a\?b: /],
    ["/dev/null", /is a device/],
  ];
  for (const [path, text] of cases) {
    await assert.rejects(openSource(path), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, text);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  }
});

test("an abort ends reading between packets", async () => {
  const controller = new AbortController();
  const source = await openSource(fileOf(capture), { signal: controller.signal });
  let count = 0;
  const result = await readPackets(
    source,
    () => {
      count += 1;
      if (count === 10) controller.abort();
    },
    { signal: controller.signal },
  );
  assert.deepEqual([count, result.packets, result.cancelled], [10, 10, true]);
  assert.deepEqual([result.truncated, result.warnings], [false, []]);
});

const READ_STDIN = `
  import { openSource } from "${new URL("./source.ts", import.meta.url).href}";
  import { readPackets } from "${new URL("./reader.ts", import.meta.url).href}";
  const controller = new AbortController();
  process.on("SIGINT", () => controller.abort());
  const source = await openSource(process.argv[1] ?? "-", { signal: controller.signal });
  console.log(source.name, source.kind, source.bytesTotal);
  const result = await readPackets(source, () => console.log("packet"), { signal: controller.signal });
  console.log(result.packets, result.cancelled, result.warnings.join());
`;
const STDIN_ARGUMENTS = ["--input-type=module-typescript", "--eval", READ_STDIN];

test("standard input is read as it grows, and an abort ends it", { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, STDIN_ARGUMENTS, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = new Promise((resolve) => {
    child.on("close", resolve);
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  const until = async (text: string): Promise<void> => {
    while (!output.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const bytes = Buffer.concat([
    sectionHeader(true),
    interfaceBlock(true, 1),
    enhancedPacket(true, 0, 1n, Buffer.from("one")),
  ]);
  child.stdin.write(bytes.subarray(0, 2));
  await new Promise((resolve) => setTimeout(resolve, 50));
  child.stdin.write(bytes.subarray(2));
  await until("standard input pcapng null\npacket\n");
  child.stdin.write(enhancedPacket(true, 0, 1n, Buffer.from("two")));
  await until("packet\npacket\n");
  child.kill("SIGINT");
  await until("2 true");
  assert.equal(await closed, 0);
});

test("standard input may be a file, a wrapped pipe or a named pipe", {
  timeout: 20_000,
}, async () => {
  const small = pcapFile(packets.slice(0, 3));
  const path = fileOf(small);
  const shell = async (command: string): Promise<string> => {
    const environment = { NODE: process.execPath, SCRIPT: READ_STDIN, CAPTURE: path };
    const { stdout } = await promisify(execFile)("bash", ["-c", command], {
      env: { ...process.env, ...environment },
    });
    return stdout.replaceAll("packet\n", "").trim();
  };
  const run = '"$NODE" --input-type=module-typescript --eval "$SCRIPT"';
  assert.equal(await shell(`${run} < "$CAPTURE"`), `standard input pcap ${small.length}\n3 false`);
  assert.equal(await shell(`gzip < "$CAPTURE" | ${run}`), "standard input pcap null\n3 false");
  assert.match(await shell(`${run} <(cat "$CAPTURE")`), /^\/dev\/fd\/\d+ pcap null\n3 false$/);
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  assert.equal(
    await shell(`(sleep 0.1; cat "$CAPTURE" > ${pipe}) & ${run} ${pipe}`),
    `${pipe} pcap null\n3 false`,
  );
  assert.equal(await shell(`${run} < /dev/null`), "standard input empty null\n0 false");
  mkdirSync(join(folder, "d"));
  assert.match(await shell(`${run} < ${folder}/d 2>&1 || true`), /standard input is a folder/);
});
