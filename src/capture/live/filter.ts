import { assert, UsageError } from "../../base/errors.ts";
import type { PortRange } from "../../base/forms.ts";
import { liveLimits } from "../../base/limits.ts";
import { addressWords } from "./address.ts";
import { Ancillary, Assembler, Bpf, type Label, type Program } from "./bpf.ts";

/**
 * Which packets the kernel should hand over. It is a coarse sieve that must never lose an exchange: what it lets through
 * is decided again, exactly, where exchanges are selected.
 *
 * Kept is TCP over IPv4 and IPv6, behind up to two VLAN tags,
 *  - from or to one of `ports`;
 *  - whatever its port if it is a later fragment of IPv4 (its ports are in the first), or an IPv6 packet with extension
 *    headers, fragments among them;
 *  - with `tunnels` also everything that may have TCP inside: see `Tunnel`.
 */
export interface CaptureRules {
  /** The server's; empty means all. */
  readonly ports: readonly PortRange[];
  readonly tunnels: boolean;
  /** Our own server, whose traffic would describe itself. */
  readonly exclude: readonly Endpoint[];
  /** Indexes; null means all, now and later. */
  readonly interfaces: readonly number[] | null;
}

export interface Endpoint {
  /** IPv4 or IPv6 as text. */
  readonly address: string;
  readonly port: number;
}

/** Where a packet begins: with its network header as a socket of type SOCK_DGRAM shows it, or with Ethernet. */
export type FrameStart = "network" | "ethernet";

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

/** Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP (RFC 8200; IANA's registry). */
export const EXTENSION_HEADERS = [0, 43, 44, 51, 60, 135, 139];

/** What may have TCP inside. */
export const Tunnel = {
  /** IPv4 in IP, IPv6 in IP, GRE, MPLS in IP. */
  protocols: [4, 41, 47, 137],
  /** GTP-U, Teredo, VXLAN, GENEVE, VXLAN as Linux once had it; later fragments of UDP too. */
  udpPorts: [2152, 3544, 4789, 6081, 8472],
  /** MPLS, PPPoE session. */
  etherTypes: [0x8847, 0x8848, 0x8864],
} as const;

const TUNNEL_PORTS = Tunnel.udpPorts.map((port) => ({ first: port, last: port }));

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const VLAN_ETHERTYPES = [0x8100, 0x88a8];
const VLAN_TAGS_MAX = 2;

const PACKET_OUTGOING = 4;
const ARPHRD_LOOPBACK = 772;

/** Words of BPF memory. */
const NETWORK_HEADER = 0;
const TRANSPORT_HEADER = 1;

interface Ends {
  readonly keep: Label;
  readonly drop: Label;
  /** Tests the ports at X, the offset of a TCP header. */
  readonly tcpPorts: Label;
  /** Tests whether the ports at X, the offset of a UDP header, are a tunnel's. */
  readonly udpPorts: Label;
}

/** @throws UsageError where ports or interfaces are too many for the kernel. */
export const captureFilter = (rules: CaptureRules, start: FrameStart): Program => {
  const assembler = new Assembler();
  const ends: Ends = {
    keep: assembler.label(),
    drop: assembler.label(),
    tcpPorts: assembler.label(),
    udpPorts: assembler.label(),
  };
  const ipv4 = assembler.label();
  const ipv6 = assembler.label();
  refuseTooManyEndpoints(rules.exclude);
  if (start === "network") addSocketTests(assembler, rules, ends);
  addLinkTests(assembler, rules, ends, start, ipv4, ipv6);
  assembler.place(ipv4);
  addIpTests(assembler, rules, ends, 4);
  assembler.place(ipv6);
  addIpTests(assembler, rules, ends, 6);
  assembler.place(ends.tcpPorts);
  addPortTests(assembler, rules.ports, ends);
  if (rules.tunnels) {
    assembler.place(ends.udpPorts);
    addPortTests(assembler, TUNNEL_PORTS, ends);
  }
  assembler.place(ends.drop);
  assembler.add(Bpf.Return, 0);
  assembler.place(ends.keep);
  assembler.add(Bpf.Return, liveLimits.snapBytesMax);
  return assembler.assemble("the ports and interfaces");
};

const addSocketTests = (assembler: Assembler, rules: CaptureRules, ends: Ends): void => {
  const first = assembler.label();
  if (rules.interfaces !== null) {
    const wanted = rules.interfaces.map((index) => ({ first: index, last: index }));
    assembler.add(Bpf.LoadWord, Ancillary.Interface);
    addMembership(assembler, wanted, first, ends.drop);
  }
  assembler.place(first);
  const link = assembler.label();
  assembler.add(Bpf.LoadWord, Ancillary.PacketType);
  assembler.jumpIf(Bpf.JumpEqual, PACKET_OUTGOING, null, link);
  assembler.add(Bpf.LoadWord, Ancillary.DeviceType);
  assembler.jumpIf(Bpf.JumpEqual, ARPHRD_LOOPBACK, ends.drop);
  assembler.place(link);
};

