import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyPacket } from "../capture/packet.ts";
import { u8, u16, u32 } from "../capture/testing.ts";
import { Decoder } from "./decoder.ts";
import { OUTCOME_NAMES, Outcome, type OutcomeName } from "./outcome.ts";
import { emptySegment } from "./segment.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const join = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts);
const be16 = (...values: number[]): Buffer => u16(false, ...values);
const be32 = (...values: number[]): Buffer => u32(false, ...values);

const MACS = hex("020000000001 020000000002");
const ether = (type: number, ...content: Uint8Array[]): Buffer =>
  join(MACS, be16(type), ...content);

const PAYLOAD = Buffer.from("GET / HTTP/1.1\r\n\r\n");
const tcp = (payload: Uint8Array = PAYLOAD, options: Uint8Array = Buffer.alloc(0)): Buffer =>
  join(
    be16(40000, 8080),
    be32(0xfffffff0, 0x80000001),
    u8((5 + options.length / 4) << 4, 0x18),
    be16(512, 0, 0),
    options,
    payload,
  );

interface Ipv4Options {
  readonly fragment?: number;
  readonly identification?: number;
  readonly options?: Uint8Array;
  readonly totalBytes?: number;
}
const ipv4 = (protocol: number, content: Uint8Array, more: Ipv4Options = {}): Buffer => {
  const { fragment = 0x4000, identification = 7, options = Buffer.alloc(0) } = more;
  const { totalBytes = 20 + options.length + content.length } = more;
  return join(
    u8(0x40 | (5 + options.length / 4), 0),
    be16(totalBytes, identification, fragment),
    u8(64, protocol, 0, 0),
    hex("c0000201 c6336402"),
    options,
    content,
  );
};
const ipv6 = (next: number, content: Uint8Array, payloadBytes = content.length): Buffer =>
  join(
    be32(0x60000000),
    be16(payloadBytes),
    u8(next, 64),
    hex("20010db8000000000000000000000001 20010db80000000000000000000000ff"),
    content,
  );
const udp = (source: number, target: number, content: Uint8Array): Buffer =>
  join(be16(source, target, 8 + content.length, 0), content);
const gre = (flags: number, type: number, ...content: Uint8Array[]): Buffer =>
  join(be16(flags, type), ...content);

const IP = ipv4(6, tcp());
const IP6 = ipv6(6, tcp());
const FRAME = ether(0x0800, IP);
const SNAP = hex("aaaa03 000000 0800");
const FROM = [0, 0, 0xffff, 0xc0000201 | 0, 0, 0, 0xffff, 0xc6336402 | 0];
const FROM6 = [0x20010db8, 0, 0, 1, 0x20010db8, 0, 0, 0xff];

const decode = (linkType: number, bytes: Uint8Array, wireBytes = bytes.length) => {
  const decoder = new Decoder();
  const segment = emptySegment();
  // A packet stands somewhere in a chunk, and what stands around it is not its own.
  const around = join(Buffer.alloc(5, 0x45), bytes, Buffer.alloc(200, 0x45));
  const packet = { ...emptyPacket(), bytes: around, start: 5, end: 5 + bytes.length };
  const outcome = decoder.decode({ ...packet, wireBytes, linkType, timeMs: 1234.5 }, segment);
  assert.deepEqual(decoder.counters.entries(), [
    { name: OUTCOME_NAMES[outcome], count: 1, bytes: wireBytes },
  ]);
  return { outcome, segment };
};

