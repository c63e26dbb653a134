//! The same traffic in other wrappings gives the same documents, byte for byte: tunnels, link types, byte orders,
//! duplicates, reordering, fragments. Where bytes are lost, documents are made of what is left.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHOP_CAPTURE } from "../../examples/generate.ts";
import { evalFolder, skipWithoutEval } from "../support/evaldata.ts";
import { nta, withFolder } from "../support/nta.ts";

/** Variants in which bytes are missing: they must end well and find something, no more. */
const LOSSY = ["drop-1pct", "drop-5pct", "snap-256", "midstream", "one-direction"];
/** Nothing need be found where no response is there, or hardly a head is whole. */
const MAY_BE_EMPTY = ["snap-256", "one-direction"];
const NEEDED = ["python3", "editcap"];

const missing = NEEDED.filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);
if (missing.length > 0)
  console.error(`!! the test with variants DID NOT RUN: no ${missing.join(", ")}`);
const skip =
  skipWithoutEval("the test with variants") || (missing.length > 0 && `no ${missing.join(", ")}`);

const captures = (): string[] => [
  SHOP_CAPTURE,
  ...["real-json-server", "readme-3.0-petstore"]
    .map((set) => join(evalFolder()!, "traffic", set, "traffic.pcap"))
    .filter((path) => existsSync(path)),
];

/** Documents by name, as text. */
const documents = (capture: string, folder: string): Map<string, string> => {
  const { status, stderr } = nta(["reconstruct", capture, "-o", folder, "--no-evidence"]);
  assert.equal(status, 0, `${capture}: ${stderr}`);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
};

/** The variant maps a.b.c.d to fd00::aabb:ccdd; back again, in names of files as well. */
const withIpv4 = (found: ReadonlyMap<string, string>): Map<string, string> => {
  const map = (text: string): string =>
    text.replaceAll(/\[?fd00(?:::|--)([0-9a-f]{1,4})[:-]([0-9a-f]{1,4})\]?/g, (_, high, low) => {
      const word = Number.parseInt(high as string, 16) * 65536 + Number.parseInt(low as string, 16);
      return [24, 16, 8, 0].map((shift) => Math.floor(word / 2 ** shift) % 256).join(".");
    });
  return new Map([...found].map(([name, text]) => [map(name), map(text)]));
};

test("every variant without loss gives the same documents", { skip }, () =>
  withFolder((folder) => {
    for (const [index, capture] of captures().entries()) {
      const variants = join(folder, `variants-${index}`);
      const script = join(evalFolder()!, "generate", "perturb.py");
      const made = spawnSync("python3", [script, capture, variants], { encoding: "utf8" });
      assert.equal(made.status, 0, made.stderr);
      const expected = documents(capture, join(folder, `expected-${index}`));
      assert.ok(expected.size > 0);
      const names = readdirSync(variants).filter((name) => /\.pcap(ng)?$/.test(name));
      assert.ok(names.length >= 25, `only ${names.length} variants`);
      const different: string[] = [];
      for (const name of names) {
        const found = documents(join(variants, name), join(folder, `${index}-${name}`));
        const isLossy = LOSSY.some((each) => name.startsWith(`${each}.`));
        const mayBeEmpty = MAY_BE_EMPTY.some((each) => name.startsWith(`${each}.`));
        if (isLossy && !mayBeEmpty) assert.ok(found.size > 0, name);
        if (isLossy) continue;
        const mapped = name.startsWith("ipv6") ? withIpv4(found) : found;
        const differing = [...new Set([...expected.keys(), ...mapped.keys()])].filter(
          (key) => expected.get(key) !== mapped.get(key),
        );
        if (differing.length > 0) different.push(`${name}: ${differing.join(", ")}`);
      }
      assert.deepEqual(different, [], capture);
    }
  }),
);
