import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHOP_CAPTURE } from "../examples/generate.ts";
import { block, sectionHeader, u16, u32 } from "../src/capture/testing.ts";
import { nta, withFolder } from "./support/nta.ts";

/** The shop's capture as pcapng, its packets on two named interfaces in turns of connections: by the server's port. */
const asPcapng = (): Buffer => {
  const shop = readFileSync(SHOP_CAPTURE);
  const blocks = [sectionHeader(true), description("eth0"), description("eth1")];
  for (let at = 24; at < shop.length; ) {
    const length = shop.readUInt32LE(at + 8);
    const frame = shop.subarray(at + 16, at + 16 + length);
    const isStock = frame.readUInt16BE(34) === 9090 || frame.readUInt16BE(36) === 9090;
    const head = u32(true, isStock ? 1 : 0, 0, shop.readUInt32LE(at), length, length);
    blocks.push(block(true, 6, head, frame));
    at += 16 + length;
  }
  return Buffer.concat(blocks);
};

const description = (name: string): Buffer =>
  block(
    true,
    1,
    u16(true, 1, 0),
    u32(true, 0),
    u16(true, 2, name.length),
    Buffer.from(name),
    u32(true, 0),
  );

test("--interfaces uses the packets of the named interfaces alone", () =>
  withFolder((folder) => {
    const path = join(folder, "two.pcapng");
    writeFileSync(path, asPcapng());
    const hostsOf = (...words: string[]): string[] => {
      const { status, stdout, stderr } = nta(["exchanges", path, "--json", ...words]);
      assert.equal(status, 0, stderr);
      const lines = stdout.split("\n").filter((line) => line !== "");
      const hosts = lines.map((line) => (JSON.parse(line) as { host: string }).host);
      return [...new Set(hosts.filter((host) => host.includes("example")))].sort();
    };
    const [shop, stock] = ["shop.example.com:8080", "stock.example.internal:9090"];
    assert.deepEqual(hostsOf(), [shop, stock]);
    assert.deepEqual(hostsOf("--interfaces", "eth0"), [shop]);
    assert.deepEqual(hostsOf("--interfaces", "eth1"), [stock]);
    assert.deepEqual(hostsOf("--interfaces", "eth1,eth0"), [shop, stock]);
    assert.deepEqual(hostsOf("--interfaces", "lo"), []);
  }));
