/** What `http/` counts: names are stable, for logs and metrics. */

const names = <Name extends string>(...list: Name[]): readonly Name[] => list;

export const HTTP_COUNTERS = names(
  "requests",
  "responses",
  "interimResponses",
  "exchanges",
  "unpairedRequests",
  "unpairedResponses",
  "ambiguousResponses",
  "upgrades",
  "badFraming",
  "lostHeads",
  "cutHeads",
  "headTooLong",
  "resynchronised",
  "skipped",
  "gaps",
  "heldFull",
  "undecodable",
  "bodyOverLimit",
  "tooManyOutstanding",
  "searchGivenUp",
  "http2Lost",
);
export type HttpCounterName = (typeof HTTP_COUNTERS)[number];

/** Index of each counter in `HTTP_COUNTERS`. */
export const HttpCount = Object.fromEntries(
  HTTP_COUNTERS.map((name, index) => [name, index]),
) as Readonly<Record<HttpCounterName, number>>;

/** What a flow turned out to carry. `http2Joined`: HTTP/2 that was joined later, so that its heads cannot be read. `none`: too few bytes to tell. */
export const FLOW_KINDS = names(
  "http",
  "tls",
  "http2",
  "http2Joined",
  "ssh",
  "mysql",
  "postgres",
  "redis",
  "mongodb",
  "kafka",
  "amqp",
  "mqtt",
  "nats",
  "memcached",
  "cassandra",
  "mssql",
  "oracle",
  "ldap",
  "smb",
  "rdp",
  "smtp",
  "ftp",
  "pop3",
  "imap",
  "irc",
  "xmpp",
  "rtsp",
  "sip",
  "socks",
  "telnet",
  "bittorrent",
  "dns",
  "zookeeper",
  "unknown",
  "none",
);
export type FlowKindName = (typeof FLOW_KINDS)[number];

export const FlowKind = Object.fromEntries(
  FLOW_KINDS.map((name, index) => [name, index]),
) as Readonly<Record<FlowKindName, number>>;
