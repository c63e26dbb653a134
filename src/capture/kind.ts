import { captureLimits } from "../base/limits.ts";

export type SourceKind = "pcap" | "pcapng" | "json" | "empty" | "unknown";

/** What the first bytes are, or null while more of them must be seen. `ended` says that no more will come. */
export function sniffKind(head: Uint8Array, ended: boolean): SourceKind | null {
  if (head.length === 0) return ended ? "empty" : null;
  if (head.length >= 4) {
    const magic = hex(head, 0, 4);
    if (PCAP_MAGICS.has(magic)) return "pcap";
    if (magic === PCAPNG_MAGIC) return "pcapng";
  }
  const first = firstVisible(head);
  if (first < head.length) {
    if (head[first] === 0x7b || head[first] === 0x5b) return "json";
    return head.length >= 4 || ended ? "unknown" : null;
  }
  return ended || head.length >= captureLimits.sniffBytesMax ? "unknown" : null;
}

/** What a file of kind `unknown` or `empty` seems to be and what to do about it, as the end of a sentence. */
export function describeKind(kind: SourceKind, head: Uint8Array): string {
  if (kind === "empty") return "is empty; capture again, for example with `tcpdump -w FILE`";
  const start = hex(head, 0, 16);
  for (const [prefix, text] of FOREIGN) {
    if (start.startsWith(prefix)) return `is ${text}`;
  }
  if (hex(head, 257, 262) === "7573746172") return "is a tar archive; unpack it first";
  if (isText(head)) return `is text, neither JSON nor a capture; ${WANTED}`;
  return `is no capture that is known here (it starts with ${start.slice(0, 8)}); ${WANTED}`;
}

const WANTED = "wanted are pcap, pcapng or HAR, plain or inside gzip or zstd";

const PCAP_MAGICS = new Set([
  "a1b2c3d4",
  "d4c3b2a1",
  "a1b23c4d",
  "4d3cb2a1",
  "a1b2cd34",
  "34cdb2a1",
]);
const PCAPNG_MAGIC = "0a0d0d0a";

/** First bytes of files that people confuse with captures. */
const FOREIGN: readonly (readonly [prefix: string, text: string])[] = [
  ["1f8b", "compressed twice; unpack it once with `gzip -d`"],
  ["28b52ffd", "compressed twice; unpack it once with `zstd -d`"],
  ["fd377a585a00", "an xz file; unpack it first with `xz -d`"],
  ["425a68", "a bzip2 file; unpack it first with `bzip2 -d`"],
  ["04224d18", "an lz4 file; unpack it first with `lz4 -d`"],
  ["1f9d", "a compress (.Z) file; unpack it first with `gzip -d`"],
  ["504b0304", "a zip archive; unpack it first"],
  ["377abcaf271c", "a 7-Zip archive; unpack it first"],
  ["526172211a07", "a RAR archive; unpack it first"],
  ["736e6f6f70000000", "a snoop capture; convert it with `editcap -F pcapng IN OUT`"],
  ["474d4255", "a Microsoft Network Monitor capture; convert it with `editcap -F pcapng IN OUT`"],
  ["52545353", "a Microsoft Network Monitor capture; convert it with `editcap -F pcapng IN OUT`"],
  ["5452534e494646", "a Sniffer capture; convert it with `editcap -F pcapng IN OUT`"],
  ["58435000", "a NetXray capture; convert it with `editcap -F pcapng IN OUT`"],
  ["1c0001", "an Ixia capture; convert it with `editcap -F pcapng IN OUT`"],
  ["4d444d5093a7", "a Windows minidump, not a capture"],
  ["13000000ef01", "a Windows event trace; convert it with `etl2pcapng IN OUT`"],
  ["7f454c46", "an executable (ELF), not a capture"],
  ["4d5a", "an executable (Windows), not a capture"],
  ["89504e47", "a PNG image, not a capture"],
  ["ffd8ff", "a JPEG image, not a capture"],
  ["47494638", "a GIF image, not a capture"],
  ["25504446", "a PDF document, not a capture"],
  ["53514c69746520", "an SQLite database, not a capture"],
];

const hex = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString("hex");

/** Index of the first byte that is neither white space nor part of a UTF-8 byte order mark. */
function firstVisible(head: Uint8Array): number {
  let at = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  while (at < head.length) {
    const byte = head[at]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at += 1;
  }
  return at;
}

const isText = (head: Uint8Array): boolean =>
  head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
