import type { Packet } from "../../src/capture/packet.ts";

/** Ethernet frames with one TCP segment each, told apart by their sequence number. */
export interface FrameParts {
  readonly sequence: number;
  readonly from?: string;
  readonly to?: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly payloadBytes?: number;
  /** VLAN identifiers, the outermost first; the outer of two is a service tag. */
  readonly vlans?: readonly number[];
  readonly ipv6?: boolean;
  readonly protocol?: number;
  /** Second half-word of IPv4's flags and fragment offset. */
  readonly fragment?: number;
  readonly target?: string;
}

const u16 = (...values: number[]): number[] =>
  values.flatMap((value) => [(value >>> 8) & 255, value & 255]);

const mac = (text: string): number[] => text.split(":").map((part) => Number.parseInt(part, 16));

export const BROADCAST = "ff:ff:ff:ff:ff:ff";

export const frame = (parts: FrameParts): Uint8Array => {
  const { sequence, vlans = [], ipv6 = false, target = BROADCAST } = parts;
  const { fromPort = 40000, toPort = 80, payloadBytes = 0, protocol = 6, fragment = 0 } = parts;
  const etherType = ipv6 ? 0x86dd : 0x0800;
  const types = [
    ...vlans.map((_, index) => (vlans.length > 1 && index === 0 ? 0x88a8 : 0x8100)),
    etherType,
  ];
  const tags = vlans.flatMap((vlan, index) => u16(vlan, types[index + 1]!));
  const tcp = [
    ...u16(fromPort, toPort, sequence >>> 16, sequence, 0, 0),
    ...[0x50, 0x10, ...u16(1024, 0, 0)],
    ...Array<number>(payloadBytes).fill(0x61),
  ];
  const header = ipv6
    ? [
        ...[0x60, 0, 0, 0, ...u16(tcp.length), protocol, 64],
        ...[0xfd, ...Array<number>(14).fill(0), 1],
        ...[0xfd, ...Array<number>(14).fill(0), 2],
      ]
    : ipv4Header(parts.from ?? "10.9.0.1", parts.to ?? "10.9.0.2", tcp.length, protocol, fragment);
  return Uint8Array.from([
    ...mac(target),
    ...mac("02:00:00:00:00:01"),
    ...u16(types[0]!),
    ...tags,
    ...header,
    ...tcp,
  ]);
};

/** With its checksum, or else a bridge that looks at IP throws the packet away. */
const ipv4Header = (
  from: string,
  to: string,
  payloadBytes: number,
  protocol: number,
  fragment: number,
): number[] => {
  const header = [
    ...[0x45, 0, ...u16(20 + payloadBytes, 1, fragment)],
    ...[64, protocol, 0, 0],
    ...from.split(".").map(Number),
    ...to.split(".").map(Number),
  ];
  let sum = 0;
  for (let index = 0; index < header.length; index += 2) {
    sum += header[index]! * 256 + header[index + 1]!;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  [header[10], header[11]] = u16(~sum) as [number, number];
  return header;
};

export interface SeenSegment {
  readonly sequence: number;
  readonly interfaceId: number;
  readonly vlans: readonly number[];
  readonly fromPort: number;
  readonly toPort: number;
}

/** What the packet carries, found independently of decode/; null where it is not of `frame`'s making. */
export const segmentOf = (packet: Packet): SeenSegment | null => {
  const view = new DataView(packet.bytes.buffer, packet.bytes.byteOffset + packet.start);
  const vlans: number[] = [];
  let at = 0;
  let etherType = view.getUint8(0) >>> 4 === 4 ? 0x0800 : 0x86dd;
  if (packet.linkType === 276) {
    etherType = view.getUint16(0);
    at = 20;
  } else if (packet.linkType === 1) {
    etherType = view.getUint16(12);
    at = 14;
  }
  while (etherType === 0x8100 || etherType === 0x88a8) {
    vlans.push(view.getUint16(at) & 0xfff);
    etherType = view.getUint16(at + 2);
    at += 4;
  }
  if (etherType !== 0x0800 && etherType !== 0x86dd) return null;
  const ipv4 = etherType === 0x0800;
  if (view.getUint8(at + (ipv4 ? 9 : 6)) !== 6) return null;
  const tcp = at + (ipv4 ? (view.getUint8(at) & 15) * 4 : 40);
  return {
    sequence: view.getUint32(tcp + 4),
    interfaceId: packet.interfaceId,
    vlans,
    fromPort: view.getUint16(tcp),
    toPort: view.getUint16(tcp + 2),
  };
};