/** Leads to `ipv4` or `ipv6` with X at the network header. */
const addLinkTests = (
  assembler: Assembler,
  rules: CaptureRules,
  ends: Ends,
  start: FrameStart,
  ipv4: Label,
  ipv6: Label,
): void => {
  const network = start === "network" ? 0 : 14;
  if (start === "network") assembler.add(Bpf.LoadWord, Ancillary.Protocol);
  else assembler.add(Bpf.LoadHalf, 12);
  // On a socket the kernel has taken the outer tag out of the packet already.
  const tagsMax = start === "network" ? VLAN_TAGS_MAX - 1 : VLAN_TAGS_MAX;
  for (let tags = 0; tags <= tagsMax; tags++) {
    const offset = network + tags * 4;
    const tagged = assembler.label();
    assembler.add(Bpf.LoadXImmediate, offset);
    assembler.jumpIf(Bpf.JumpEqual, ETHERTYPE_IPV4, ipv4);
    assembler.jumpIf(Bpf.JumpEqual, ETHERTYPE_IPV6, ipv6);
    if (rules.tunnels) addAnyOf(assembler, Tunnel.etherTypes, ends.keep);
    if (tags < tagsMax) {
      addAnyOf(assembler, VLAN_ETHERTYPES, tagged);
      assembler.jump(ends.drop);
      assembler.place(tagged);
      if (start === "network") addUntaggedOutgoing(assembler, ipv4, ipv6);
      assembler.add(Bpf.LoadHalf, offset + 2);
    }
  }
  assembler.jump(ends.drop);
};

/**
 * Linux before 6.11 tells the protocol of the tag for an outgoing packet whose tag no hardware adds, though its data
 * begin behind the tag, with IP. Its own length tells such a packet from an inner tag.
 */
const addUntaggedOutgoing = (assembler: Assembler, ipv4: Label, ipv6: Label): void => {
  const [tag, notIpv4, isIpv4, isIpv6] = [
    assembler.label(),
    assembler.label(),
    assembler.label(),
    assembler.label(),
  ];
  assembler.add(Bpf.LoadWord, Ancillary.PacketType);
  assembler.jumpIf(Bpf.JumpEqual, PACKET_OUTGOING, null, tag);
  assembler.add(Bpf.LoadXLength);
  assembler.add(Bpf.LoadByte, 0);
  assembler.add(Bpf.And, 0xf0);
  assembler.jumpIf(Bpf.JumpEqual, 0x40, null, notIpv4);
  assembler.add(Bpf.LoadHalf, 2);
  assembler.jumpIf(Bpf.JumpEqualX, 0, isIpv4, tag);
  assembler.place(notIpv4);
  assembler.jumpIf(Bpf.JumpEqual, 0x60, null, tag);
  assembler.add(Bpf.LoadHalf, 4);
  assembler.add(Bpf.Add, 40);
  assembler.jumpIf(Bpf.JumpEqualX, 0, isIpv6, tag);
  assembler.place(isIpv4);
  assembler.add(Bpf.LoadXImmediate, 0);
  assembler.jump(ipv4);
  assembler.place(isIpv6);
  assembler.add(Bpf.LoadXImmediate, 0);
  assembler.jump(ipv6);
  assembler.place(tag);
};

/** X is at the header. */
const addIpTests = (
  assembler: Assembler,
  rules: CaptureRules,
  ends: Ends,
  version: 4 | 6,
): void => {
  const [tcp, udp] = [assembler.label(), assembler.label()];
  assembler.add(Bpf.LoadByteAtX, version === 4 ? 9 : 6);
  assembler.jumpIf(Bpf.JumpEqual, PROTOCOL_TCP, tcp);
  if (version === 6) addAnyOf(assembler, EXTENSION_HEADERS, ends.keep);
  if (rules.tunnels) {
    addAnyOf(assembler, Tunnel.protocols, ends.keep);
    assembler.jumpIf(Bpf.JumpEqual, PROTOCOL_UDP, udp);
  }
  assembler.jump(ends.drop);
  assembler.place(tcp);
  addTransportOffset(assembler, version, ends.keep);
  addExclusions(assembler, rules.exclude, version, ends.drop);
  assembler.add(Bpf.LoadXMemory, TRANSPORT_HEADER);
  assembler.jump(ends.tcpPorts);
  if (!rules.tunnels) return;
  assembler.place(udp);
  addTransportOffset(assembler, version, ends.keep);
  assembler.add(Bpf.LoadXMemory, TRANSPORT_HEADER);
  assembler.jump(ends.udpPorts);
};

/** Stores where both headers stand; later fragments, which have no second one, leave for `keep`. */
const addTransportOffset = (assembler: Assembler, version: 4 | 6, keep: Label): void => {
  assembler.add(Bpf.StoreX, NETWORK_HEADER);
  if (version === 4) {
    assembler.add(Bpf.LoadHalfAtX, 6);
    assembler.jumpIf(Bpf.JumpBits, 0x1fff, keep);
    assembler.add(Bpf.LoadByteAtX, 0);
    assembler.add(Bpf.And, 0x0f);
    assembler.add(Bpf.ShiftLeft, 2);
  } else {
    assembler.add(Bpf.LoadImmediate, 40);
  }
  assembler.add(Bpf.AddX);
  assembler.add(Bpf.Store, TRANSPORT_HEADER);
};

