/** What became of the streams that Envoys opened. Stable names, in logs and metrics. */
export const ENVOY_TALLIES = [
  "exchanges",
  "malformed",
  "bad-head",
  "no-request",
  "over-cap",
  "cut-off",
  "busy",
  "too-many-streams",
  "message-too-large",
  "unknown-service",
] as const;
export type EnvoyTallyName = (typeof ENVOY_TALLIES)[number];

export const EnvoyTally = {
  Exchanges: 0,
  /** Bytes that are no message of the service. */
  Malformed: 1,
  /** Method, target or fields that cannot be those of a message. */
  BadHead: 2,
  /** A response whose request was not sent. */
  NoRequest: 3,
  /** Bodies that were not read to their end. */
  OverCap: 4,
  /** Streams that ended before their exchange did. */
  CutOff: 5,
  /** Streams that were let go at once, as the collector had no time. */
  Busy: 6,
  TooManyStreams: 7,
  MessageTooLarge: 8,
  UnknownService: 9,
} as const;
