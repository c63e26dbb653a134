import assert from "node:assert/strict";
import { test } from "node:test";
import { type FrameParts, frame } from "../../../test/live/frames.ts";
import { symmetricHash } from "./fanout.ts";
import { interpret } from "./interpreter.ts";

const program = symmetricHash();

const hashOf = (parts: Partial<FrameParts>): number => {
  const bytes = frame({ sequence: 1, ...parts });
  const protocol = bytes[12]! * 256 + bytes[13]!;
  const facts = { protocol, packetType: 0, interfaceIndex: 1, deviceType: 1 };
  return interpret(program, bytes.subarray(14), facts);
};

const turned = (parts: Partial<FrameParts>): Partial<FrameParts> => ({
  ...parts,
  from: parts.to ?? "10.9.0.2",
  to: parts.from ?? "10.9.0.1",
  fromPort: parts.toPort ?? 80,
  toPort: parts.fromPort ?? 40000,
});

test("both directions are equal, connections are spread", () => {
  for (const form of [{}, { vlans: [7] }, { ipv6: true }, { ipv6: true, vlans: [7] }]) {
    const shares = new Map<number, number>();
    for (let port = 1024; port < 2024; port++) {
      const hash = hashOf({ ...form, fromPort: port });
      assert.equal(hash, hashOf(turned({ ...form, fromPort: port })));
      shares.set(hash % 4, (shares.get(hash % 4) ?? 0) + 1);
    }
    assert.deepEqual(
      [...shares.values()].filter((count) => count > 150).length,
      4,
      [...shares].join(" "),
    );
  }
});

test("address translation leaves a connection with its worker", () => {
  for (const form of [{}, { vlans: [7] }, { ipv6: true }]) {
    const before = hashOf({ ...form, fromPort: 40123, toPort: 80 });
    const behind = { ...form, fromPort: 40123, toPort: 8080, from: "10.244.0.1", to: "10.244.0.7" };
    assert.equal(hashOf(behind), before);
    assert.equal(hashOf(turned(behind)), before);
  }
});

test("of tunnels and fragments only the addresses count", () => {
  for (const form of [{ protocol: 17 }, { protocol: 17, ipv6: true }, { fragment: 0x2000 }]) {
    const hashes = [1, 2, 3].map((fromPort) => hashOf({ ...form, fromPort }));
    assert.equal(new Set(hashes).size, 1);
  }
  const hosts = [1, 2, 3, 4, 5].map((host) => hashOf({ protocol: 17, from: `10.9.0.${host}` }));
  assert.equal(new Set(hosts).size, 5);
});
