import { isIPv4, isIPv6 } from "node:net";

/** The 32-bit words of an address, unsigned: one for IPv4, four for IPv6, null for anything else. */
export const addressWords = (text: string): readonly number[] | null => {
  if (isIPv4(text)) return [ipv4Word(text)];
  return isIPv6(text) ? ipv6Words(text) : null;
};

const ipv4Word = (text: string): number =>
  text.split(".").reduce((word, part) => word * 256 + Number(part), 0);

/** `text` is known to be right. */
const ipv6Words = (text: string): number[] => {
  const plain = text
    .replace(/%.*$/, "")
    .replace(/(?:\d+\.){3}\d+$/, (dotted) => ipv4Groups(ipv4Word(dotted)));
  const [head, tail] = plain
    .split("::")
    .map((part) => part.split(":").filter((each) => each !== ""));
  const missing = 8 - head!.length - (tail?.length ?? 0);
  const groups = [...head!, ...Array<string>(missing).fill("0"), ...(tail ?? [])].map((group) =>
    Number.parseInt(group, 16),
  );
  return [0, 2, 4, 6].map((index) => groups[index]! * 65536 + groups[index + 1]!);
};

const ipv4Groups = (word: number): string =>
  `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
