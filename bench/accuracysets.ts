/** The same sets under harder conditions: little traffic, lost packets, exchanges in another order. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { harOf, harText } from "./harcapture.ts";

export type Variant = "whole" | "fifth" | "lossy" | "shuffled";

export const VARIANTS: Readonly<Record<Variant, string>> = {
  whole: "all packets",
  fifth: "the first 20 % of the packets",
  lossy: "5 % of the packets lost",
  shuffled: "exchanges shuffled",
};

/** Makes a folder with the sets of `source`, whose captures are changed; what they are scored against is not. */
export const makeSets = async (variant: Variant, source: string, folder: string): Promise<void> => {
  for (const set of readdirSync(source)) {
    const from = join(source, set);
    const to = join(folder, set);
    mkdirSync(to, { recursive: true });
    for (const name of ["truth.json", "heldout.har", "reference.json"])
      if (existsSync(join(from, name))) symlinkSync(join(from, name), join(to, name));
    const capture = join(from, "traffic.pcap");
    if (variant === "whole") symlinkSync(capture, join(to, "traffic.pcap"));
    else writeFileSync(join(to, "traffic.pcap"), await changed(variant, capture));
  }
};

const changed = async (variant: Variant, capture: string): Promise<Buffer | string> => {
  const random = randomOf(1);
  if (variant === "shuffled") {
    const keyed = (await harOf(capture)).map((entry) => ({ entry, key: random() }));
    return harText(keyed.sort((a, b) => a.key - b.key).map(({ entry }) => entry));
  }
  const [head, packets] = packetsOf(readFileSync(capture));
  const kept =
    variant === "fifth"
      ? packets.slice(0, Math.ceil(packets.length / 5))
      : packets.filter(() => random() >= 0.05);
  return Buffer.concat([head, ...kept]);
};

/** Head and packet records of a little-endian pcap file, as all sets have. */
const packetsOf = (file: Buffer): [Buffer, Buffer[]] => {
  const packets: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const end = at + 16 + file.readUInt32LE(at + 8);
    packets.push(file.subarray(at, end));
    at = end;
  }
  return [file.subarray(0, 24), packets];
};

/** Numbers from 0 to 1, the same on every run. */
const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};
