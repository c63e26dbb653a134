import type { PortRange } from "../../base/forms.ts";
import { type CaptureRules, type Endpoint, EXTENSION_HEADERS, Tunnel } from "./filter.ts";

/**
 * The rules of `captureFilter` as a filter expression of libpcap, which knows every link type (pcap-filter(7)). What
 * it says of interfaces is left to the caller, who opens them one by one.
 *
 * `vlanTags` is how many tags may stand before IP; 0 where the link type has none, as libpcap then refuses the word.
 */
export const captureExpression = (rules: CaptureRules, vlanTags: number): string => {
  const untagged = anyOf([
    `(ip and (${ipv4(rules)}))`,
    `(ip6 and (${ipv6(rules)}))`,
    ...(rules.tunnels ? Tunnel.etherTypes.map((etherType) => `ether proto ${etherType}`) : []),
  ]);
  let expression = untagged;
  // `vlan` moves the offsets of everything behind it, also across `or`; so each tag encloses the next.
  for (let tag = 0; tag < vlanTags; tag++) expression = `${untagged} or (vlan and (${expression}))`;
  return expression;
};

const LATER_FRAGMENT = "ip[6:2] & 0x1fff != 0";

const ipv4 = (rules: CaptureRules): string => {
  const tcp = `ip[9] = 6 and (${LATER_FRAGMENT} or (${tcpRules(rules, isIpv4)}))`;
  if (!rules.tunnels) return tcp;
  return anyOf([
    `(${tcp})`,
    ...Tunnel.protocols.map((protocol) => `ip[9] = ${protocol}`),
    `(ip[9] = 17 and (${LATER_FRAGMENT} or ${TUNNEL_PORTS}))`,
  ]);
};

const ipv6 = (rules: CaptureRules): string =>
  anyOf([
    ...EXTENSION_HEADERS.map((header) => `ip6[6] = ${header}`),
    `(ip6[6] = 6 and (${tcpRules(rules, (endpoint) => !isIpv4(endpoint))}))`,
    ...(rules.tunnels ? Tunnel.protocols.map((protocol) => `ip6[6] = ${protocol}`) : []),
    ...(rules.tunnels ? [`(ip6[6] = 17 and (${TUNNEL_PORTS}))`] : []),
  ]);

const TUNNEL_PORTS = `(${Tunnel.udpPorts.map((port) => `udp port ${port}`).join(" or ")})`;

const tcpRules = (rules: CaptureRules, belongs: (endpoint: Endpoint) => boolean): string => {
  const wanted = rules.ports.length === 0 ? "tcp" : `(${anyOf(rules.ports.map(portRange))})`;
  return [wanted, ...rules.exclude.filter(belongs).map(leaveOut)].join(" and ");
};

const portRange = ({ first, last }: PortRange): string => `tcp portrange ${first}-${last}`;

const leaveOut = ({ address, port }: Endpoint): string =>
  `not ((src host ${address} and tcp src port ${port}) or (dst host ${address} and tcp dst port ${port}))`;

const isIpv4 = (endpoint: Endpoint): boolean => !endpoint.address.includes(":");

const anyOf = (expressions: readonly string[]): string => expressions.join(" or ");
