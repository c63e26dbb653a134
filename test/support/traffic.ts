import { closeSync, openSync, writeSync } from "node:fs";

/**
 * Writes Ethernet captures of TCP conversations with valid checksums: what the demo, the benchmark and the
 * tests read. Classic pcap, little-endian, microseconds.
 */
export class CaptureWriter {
  readonly #file: number;
  readonly #buffer: Buffer;
  #used = 0;
  #written = 0;
  packets = 0;

  constructor(path: string, bufferBytes = 4 << 20) {
    this.#file = openSync(path, "w");
    this.#buffer = Buffer.alloc(bufferBytes);
    const header = [0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1];
    for (const [index, word] of header.entries()) this.#buffer.writeUInt32LE(word, index * 4);
    this.#used = 24;
  }

  get bytes(): number {
    return this.#written + this.#used;
  }

  /** Appends a record and gives the place where its frame of `byteCount` bytes is to be written. */
  record(timeUs: number, byteCount: number): { readonly buffer: Buffer; readonly at: number } {
    if (this.#used + 16 + byteCount > this.#buffer.length) this.#flush();
    const buffer = this.#buffer;
    const at = this.#used;
    buffer.writeUInt32LE(Math.floor(timeUs / 1e6), at);
    buffer.writeUInt32LE(timeUs % 1e6, at + 4);
    buffer.writeUInt32LE(byteCount, at + 8);
    buffer.writeUInt32LE(byteCount, at + 12);
    this.#used += 16 + byteCount;
    this.packets += 1;
    return { buffer, at: at + 16 };
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    let at = 0;
    while (at < this.#used) at += writeSync(this.#file, this.#buffer, at, this.#used - at);
    this.#written += this.#used;
    this.#used = 0;
  }
}

/** One end of a conversation. */
export interface Peer {
  readonly ip: readonly [number, number, number, number];
  readonly port: number;
}

const Flag = { Fin: 1, Syn: 2, Psh: 8, Ack: 16 } as const;
const NO_BYTES = Buffer.alloc(0);
const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
/** Fixed part and the timestamp option that every Linux host sends. */
const TCP_BYTES = 32;
const MTU = 1500;
const SEGMENT_BYTES_MAX = MTU - IP_BYTES - TCP_BYTES;

/** A TCP connection between two hosts; `client` is index 0, `server` index 1. Each step emits packets at once. */
export class Conversation {
  readonly #writer: CaptureWriter;
  readonly #peers: readonly [Peer, Peer];
  readonly #next: [number, number];
  #identification: number;

  constructor(writer: CaptureWriter, client: Peer, server: Peer, initialSequence: number) {
    this.#writer = writer;
    this.#peers = [client, server];
    this.#next = [initialSequence >>> 0, (initialSequence * 7 + 12345) >>> 0];
    this.#identification = initialSequence & 0xffff;
  }

  open(timeUs: number): void {
    this.#segment(0, Flag.Syn, NO_BYTES, 0, 0, timeUs);
    this.#next[0] = (this.#next[0] + 1) >>> 0;
    this.#segment(1, Flag.Syn | Flag.Ack, NO_BYTES, 0, 0, timeUs + 40);
    this.#next[1] = (this.#next[1] + 1) >>> 0;
    this.#segment(0, Flag.Ack, NO_BYTES, 0, 0, timeUs + 80);
  }

  /** How many segments `send` cuts `bytes` into. */
  static segmentCount(bytes: Uint8Array): number {
    return Math.ceil(bytes.length / SEGMENT_BYTES_MAX);
  }

  /** One segment of `bytes`, number `index`. */
  sendSegment(from: 0 | 1, bytes: Buffer, index: number, timeUs: number): void {
    const start = index * SEGMENT_BYTES_MAX;
    const end = Math.min(start + SEGMENT_BYTES_MAX, bytes.length);
    const flags = end === bytes.length ? Flag.Ack | Flag.Psh : Flag.Ack;
    this.#segment(from, flags, bytes, start, end, timeUs);
    this.#next[from] = (this.#next[from] + end - start) >>> 0;
  }

  /** All of `bytes`, a segment each 12 us; the other end acknowledges every second one. */
  send(from: 0 | 1, bytes: Buffer, timeUs: number): void {
    const count = Conversation.segmentCount(bytes);
    for (let index = 0; index < count; index++) {
      this.sendSegment(from, bytes, index, timeUs + index * 12);
      if (index % 2 === 1) this.acknowledge(from === 0 ? 1 : 0, timeUs + index * 12 + 5);
    }
  }

  acknowledge(from: 0 | 1, timeUs: number): void {
    this.#segment(from, Flag.Ack, NO_BYTES, 0, 0, timeUs);
  }

