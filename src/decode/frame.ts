import type { Outcome } from "./outcome.ts";

/**
 * A packet while it is peeled: each reader looks at the header at `at`, moves `at` behind it and says what comes
 * next. Reused for all packets.
 *
 * Invariant: `at <= end <= wireEnd`, and `end` lies inside `bytes`.
 */
export interface Frame {
  bytes: Uint8Array;
  at: number;
  /** End of what was captured of the innermost layer. */
  end: number;
  /** Where that layer ends on the wire, in the same coordinates. */
  wireEnd: number;
  /** For `Layer.Tag`: bytes between here and the EtherType. */
  tagBytes: number;
  /** For `Layer.Extension` and `Layer.Fragment`: the protocol number of the header, or of the datagram. */
  protocol: number;
  /** For `Layer.Fragment`. */
  identification: number;
  fragmentOffset: number;
  moreFragments: boolean;
}

export const emptyFrame = (): Frame => ({
  bytes: new Uint8Array(0),
  at: 0,
  end: 0,
  wireEnd: 0,
  tagBytes: 0,
  protocol: 0,
  identification: 0,
  fragmentOffset: 0,
  moreFragments: false,
});

/** Headers that a reader may leave to the next turn. They begin behind the last `Outcome`. */
export const Layer = {
  First: 64,
  Ethernet: 64,
  Ipv4: 65,
  Ipv6: 66,
  Tcp: 67,
  Udp: 68,
  /** IPv4 or IPv6, as the first four bits tell. */
  RawIp: 69,
  Extension: 70,
  Fragment: 71,
  Tag: 72,
  Llc: 73,
  Mpls: 74,
  Ppp: 75,
  Pppoe: 76,
  Gre: 77,
  Nsh: 78,
  Wifi: 79,
} as const;
export type Layer = (typeof Layer)[keyof typeof Layer];

/** What a reader answers: the packet's outcome, or which header comes next. */
export type Step = Outcome | Layer;

/** Passes over `byteCount` bytes; `truncated` where they were not captured. */
export function passOver(frame: Frame, byteCount: number, next: Step, truncated: Outcome): Step {
  if (frame.end - frame.at < byteCount) return truncated;
  frame.at += byteCount;
  return next;
}