/** The frame holds the segment that `tcp()` makes. */
function checkTcp(name: string, linkType: number, frame: Uint8Array, addresses = FROM): void {
  test(`segment in ${name}`, () => {
    const { outcome, segment } = decode(linkType, frame);
    assert.equal(OUTCOME_NAMES[outcome], "tcp");
    const { bytes, payloadStart, payloadEnd } = segment;
    assert.equal(
      Buffer.from(bytes.subarray(payloadStart, payloadEnd)).toString(),
      PAYLOAD.toString(),
    );
    assert.deepEqual(
      [
        [segment.source0, segment.source1, segment.source2, segment.source3],
        [segment.target0, segment.target1, segment.target2, segment.target3],
      ].flat(),
      addresses,
    );
    assert.deepEqual(
      [segment.sourcePort, segment.targetPort, segment.sequence, segment.acknowledgement],
      [40000, 8080, 0xfffffff0 | 0, 0x80000001 | 0],
    );
    assert.deepEqual(
      [segment.flags, segment.missingBytes, segment.timeMs, segment.frameBytes],
      [0x18, 0, 1234.5, frame.length],
    );
  });
}

function check(name: string, linkType: number, frame: Uint8Array, outcome: OutcomeName): void {
  test(`${outcome}: ${name}`, () => {
    assert.equal(OUTCOME_NAMES[decode(linkType, frame).outcome], outcome);
  });
}

const TRAILER = hex("000000000000");
const DATA = hex("0801 0000 020000000001 020000000002 020000000003 0000");
const QOS_DATA = hex("8801 0000 020000000001 020000000002 020000000003 0000");
const radiotap = (flags: number): Buffer => hex(`0000 0900 02000000 ${flags.toString(16)}`);

// Link types.
checkTcp("Ethernet", 1, FRAME);
checkTcp("Ethernet with a trailer", 1, join(FRAME, TRAILER));
checkTcp("Ethernet, IPv6", 1, ether(0x86dd, IP6), FROM6);
checkTcp("Ethernet, IPv6 with a trailer", 1, join(ether(0x86dd, IP6), TRAILER), FROM6);
checkTcp("802.3 with SNAP", 1, ether(SNAP.length + IP.length, SNAP, IP));
checkTcp("802.3 with bridged SNAP", 1, ether(100, hex("aaaa03 0000f8 0800"), IP));
checkTcp("802.3 with LLC for IP", 1, ether(100, hex("060603"), IP));
checkTcp("null, little-endian", 0, join(hex("02000000"), IP));
checkTcp("null, big-endian", 0, join(hex("00000002"), IP));
for (const family of ["18", "1c", "1e", "0a", "17"]) {
  checkTcp(`null, IPv6 as ${family}`, 0, join(hex(`${family}000000`), IP6), FROM6);
}
checkTcp("loop", 108, join(hex("0000001c"), IP6), FROM6);
for (const linkType of [12, 14, 101]) {
  checkTcp(`raw IP (${linkType})`, linkType, IP);
  checkTcp(`raw IPv6 (${linkType})`, linkType, IP6, FROM6);
}
checkTcp("raw IPv4 (228)", 228, IP);
checkTcp("raw IPv6 (229)", 229, IP6, FROM6);
const SLL = hex("0000 0001 0006 0200000000010000");
checkTcp("SLL", 113, join(SLL, be16(0x0800), IP));
checkTcp("SLL with a VLAN tag", 113, join(SLL, be16(0x8100, 42, 0x0800), IP));
checkTcp("SLL with LLC", 113, join(SLL, be16(4), SNAP, IP));
checkTcp("SLL2", 276, join(hex("86dd 0000 00000002 0001 00 06 0200000000010000"), IP6), FROM6);
checkTcp("PPP", 9, join(hex("ff03 0021"), IP));
checkTcp("PPP, compressed", 9, join(hex("57"), IP6), FROM6);
checkTcp("PPP on a serial line", 50, join(hex("ff03 0021"), IP));
checkTcp("Cisco HDLC on a serial line", 50, join(hex("0f00 0800"), IP));
checkTcp("Cisco HDLC", 104, join(hex("0f00 0800"), IP));
checkTcp("PPPoE without Ethernet", 51, join(hex("1100 0001 0000 0021"), IP));
checkTcp("PPP of pppd", 166, join(hex("0003 0021"), IP));
checkTcp("PPP with direction", 204, join(hex("01 ff03 0021"), IP));
checkTcp("frame relay", 107, join(hex("1841 03 cc"), IP));
checkTcp("frame relay with SNAP", 107, join(hex("1841 03 00 80 000000 0800"), IP));
checkTcp("frame relay, Cisco's", 107, join(hex("1841 0800"), IP));
checkTcp("ATM", 100, join(SNAP, IP));
checkTcp("FDDI", 10, join(hex("50 020000000001 020000000002"), SNAP, IP));
checkTcp("ARCNET", 129, join(hex("0102 0000 f0"), IP));
checkTcp("ARCNET, RFC 1201", 129, join(hex("0102 0000 d4 00 0001"), IP));
checkTcp("SLIP", 8, join(Buffer.alloc(16), IP));
checkTcp("ENC", 109, join(hex("02000000 00000001 00000000"), IP));
checkTcp("IPNET", 226, join(Buffer.alloc(24), IP));
checkTcp("pflog", 117, join(hex("3d02"), Buffer.alloc(62), IP));
checkTcp("NFLOG", 239, join(hex("0200 0001 0800 0100 08000300 0500 0a00 61000000 0800 0900"), IP));
checkTcp("NFLOG, big-endian", 239, join(hex("0a00 0001 0008 0001 08000300 0008 0009"), IP6), FROM6);
checkTcp("Netanalyzer", 240, join(Buffer.alloc(4), FRAME));
checkTcp("DSA, Broadcom", 281, join(MACS, hex("11223344 0800"), IP));
checkTcp("DSA, EtherType", 285, join(MACS, hex("dada0000 11223344 0800"), IP));
checkTcp("IEEE 1394", 138, join(Buffer.alloc(16), be16(0x0800), IP));