  close(timeUs: number): void {
    this.#segment(0, Flag.Fin | Flag.Ack, NO_BYTES, 0, 0, timeUs);
    this.#next[0] = (this.#next[0] + 1) >>> 0;
    this.#segment(1, Flag.Fin | Flag.Ack, NO_BYTES, 0, 0, timeUs + 30);
    this.#next[1] = (this.#next[1] + 1) >>> 0;
    this.acknowledge(0, timeUs + 60);
  }

  #segment(from: 0 | 1, flags: number, bytes: Buffer, start: number, end: number, timeUs: number) {
    const to = from === 0 ? 1 : 0;
    const source = this.#peers[from];
    const target = this.#peers[to];
    const tcpBytes = TCP_BYTES + end - start;
    const { buffer, at } = this.#writer.record(timeUs, ETHERNET_BYTES + IP_BYTES + tcpBytes);
    this.#identification = (this.#identification + 1) & 0xffff;
    writeEthernetAndIp(buffer, at, source, target, 6, tcpBytes, this.#identification);
    const tcp = at + ETHERNET_BYTES + IP_BYTES;
    buffer.writeUInt16BE(source.port, tcp);
    buffer.writeUInt16BE(target.port, tcp + 2);
    buffer.writeUInt32BE(this.#next[from], tcp + 4);
    buffer.writeUInt32BE(flags & Flag.Ack ? this.#next[to] : 0, tcp + 8);
    buffer.writeUInt16BE((TCP_BYTES << 10) | flags, tcp + 12);
    buffer.writeUInt16BE(64240, tcp + 14);
    buffer.writeUInt32BE(0, tcp + 16);
    buffer.writeUInt32BE(0x0101080a, tcp + 20);
    buffer.writeUInt32BE(Math.floor(timeUs / 1000) >>> 0, tcp + 24);
    buffer.writeUInt32BE(Math.floor(timeUs / 1000 - 1) >>> 0, tcp + 28);
    bytes.copy(buffer, tcp + TCP_BYTES, start, end);
    const pseudo = sum(buffer, at + ETHERNET_BYTES + 12, 8) + 6 + tcpBytes;
    buffer.writeUInt16BE(fold(pseudo + sum(buffer, tcp, tcpBytes)), tcp + 16);
  }
}

/** A single UDP datagram (no checksum, which IPv4 allows). */
export const writeDatagram = (
  writer: CaptureWriter,
  source: Peer,
  target: Peer,
  payload: Buffer,
  timeUs: number,
): void => {
  const udpBytes = 8 + payload.length;
  const { buffer, at } = writer.record(timeUs, ETHERNET_BYTES + IP_BYTES + udpBytes);
  writeEthernetAndIp(buffer, at, source, target, 17, udpBytes, 1);
  const udp = at + ETHERNET_BYTES + IP_BYTES;
  buffer.writeUInt16BE(source.port, udp);
  buffer.writeUInt16BE(target.port, udp + 2);
  buffer.writeUInt16BE(udpBytes, udp + 4);
  buffer.writeUInt16BE(0, udp + 6);
  payload.copy(buffer, udp + 8);
};

const writeEthernetAndIp = (
  buffer: Buffer,
  at: number,
  source: Peer,
  target: Peer,
  protocol: number,
  payloadBytes: number,
  identification: number,
): void => {
  writeMac(buffer, at, target);
  writeMac(buffer, at + 6, source);
  buffer.writeUInt16BE(0x0800, at + 12);
  const ip = at + ETHERNET_BYTES;
  buffer.writeUInt16BE(0x4500, ip);
  buffer.writeUInt16BE(IP_BYTES + payloadBytes, ip + 2);
  buffer.writeUInt16BE(identification, ip + 4);
  buffer.writeUInt16BE(0x4000, ip + 6);
  buffer.writeUInt16BE((64 << 8) | protocol, ip + 8);
  buffer.writeUInt16BE(0, ip + 10);
  for (let index = 0; index < 4; index++) {
    buffer[ip + 12 + index] = source.ip[index]!;
    buffer[ip + 16 + index] = target.ip[index]!;
  }
  buffer.writeUInt16BE(fold(sum(buffer, ip, IP_BYTES)), ip + 10);
};

/** A locally administered address made of the IP address. */
const writeMac = (buffer: Buffer, at: number, peer: Peer): void => {
  buffer[at] = 2;
  buffer[at + 1] = 0;
  for (let index = 0; index < 4; index++) buffer[at + 2 + index] = peer.ip[index]!;
};

/** Ones' complement sum (RFC 1071), not folded. */
const sum = (buffer: Buffer, start: number, byteCount: number): number => {
  let total = 0;
  const even = start + (byteCount & ~1);
  for (let at = start; at < even; at += 2) total += (buffer[at]! << 8) | buffer[at + 1]!;
  if (byteCount & 1) total += buffer[even]! << 8;
  return total;
};

const fold = (total: number): number => {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
};
