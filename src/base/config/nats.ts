/** How programs meet on NATS JetStream, where `--server` of a sensor or `--nats` of a server names one. */
import { anyText, natsUrls, onOrOff, webUrl } from "../forms.ts";
import { countFrom, memorySize } from "../quantities.ts";
import { setting } from "./setting.ts";

const SERVERS = ["serve", "start"] as const;

export const natsSettings = {
  natsCredentials: setting({
    flag: "nats-credentials",
    variable: "NTA_NATS_CREDENTIALS",
    form: anyText("FILE", "a .creds file, or one that holds the seed of an NKey"),
    fallback: "",
    fallbackNote: "none",
    description: "Who this is to the NATS servers; read at each connection.",
    programs: ["tap", "collect", ...SERVERS],
  }),
  nats: setting({
    flag: "nats",
    variable: "NTA_NATS",
    form: natsUrls("URLs of NATS servers, such as nats://a:4222,nats://b:4222"),
    fallback: "",
    fallbackNote: "none: deltas come over HTTP alone",
    description:
      "Also takes deltas from the JetStream stream NTA_DELTAS, which is made where it is missing and checked where it is there. Any number of servers may share it.",
    programs: SERVERS,
  }),
  natsCa: setting({
    flag: "nats-ca",
    variable: "NTA_NATS_CA",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "the system's",
    description: "Authorities that the NATS servers' certificates are checked against.",
    programs: SERVERS,
  }),
  natsReplicas: setting({
    flag: "nats-replicas",
    variable: "NTA_NATS_REPLICAS",
    form: countFrom(1, 5),
    fallback: "3",
    description: "Nodes that each keep a copy of a stream that is made.",
    programs: SERVERS,
  }),
  natsBytesMax: setting({
    flag: "nats-bytes-max",
    variable: "NTA_NATS_BYTES_MAX",
    form: memorySize(1),
    fallback: "1Gi",
    description:
      "Size of a stream that is made. Where it is full, sensors keep what they know until servers have caught up.",
    programs: SERVERS,
  }),
  natsMonitor: setting({
    flag: "nats-monitor",
    variable: "NTA_NATS_MONITOR",
    form: webUrl("the URL of a NATS server's monitoring port, such as http://a:8222"),
    fallback: "",
    fallbackNote: "none: sync_interval is not checked",
    description: "Where it can be seen whether acknowledged deltas are synced to the disk.",
    programs: SERVERS,
  }),
  natsAcceptLoss: setting({
    flag: "nats-accept-loss",
    variable: "NTA_NATS_ACCEPT_LOSS",
    form: onOrOff,
    fallback: "false",
    description:
      "Takes a stream that could lose acknowledged deltas at a power failure: fewer than three replicas, or synced now and then.",
    programs: SERVERS,
  }),
} as const;