// Wi-Fi.
checkTcp("802.11", 105, join(DATA, SNAP, IP, hex("deadbeef")));
checkTcp("802.11 with QoS", 105, join(QOS_DATA, hex("0000"), SNAP, IP));
const FOUR_ADDRESSES = join(hex("8803"), QOS_DATA.subarray(2), hex("020000000004 0000"));
checkTcp("802.11 with four addresses", 105, join(FOUR_ADDRESSES, SNAP, IP));
const HT_CONTROL = join(hex("8881"), QOS_DATA.subarray(2), hex("0000 11223344"));
checkTcp("802.11 with HT control", 105, join(HT_CONTROL, SNAP, IP));
checkTcp("802.11, decrypted", 105, join(hex("0841"), DATA.subarray(2), SNAP, IP));
const PART = join(MACS, be16(SNAP.length + IP.length), SNAP, IP);
checkTcp("an aggregate of one", 105, join(QOS_DATA, hex("8000"), PART, hex("00deadbeef")));
checkTcp("radiotap", 127, join(radiotap(0x10), DATA, SNAP, IP, hex("deadbeef")));
checkTcp("radiotap with padding", 127, join(radiotap(0x20), QOS_DATA, hex("0000 0000"), SNAP, IP));
checkTcp(
  "radiotap with a time and two bit maps",
  127,
  join(
    hex("0000 1900 03000080 00000000"),
    Buffer.alloc(12),
    hex("20"),
    QOS_DATA,
    hex("00000000"),
    SNAP,
    IP,
  ),
);
checkTcp("Prism", 119, join(hex("44000000 90000000"), Buffer.alloc(136), DATA, SNAP, IP));
checkTcp(
  "Prism, big-endian",
  119,
  join(hex("00000044 00000090"), Buffer.alloc(136), DATA, SNAP, IP),
);
checkTcp("AVS in Prism", 119, join(hex("80211001 00000040"), Buffer.alloc(56), DATA, SNAP, IP));
checkTcp("AVS", 163, join(hex("80211001 00000040"), Buffer.alloc(56), DATA, SNAP, IP));
checkTcp("PPI", 192, join(hex("0000 0c00 69000000 00000000"), DATA, SNAP, IP));

