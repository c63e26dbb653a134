/**
 * What a packet turned out to be: 0 is a TCP segment, everything else a reason why it is none. The names are
 * stable; users see them where a capture holds no HTTP. Append at the end of a group and renumber: nothing
 * outside the process knows the numbers.
 */
export const Outcome = {
  Tcp: 0,
  /** What IP carries beside TCP. `Quic` and `Dns` are UDP on ports 443 and 53 or 5353; `Esp` is encrypted. */
  Udp: 1,
  Dns: 2,
  Quic: 3,
  Sctp: 4,
  Icmp: 5,
  Icmpv6: 6,
  Igmp: 7,
  Esp: 8,
  OtherIpProtocol: 9,
  /** What a link carries beside IP. `Macsec` is encrypted; `Llc` is IEEE 802.2, such as spanning tree. */
  Arp: 10,
  Lldp: 11,
  Eapol: 12,
  Macsec: 13,
  Llc: 14,
  OtherEtherType: 15,
  PppoeDiscovery: 16,
  PppControl: 17,
  OtherPpp: 18,
  WifiManagement: 19,
  WifiControl: 20,
  WifiNoData: 21,
  WifiEncrypted: 22,
  WifiFragment: 23,
  WifiAggregate: 24,
  OtherTunnel: 25,
  OtherFamily: 26,
  OtherLinkType: 27,
  /** A part of a datagram whose other parts are still to come, or that contradicts them. */
  FragmentWaiting: 28,
  FragmentInvalid: 29,
  /** The captured bytes end inside a header. */
  TruncatedLink: 30,
  TruncatedEthernet: 31,
  TruncatedWifi: 32,
  TruncatedTunnel: 33,
  TruncatedIpv4: 34,
  TruncatedIpv6: 35,
  TruncatedTcp: 36,
  TruncatedUdp: 37,
  /** Fields that contradict each other. */
  InvalidIpv4: 38,
  InvalidIpv6: 39,
  InvalidTcp: 40,
  InvalidTunnel: 41,
  TooManyLayers: 42,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
export type OutcomeName = Uncapitalize<keyof typeof Outcome>;

/** Indexed by `Outcome`: `tcp`, `udp`, ... */
export const OUTCOME_NAMES: readonly OutcomeName[] = Object.keys(Outcome).map(
  (name) => (name.charAt(0).toLowerCase() + name.slice(1)) as OutcomeName,
);
