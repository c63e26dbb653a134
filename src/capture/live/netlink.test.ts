import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { InterfaceTable, missingInterfaces, selectInterfaces } from "./interfaces.ts";
import { linkDumpRequest, type NetworkInterface, readLinkMessages } from "./netlink.ts";

/** The kernel's answer, recorded by test/live/record.ts. */
const recorded = gunzipSync(
  readFileSync(new URL("../../../test/live/fixtures/links.gz", import.meta.url)),
);

const up = { up: true, running: true };

test("a recorded answer", () => {
  assert.deepEqual(readLinkMessages(recorded, recorded.length), [
    {
      kind: "link",
      link: { index: 1, name: "lo", deviceType: 772, ...up, kind: "", lower: 0, master: 0 },
    },
    {
      kind: "link",
      link: { index: 2, name: "vb", deviceType: 1, ...up, kind: "veth", lower: 2, master: 3 },
    },
    {
      kind: "link",
      link: {
        ...{ index: 3, name: "br0", deviceType: 1, up: false, running: false },
        ...{ kind: "bridge", lower: 0, master: 0 },
      },
    },
    { kind: "done" },
  ]);
});

test("a changed or shortened answer does not throw", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(recorded.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.nat(recorded.length),
      (changes, length) => {
        const bytes = Uint8Array.from(recorded);
        for (const [at, value] of changes) bytes[at] = value;
        assert.ok(readLinkMessages(bytes, length).length <= length / 16);
      },
    ),
    { numRuns: 500 },
  );
});

test("an attribute that is longer than its message is not read", () => {
  const bytes = Buffer.concat([recorded, Buffer.alloc(64)]);
  // The first attribute of the first message is its name.
  assert.equal(bytes.readUInt16LE(34), 3);
  const messageBytes = bytes.readUInt32LE(0);
  bytes.writeUInt16LE(messageBytes, 32);
  const [first] = readLinkMessages(bytes, messageBytes);
  assert.deepEqual(first, {
    kind: "link",
    link: { index: 1, name: "", deviceType: 772, ...up, kind: "", lower: 0, master: 0 },
  });
});

test("the question", () => {
  assert.equal(
    Buffer.from(linkDumpRequest()).toString("hex"),
    `20000000${"1200"}${"0103"}${"00".repeat(24)}`,
  );
});

const link = (index: number, name: string): NetworkInterface => ({
  index,
  name,
  deviceType: 1,
  up: true,
  running: true,
  kind: "",
  lower: 0,
  master: 0,
});

test("named interfaces are selected as they come, go and change their names", () => {
  const table = new InterfaceTable();
  const selected = (): readonly number[] | null =>
    selectInterfaces(["eth0", "later0"], table.interfaces.values());
  table.apply({ kind: "link", link: link(1, "lo") });
  assert.deepEqual(selected(), []);
  table.apply({ kind: "link", link: link(12, "later0") });
  table.apply({ kind: "link", link: link(2, "eth0") });
  assert.deepEqual(selected(), [2, 12]);
  table.apply({ kind: "link", link: link(12, "renamed0") });
  assert.deepEqual(selected(), [2]);
  table.apply({ kind: "gone", index: 2 });
  table.apply({ kind: "link", link: link(13, "eth0") });
  assert.deepEqual(selected(), [13]);
  assert.equal(selectInterfaces([], table.interfaces.values()), null);
});

test("an interface of which the next answer does not tell has gone", () => {
  const table = new InterfaceTable();
  table.apply({ kind: "link", link: link(1, "lo") });
  table.apply({ kind: "link", link: link(2, "eth0") });
  table.expectAll();
  table.apply({ kind: "link", link: link(1, "lo") });
  table.apply({ kind: "link", link: link(3, "eth1") });
  assert.equal(table.interfaces.has(2), true);
  table.apply({ kind: "done" });
  assert.deepEqual([...table.interfaces.keys()], [1, 3]);
  table.expectAll();
  table.apply({ kind: "failed" });
  table.apply({ kind: "done" });
  assert.deepEqual([...table.interfaces.keys()], [1, 3]);
});

test("a name that is not there is told with the nearest", () => {
  assert.deepEqual(missingInterfaces(["eth0", "lo"], ["lo", "eth1"]), [
    "--interfaces: there is no interface eth0 now; it is used as soon as there is. Present: lo, eth1. Did you mean eth1?",
  ]);
  assert.deepEqual(missingInterfaces(["lo"], ["lo"]), []);
});