// Tags.
checkTcp("VLAN", 1, ether(0x8100, be16(42, 0x0800), IP));
checkTcp("QinQ", 1, ether(0x88a8, be16(7, 0x8100, 42, 0x86dd), IP6), FROM6);
checkTcp("QinQ, early", 1, ether(0x9100, be16(7, 0x9100, 42, 0x0800), IP));
checkTcp("VLAN with LLC", 1, ether(0x8100, be16(42, 100), SNAP, IP));
checkTcp("VN-Tag", 1, ether(0x8926, be32(1), be16(0x8100, 1, 0x0800), IP));
checkTcp("E-Tag", 1, ether(0x893f, be32(1), be16(1, 0x0800), IP));
checkTcp("HSR", 1, ether(0x892f, be32(1), be16(0x0800), IP));
checkTcp("provider backbone", 1, ether(0x88e7, be32(1), FRAME));
checkTcp("MPLS", 1, ether(0x8847, be32(0x00010040, 0x00010140), IP));
checkTcp("MPLS, IPv6", 1, ether(0x8848, be32(0x00010140), IP6), FROM6);
checkTcp("a pseudowire", 1, ether(0x8847, be32(0x00010140), FRAME));
checkTcp("a pseudowire with control word", 1, ether(0x8847, be32(0x00010140, 5), FRAME));
const ODD_MAC = join(hex("4200"), FRAME.subarray(2));
checkTcp("a pseudowire that resembles IPv4", 1, ether(0x8847, be32(0x00010140), ODD_MAC));
checkTcp("PPPoE", 1, ether(0x8864, hex("1100 0001 0050 0021"), IP, TRAILER));
checkTcp("NSH", 1, ether(0x894f, hex("0006 0101 00000000"), Buffer.alloc(16), IP));

// IP.
checkTcp(
  "IPv4 with options",
  1,
  ether(0x0800, ipv4(6, tcp(), { options: hex("94040000 01010100") })),
);
checkTcp("TCP with options", 101, ipv4(6, tcp(PAYLOAD, hex("0101080a0000000100000002"))));
checkTcp("IPv4 without a length", 1, ether(0x0800, ipv4(6, tcp(), { totalBytes: 0 })));
checkTcp("IPv6 without a length", 1, ether(0x86dd, ipv6(6, tcp(), 0)), FROM6);
checkTcp("IPv4, longer than the frame", 1, ether(0x0800, ipv4(6, tcp(), { totalBytes: 9000 })));
const HOP = hex("3c 00 01 04 00000000");
const DESTINATION = hex("2b 01 01 0c");
const EXTENSIONS = join(
  HOP,
  DESTINATION,
  Buffer.alloc(12),
  hex("06 02 00 00 00000000"),
  Buffer.alloc(16),
);
checkTcp("IPv6 with extension headers", 101, ipv6(0, join(EXTENSIONS, tcp())), FROM6);
checkTcp(
  "IPv6 with an atomic fragment",
  101,
  ipv6(44, join(hex("0600 0000 00000001"), tcp())),
  FROM6,
);
const AUTHENTICATION = join(hex("06 04 0000"), Buffer.alloc(20));
checkTcp("AH on IPv4", 101, ipv4(51, join(AUTHENTICATION, tcp())));
checkTcp("AH on IPv6", 101, ipv6(51, join(AUTHENTICATION, tcp())), FROM6);
checkTcp("IPv4 in IPv4", 101, ipv4(4, IP));
checkTcp("IPv6 in IPv4", 101, ipv4(41, IP6), FROM6);
checkTcp("IPv4 in IPv6", 101, ipv6(4, IP));
checkTcp("IPv6 in IPv6", 101, ipv6(41, IP6), FROM6);
checkTcp("EtherIP", 101, ipv4(97, join(hex("3000"), FRAME)));
checkTcp("MPLS in IP", 101, ipv4(137, join(be32(0x00010140), IP)));

