/** How the tap listens, what it may use, and where what it learned goes. */
import { anyText, name, oneOf, onOrOff, someOf } from "../forms.ts";
import { coreShare, countOrAuto, listenAddressOrOff, memorySize, timeSpan } from "../quantities.ts";
import { CLIENTS } from "./client.ts";
import { setting } from "./setting.ts";

const TAP = ["tap"] as const;
const LISTENERS = ["tap", "start"] as const;
const SENSORS = ["tap", "collect"] as const;
const SENDERS = ["tap", "collect", ...CLIENTS] as const;

export const tapSettings = {
  server: setting({
    flag: "server",
    variable: "NTA_SERVER",
    form: anyText(
      "URL",
      "the URL of nta serve, such as http://nta.example:8090, or of NATS servers, such as nats://a:4222,nats://b:4222",
    ),
    fallback: "",
    fallbackNote: "none",
    description:
      "Server that gets what was learned, or the NATS JetStream that servers read it from.",
    programs: SENSORS,
  }),
  token: setting({
    flag: "token",
    variable: "NTA_TOKEN",
    form: anyText("TEXT", "a sensor's token"),
    fallback: "",
    fallbackNote: "none",
    description:
      "Token for the server. Other users of the machine may see flags; prefer the variable, or --token-file.",
    programs: SENDERS,
  }),
  tokenFile: setting({
    flag: "token-file",
    variable: "NTA_TOKEN_FILE",
    form: anyText("FILE", "a file that holds a token"),
    fallback: "",
    fallbackNote: "none",
    description: "File with the token; read before each request, so it may be exchanged.",
    programs: SENDERS,
  }),
  caFile: setting({
    flag: "ca-file",
    variable: "NTA_CA_FILE",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "the system's",
    description: "Authorities that the server's certificate is checked against.",
    programs: SENDERS,
  }),
  certFile: setting({
    flag: "cert-file",
    variable: "NTA_CERT_FILE",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "none",
    description: "Certificate to show to the server (mutual TLS).",
    programs: SENDERS,
  }),
  keyFile: setting({
    flag: "key-file",
    variable: "NTA_KEY_FILE",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "none",
    description: "Private key of that certificate.",
    programs: SENDERS,
  }),
  keep: setting({
    flag: "keep",
    variable: "NTA_KEEP",
    form: someOf(["enum-words", "path-words", "hashes", "callers"]),
    fallback: "enum-words,path-words,hashes,callers",
    fallbackNote: "all of them",
    description:
      "What is kept beside names, classes and counts: words of small enumerations, path segments that are words, keyed hashes of identifiers, callers' addresses (docs/privacy.md).",
    programs: ["tap", "start"],
  }),
  print: setting({
    flag: "print",
    variable: null,
    form: onOrOff,
    fallback: "false",
    description:
      "Prints exactly what leaves, or without --server would leave, the sensor: one delta a line, as JSON.",
    programs: SENSORS,
  }),
  read: setting({
    flag: "read",
    letter: "r",
    variable: null,
    form: anyText("FILE", "a capture, or '-' for standard input"),
    fallback: "",
    fallbackNote: "none",
    description: "Takes packets from a capture instead of interfaces, then ends.",
    programs: TAP,
  }),
  flushInterval: setting({
    flag: "flush-interval",
    variable: "NTA_FLUSH_INTERVAL",
    form: timeSpan(500, 3_600_000),
    fallback: "10s",
    description: "How often what was learned is sent, or written.",
    programs: ["tap", "collect", "start"],
  }),
  state: setting({
    flag: "state",
    variable: "NTA_STATE",
    form: anyText("DIR", "a folder, or none"),
    fallback: "",
    fallbackNote: "/var/lib/nta for root, else ~/.local/state/nta",
    description:
      "Folder for what the server has not acknowledged yet, so that it survives a restart; `none` keeps it in memory only.",
    programs: SENSORS,
  }),
  sensorName: setting({
    flag: "sensor-name",
    variable: "NTA_SENSOR_NAME",
    form: name(128),
    fallback: "",
    fallbackNote: "the host's name",
    description: "What the server calls this sensor.",
    programs: ["tap", "collect", "start"],
  }),
  statusListen: setting({
    flag: "status-listen",
    variable: "NTA_STATUS_LISTEN",
    form: listenAddressOrOff,
    fallback: "127.0.0.1:8091",
    description: "Where /status, /metrics, /healthz and /readyz are answered.",
    programs: ["tap", "collect", "doctor"],
  }),
  capture: setting({
    flag: "capture",
    variable: "NTA_CAPTURE",
    form: oneOf(["auto", "ring", "pcap"]),
    fallback: "auto",
    description:
      "Way of capture: `ring` is AF_PACKET of Linux, `pcap` is libpcap; `auto` takes the first that the system has.",
    programs: ["tap", "doctor", "start"],
  }),
  filter: setting({
    flag: "filter",
    variable: "NTA_FILTER",
    form: anyText("EXPRESSION", "an expression of pcap-filter(7)"),
    fallback: "",
    fallbackNote: "none",
    description: "Narrows what is captured, in the language of tcpdump; needs libpcap.",
    programs: ["tap", "doctor", "start"],
  }),
  tunnels: setting({
    flag: "tunnels",
    variable: "NTA_TUNNELS",
    form: onOrOff,
    fallback: "false",
    description: "Also looks inside VXLAN, GENEVE, GRE, IP in IP, MPLS, PPPoE and GTP-U.",
    programs: ["tap", "doctor", "start"],
  }),
  promiscuous: setting({
    flag: "promiscuous",
    variable: "NTA_PROMISCUOUS",
    form: onOrOff,
    fallback: "false",
    description:
      "Named interfaces also hand over what is sent to others, as on the port of a mirroring switch.",
    programs: LISTENERS,
  }),
  workers: setting({
    flag: "workers",
    variable: "NTA_WORKERS",
    form: countOrAuto(1, 64),
    fallback: "auto",
    description:
      "Threads that share the packets; `auto` takes one for each core that --cpu-max allows, and one to reconstruct.",
    programs: [...LISTENERS, "reconstruct"],
  }),
  cpuMax: setting({
    flag: "cpu-max",
    variable: "NTA_CPU_MAX",
    form: coreShare,
    fallback: "50%",
    description:
      "CPU that the tap may use. Beyond it fewer bodies are scanned, then none, then fewer connections are read.",
    programs: LISTENERS,
  }),
  memoryMax: setting({
    flag: "memory-max",
    variable: "NTA_MEMORY_MAX",
    form: memorySize(96),
    fallback: "384Mi",
    description: "Memory that the tap may use, the buffer for packets included.",
    programs: LISTENERS,
  }),
  log: setting({
    flag: "log",
    variable: "NTA_LOG",
    form: oneOf(["auto", "text", "json"]),
    fallback: "auto",
    description:
      "Form of log lines on standard error; `auto` is text on a terminal and JSON elsewhere.",
    programs: ["tap", "collect", "serve", "start"],
  }),
} as const;