/** Leaves X anywhere. */
const addExclusions = (
  assembler: Assembler,
  endpoints: readonly Endpoint[],
  version: 4 | 6,
  drop: Label,
): void => {
  const addressBytes = version === 4 ? 4 : 16;
  const sourceAt = version === 4 ? 12 : 8;
  for (const { address, port } of endpoints) {
    const words = addressWords(address);
    assert(words !== null, `not an address: ${address}`);
    if (words.length * 4 !== addressBytes) continue;
    for (const [addressAt, portAt] of [
      [sourceAt, 0],
      [sourceAt + addressBytes, 2],
    ] as const) {
      const other = assembler.label();
      assembler.add(Bpf.LoadXMemory, NETWORK_HEADER);
      words.forEach((word, index) => {
        assembler.add(Bpf.LoadWordAtX, addressAt + index * 4);
        assembler.jumpIf(Bpf.JumpEqual, word, null, other);
      });
      assembler.add(Bpf.LoadXMemory, TRANSPORT_HEADER);
      assembler.add(Bpf.LoadHalfAtX, portAt);
      assembler.jumpIf(Bpf.JumpEqual, port, drop);
      assembler.place(other);
    }
  }
};

/** X is at the transport header. No ranges means all ports, of a packet however short. */
const addPortTests = (assembler: Assembler, ranges: readonly PortRange[], ends: Ends): void => {
  if (ranges.length === 0) {
    assembler.jump(ends.keep);
    return;
  }
  const notSource = assembler.label();
  assembler.add(Bpf.LoadHalfAtX, 0);
  addMembership(assembler, ranges, ends.keep, notSource);
  assembler.place(notSource);
  assembler.add(Bpf.LoadHalfAtX, 2);
  addMembership(assembler, ranges, ends.keep, ends.drop);
};

const addAnyOf = (assembler: Assembler, values: readonly number[], target: Label): void => {
  for (const value of values) assembler.jumpIf(Bpf.JumpEqual, value, target);
};

/**
 * Whether A lies in one of the ranges, by bisection: the numbers at which membership changes are in order, and A is a
 * member where an odd number of them is not above it. One instruction each, of which a packet meets log2.
 */
const addMembership = (
  assembler: Assembler,
  ranges: readonly PortRange[],
  member: Label,
  stranger: Label,
): void => {
  const changes = membershipChanges(ranges);
  if (changes.length === 0) assembler.jump(stranger);
  else addBisection(assembler, changes, 0, changes.length, [stranger, member]);
};

/** Leaves of a part of the tree that share one far jump to each answer, so that few conditions need their own. */
const SHARED_LEAVES = 100;

/** Decides among `changes[low, high)`, which are not none; `answers` are for an even and an odd number of them. */
const addBisection = (
  assembler: Assembler,
  changes: readonly number[],
  low: number,
  high: number,
  answers: readonly [Label, Label],
): void => {
  const share = high - low <= SHARED_LEAVES && changes.length > SHARED_LEAVES;
  const near: readonly [Label, Label] = share ? [assembler.label(), assembler.label()] : answers;
  const bisect = (from: number, to: number): void => {
    const middle = (from + to) >>> 1;
    const [left, right] = [assembler.label(), assembler.label()];
    assembler.jumpIf(
      Bpf.JumpGreaterOrEqual,
      changes[middle]!,
      middle + 1 < to ? right : near[(middle + 1) % 2]!,
      from < middle ? left : near[middle % 2]!,
    );
    for (const [label, first, end] of [
      [left, from, middle],
      [right, middle + 1, to],
    ] as const) {
      if (first === end) continue;
      assembler.place(label);
      if (share) bisect(first, end);
      else addBisection(assembler, changes, first, end, answers);
    }
  };
  bisect(low, high);
  if (!share) return;
  near.forEach((label, parity) => {
    assembler.place(label);
    assembler.jump(answers[parity]!);
  });
};

/** Beginnings, and ends half-open, of the ranges once those that touch are joined; in ascending order. */
const membershipChanges = (ranges: readonly PortRange[]): number[] => {
  const changes: number[] = [];
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const end = changes.at(-1);
    if (end !== undefined && first <= end) changes[changes.length - 1] = Math.max(end, last + 1);
    else changes.push(first, last + 1);
  }
  return changes;
};

const refuseTooManyEndpoints = (endpoints: readonly Endpoint[]): void => {
  if (endpoints.length <= liveLimits.excludedEndpointsMax) return;
  throw new UsageError(
    `the server has ${endpoints.length} addresses, of which at most ${liveLimits.excludedEndpointsMax} can be left out of the capture; name it by fewer`,
  );
};