// GRE.
checkTcp("GRE", 101, ipv4(47, gre(0, 0x0800, IP)));
checkTcp("GRE, IPv6", 101, ipv4(47, gre(0, 0x86dd, IP6)), FROM6);
checkTcp("GRE, checksum, key, sequence", 101, ipv4(47, gre(0xb000, 0x0800, be32(0, 1, 2), IP)));
const ROUTES = join(be32(0), hex("0800 0004 0a000001 0000 0000"));
checkTcp("GRE, source route", 101, ipv4(47, gre(0x4000, 0x0800, ROUTES, IP)));
checkTcp("GRE, Ethernet", 101, ipv4(47, gre(0x2000, 0x6558, be32(1), FRAME)));
checkTcp("GRE, MPLS", 101, ipv4(47, gre(0, 0x8847, be32(0x00010140), IP)));
checkTcp("PPTP", 101, ipv4(47, gre(0x3081, 0x880b, be32(1, 2, 3), hex("ff030021"), IP)));
checkTcp("ERSPAN I", 101, ipv4(47, gre(0, 0x88be, FRAME)));
checkTcp(
  "ERSPAN II",
  101,
  ipv4(47, gre(0x1000, 0x88be, be32(1), hex("1001 0005 00000000"), FRAME)),
);
const ERSPAN3 = hex("2001 0005 00000000 0000");
checkTcp("ERSPAN III", 101, ipv4(47, gre(0x1000, 0x22eb, be32(1), ERSPAN3, hex("0000"), FRAME)));
checkTcp(
  "ERSPAN III with a subheader",
  101,
  ipv4(47, gre(0x1000, 0x22eb, be32(1), ERSPAN3, hex("0001"), Buffer.alloc(8), FRAME)),
);
checkTcp(
  "ERSPAN III with IP",
  101,
  ipv4(47, gre(0x1000, 0x22eb, be32(1), ERSPAN3, hex("0800"), IP)),
);
checkTcp("WCCP", 101, ipv4(47, gre(0, 0x883e, IP)));
checkTcp("WCCP 2", 101, ipv4(47, gre(0, 0x883e, be32(1), IP)));

// UDP.
const VXLAN = hex("08000000 00006400");
checkTcp("VXLAN", 1, ether(0x0800, ipv4(17, udp(50000, 4789, join(VXLAN, FRAME)))));
checkTcp(
  "VXLAN with reserved bits",
  101,
  ipv4(17, udp(1, 8472, join(hex("ff01d1f3 00000b01"), FRAME))),
);
checkTcp("VXLAN on IPv6", 101, ipv6(17, udp(50000, 4789, join(VXLAN, FRAME))));
checkTcp("VXLAN-GPE", 101, ipv4(17, udp(1, 4790, join(hex("0c000001 00006400"), IP))));
checkTcp(
  "GENEVE",
  101,
  ipv4(17, udp(1, 6081, join(hex("02006558 00006400 0102030405060708"), FRAME))),
);
checkTcp("GENEVE with IP", 101, ipv4(17, udp(1, 6081, join(hex("00000800 00006400"), IP))));
checkTcp("GTP", 101, ipv4(17, udp(2152, 2152, join(hex("30ff 0000 00000001"), IP))));
const GTP_EXTENDED = hex("34ff 0000 00000001 0000 00 85 01 1009 c0 01 0000 00");
checkTcp("GTP with extensions", 101, ipv4(17, udp(1, 2152, join(GTP_EXTENDED, IP))));
checkTcp("Teredo", 101, ipv4(17, udp(3544, 1, IP6)), FROM6);
const TEREDO = join(hex("0001 0000 0000000000000000 00"), hex("0000 f227 3ffffdfe"));
checkTcp("Teredo with indications", 101, ipv4(17, udp(1, 3544, join(TEREDO, IP6))), FROM6);
checkTcp("L2TP", 101, ipv4(17, udp(1701, 1701, join(hex("0002 0001 0001 ff03 0021"), IP))));
const L2TP_FULL = hex("4a02 0000 0001 0001 0000 0000 0003 aabbcc 0021");
checkTcp("L2TP with everything", 101, ipv4(17, udp(1701, 1701, join(L2TP_FULL, IP))));
checkTcp("TZSP", 101, ipv4(17, udp(1, 37008, join(hex("0100 0001 00 0a01ff 01"), FRAME))));
checkTcp(
  "TZSP with 802.11",
  101,
  ipv4(17, udp(1, 37008, join(hex("0100 0012 01"), DATA, SNAP, IP))),
);
checkTcp("MPLS in UDP", 101, ipv4(17, udp(1, 6635, join(be32(0x00010140), IP))));
checkTcp("GRE in UDP", 101, ipv4(17, udp(1, 4754, gre(0, 0x0800, IP))));

// What is no TCP.
check("ARP", 1, ether(0x0806, Buffer.alloc(28)), "arp");
check("LLDP", 1, ether(0x88cc, Buffer.alloc(28)), "lldp");
check("EAPOL", 1, ether(0x888e, Buffer.alloc(28)), "eapol");
check("MACsec", 1, ether(0x88e5, Buffer.alloc(28)), "macsec");
check("spanning tree", 1, ether(39, hex("424203"), Buffer.alloc(36)), "llc");
check("a supervisory frame", 1, ether(3, hex("aaaa01")), "llc");
check("CDP", 1, ether(60, hex("aaaa03 00000c 2000")), "llc");
check("a length of 1501", 1, ether(1501, Buffer.alloc(60)), "otherEtherType");
check("PPPoE discovery", 1, ether(0x8863, Buffer.alloc(28)), "pppoeDiscovery");
check("LCP", 9, hex("ff03 c021 01"), "pppControl");
check("PPP multilink", 9, hex("ff03 003d c0"), "otherPpp");
check("a beacon", 127, join(radiotap(0), hex("8000 0000")), "wifiManagement");
check("an acknowledgement", 105, hex("d400 0000 020000000001"), "wifiControl");
check("a null function", 105, join(hex("4801"), DATA.subarray(2)), "wifiNoData");
check("WPA", 105, join(hex("0841"), DATA.subarray(2), Buffer.alloc(40)), "wifiEncrypted");
check("a Wi-Fi fragment", 105, join(hex("0805"), DATA.subarray(2), SNAP, IP), "wifiFragment");
check("an aggregate of two", 105, join(QOS_DATA, hex("8000"), PART, PART), "wifiAggregate");
check("AppleTalk", 0, hex("10000000 45"), "otherFamily");
check("USB", 220, Buffer.alloc(64), "otherLinkType");
check("netlink", 113, join(SLL, be16(0), Buffer.alloc(20)), "otherEtherType");
check("ICMP with TCP inside", 101, ipv4(1, join(hex("0301 0000 00000000"), IP)), "icmp");
check("ICMPv6", 101, ipv6(58, Buffer.alloc(8)), "icmpv6");
check("IGMP", 101, ipv4(2, Buffer.alloc(8)), "igmp");
check("ESP", 101, ipv4(50, Buffer.alloc(40)), "esp");
check("SCTP", 101, ipv4(132, Buffer.alloc(40)), "sctp");
check("OSPF", 101, ipv4(89, Buffer.alloc(40)), "otherIpProtocol");
check("nothing behind IPv6", 101, ipv6(59, Buffer.alloc(0)), "otherIpProtocol");
check("UDP", 101, ipv4(17, udp(1, 2, Buffer.alloc(4))), "udp");
check("DNS", 101, ipv4(17, udp(53, 4000, Buffer.alloc(4))), "dns");
check("QUIC", 101, ipv4(17, udp(4000, 443, Buffer.alloc(4))), "quic");
check("VXLAN without its flag", 101, ipv4(17, udp(1, 4789, join(be32(0, 0), FRAME))), "udp");
check("GTP echo", 101, ipv4(17, udp(1, 2152, hex("3201 0004 00000000 00000000"))), "udp");
check(
  "a GTP extension of length 0",
  101,
  ipv4(17, udp(1, 2152, hex("34ff 0000 00000001 000000 85 00"))),
  "udp",
);
check("L2TP control", 101, ipv4(17, udp(1701, 1701, hex("c802 000c 0001 0000 0000 0000"))), "udp");
check("GRE keepalive", 101, ipv4(47, gre(0, 0)), "otherTunnel");
check("GRE version 2", 101, ipv4(47, gre(2, 0x0800, IP)), "invalidTunnel");
check(
  "GRE with routes without end",
  101,
  ipv4(47, gre(0x4000, 0x0800, be32(0, 0x08000000, 0x08000000))),
  "truncatedTunnel",
);
check("IPv4 with a short header", 101, join(hex("44"), IP.subarray(1)), "invalidIpv4");
check("IPv4 shorter than its header", 101, ipv4(6, tcp(), { totalBytes: 19 }), "invalidIpv4");
check("IPv6 behind IPv4's EtherType", 1, ether(0x0800, IP6), "invalidIpv4");
check("IPv4 behind IPv6's EtherType", 1, ether(0x86dd, IP, IP), "invalidIpv6");
check(
  "TCP with a short header",
  101,
  ipv4(6, join(Buffer.alloc(12), hex("4018"), Buffer.alloc(6))),
  "invalidTcp",
);
check(
  "TCP longer than its datagram",
  101,
  ipv4(6, join(Buffer.alloc(12), hex("f018"), Buffer.alloc(6))),
  "invalidTcp",
);
check("labels without end", 1, ether(0x8847, Buffer.alloc(4000)), "tooManyLayers");
check(
  "tags without end",
  1,
  ether(0x8100, Buffer.concat(Array<Buffer>(99).fill(be16(1, 0x8100)))),
  "tooManyLayers",
);
{
  let nested: Uint8Array = IP;
  for (let depth = 0; depth < 40; depth += 1) nested = ipv4(4, nested);
  check("tunnels in tunnels", 101, nested, "tooManyLayers");
}
check("PPI in PPI", 192, hex("0000 0800 c0000000 0000 0800 c0000000"), "otherLinkType");

test("every prefix of a frame is decoded or counted as truncated", () => {
  for (const [linkType, frame, reasons] of [
    [1, FRAME, ["truncatedEthernet", "truncatedIpv4", "truncatedTcp"]],
    [1, ether(0x86dd, IP6), ["truncatedEthernet", "truncatedIpv6", "truncatedTcp"]],
    [113, join(SLL, be16(0x0800), IP), ["truncatedLink", "truncatedIpv4", "truncatedTcp"]],
  ] as const) {
    const seen = new Set<OutcomeName>();
    const payloadAt = frame.length - PAYLOAD.length;
    for (let length = 0; length <= frame.length; length += 1) {
      const { outcome, segment } = decode(linkType, frame.subarray(0, length), frame.length);
      if (outcome !== Outcome.Tcp) seen.add(OUTCOME_NAMES[outcome]!);
      // Flags are there 6 bytes before the options or the payload.
      assert.equal(outcome === Outcome.Tcp, length >= payloadAt - 6, `${length} bytes`);
      if (outcome !== Outcome.Tcp) continue;
      const captured = Math.max(0, length - payloadAt);
      assert.equal(segment.payloadEnd - segment.payloadStart, captured);
      assert.equal(segment.missingBytes, PAYLOAD.length - captured);
    }
    assert.deepEqual([...seen], reasons);
  }
});

test("a length on the wire beyond belief counts only where IP has none", () => {
  const told = decode(1, FRAME, 0xffffffff);
  assert.equal(told.segment.missingBytes, 0);
  const untold = decode(1, ether(0x0800, ipv4(6, tcp(), { totalBytes: 0 })), 0xffffffff);
  assert.deepEqual([untold.outcome, untold.segment.missingBytes], [Outcome.Tcp, 0]);
  const large = decode(1, ether(0x0800, ipv4(6, tcp(), { totalBytes: 0 })), 200_000);
  assert.equal(large.segment.missingBytes, 200_000 - FRAME.length);
});

test("nothing is allocated for a packet", () => {
  const decoder = new Decoder();
  const segment = emptySegment();
  const frames = [
    FRAME,
    ether(0x86dd, IP6),
    ether(0x8100, be16(42, 0x0800), ipv4(17, udp(1, 4789, join(VXLAN, FRAME)))),
  ];
  const packets = frames.map((bytes) => ({
    ...emptyPacket(),
    bytes,
    end: bytes.length,
    wireBytes: bytes.length,
  }));
  let least = Number.POSITIVE_INFINITY;
  // Code that is not compiled yet boxes its numbers, so the test waits for the compiler.
  const endMs = performance.now() + 5000;
  while (least >= 30_000 && performance.now() < endMs) {
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 30_000; index += 1) {
      const packet = packets[index % packets.length]!;
      packet.timeMs = index + 0.5;
      decoder.decode(packet, segment);
    }
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown);
  }
  assert.ok(least < 30_000, `${least} bytes for 30,000 packets`);
});

test("outcomes are numbered as they are named", () => {
  assert.deepEqual(Object.values(Outcome), [...OUTCOME_NAMES.keys()]);
});

/** Whatever the bytes are, there is an outcome, and what a segment says lies inside of what it came from. */
test("random and damaged packets never throw and keep inside their bytes", () => {
  const frames: readonly (readonly [number, Buffer])[] = [
    [1, ether(0x8100, be16(42, 0x0800), ipv4(17, udp(1, 4789, join(VXLAN, FRAME))))],
    [1, ether(0x8847, be32(0x00010140, 5), ether(0x8864, hex("1100 0001 0050 0057"), IP6))],
    [101, ipv4(47, gre(0xf000, 0x22eb, be32(0, 1, 2), ROUTES, ERSPAN3, hex("0001"), FRAME))],
    [101, ipv6(0, join(EXTENSIONS, ipv4(17, udp(1, 2152, join(GTP_EXTENDED, IP)))))],
    [101, ipv4(17, udp(1, 3544, join(TEREDO, IP6)))],
    [101, ipv4(17, udp(1, 37008, join(hex("0100 0012 01"), DATA, SNAP, IP)))],
    [101, ipv4(17, udp(1701, 1701, join(L2TP_FULL, IP)))],
    [127, join(radiotap(0x20), QOS_DATA, hex("8000 0000"), PART)],
    [239, join(hex("0200 0001 0800 0100 08000300 0500 0a00 61000000 0800 0900"), IP)],
    [107, join(hex("1841 03 00 80 000000 0800"), IP)],
    [101, ipv4(6, tcp(), { fragment: 0x2000 })],
    [101, ipv6(44, join(hex("0600 0009 00000001"), tcp()))],
  ];
  const decoder = new Decoder();
  const segment = emptySegment();
  const run = (linkType: number, bytes: Uint8Array, extra: number): void => {
    const packet = { ...emptyPacket(), bytes, start: 0, end: bytes.length, linkType };
    const outcome = decoder.decode({ ...packet, wireBytes: bytes.length + extra }, segment);
    assert.ok(OUTCOME_NAMES[outcome] !== undefined);
    if (outcome !== Outcome.Tcp) return;
    assert.ok(segment.payloadStart >= 0 && segment.payloadStart <= segment.payloadEnd);
    assert.ok(segment.payloadEnd <= segment.bytes.length);
    if (segment.bytes === bytes) assert.ok(segment.payloadEnd <= bytes.length);
    assert.ok(segment.missingBytes >= 0 && segment.missingBytes <= 1 << 20);
    for (const word of [segment.source3, segment.sequence]) assert.equal(word, word | 0);
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...frames),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
      fc.nat(),
      fc.nat(2000),
      ([linkType, frame], changes, cut, extra) => {
        const bytes = Uint8Array.from(frame);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        run(linkType, bytes, extra);
        run(linkType, bytes.slice(0, cut % bytes.length), extra);
      },
    ),
    { numRuns: 5000 },
  );
  fc.assert(fc.property(fc.nat(300), fc.uint8Array({ maxLength: 200 }), fc.nat(99), run), {
    numRuns: 5000,
  });
});
