/** What `nta serve` listens on, whom it lets in, and where it keeps what it knows. */
import { anyText, names, onOrOff } from "../forms.ts";
import { countFrom, listenAddressOrOff, memorySize } from "../quantities.ts";
import { setting } from "./setting.ts";

const SERVERS = ["serve", "start"] as const;

export const serverSettings = {
  listen: setting({
    flag: "listen",
    variable: "NTA_LISTEN",
    form: listenAddressOrOff,
    fallback: "127.0.0.1:8090",
    description:
      "Where the page and the REST API are. Beyond loopback every request needs a token; the first one is printed at the first start.",
    programs: SERVERS,
  }),
  store: setting({
    flag: "store",
    variable: "NTA_STORE",
    form: anyText("STORE", "sqlite:PATH or postgres://USER@HOST/DATABASE"),
    fallback: "sqlite:nta-data/inventory.db",
    description: "Where the inventory is kept; a SQLite file is made where there is none.",
    programs: [...SERVERS, "restore"],
  }),
  requireToken: setting({
    flag: "require-token",
    variable: "NTA_REQUIRE_TOKEN",
    form: onOrOff,
    fallback: "false",
    description: "Asks for a token on loopback too.",
    programs: SERVERS,
  }),
  adminTokenFile: setting({
    flag: "admin-token-file",
    variable: "NTA_ADMIN_TOKEN_FILE",
    form: anyText("FILE", "a file that holds a token of at least 16 characters"),
    fallback: "",
    fallbackNote: "none: the first token is made and printed",
    description:
      "A token with the role editor, such as from a mounted Secret; read anew when it changes.",
    programs: SERVERS,
  }),
  sensorTokenFile: setting({
    flag: "sensor-token-file",
    variable: "NTA_SENSOR_TOKEN_FILE",
    form: anyText("FILE", "a file that holds a token of at least 16 characters"),
    fallback: "",
    fallbackNote: "none",
    description:
      "A token with the role sensor, such as from a mounted Secret; read anew when it changes.",
    programs: SERVERS,
  }),
  hostNames: setting({
    flag: "host-names",
    variable: "NTA_HOST_NAMES",
    form: names,
    fallback: "",
    fallbackNote: "on loopback only localhost and addresses, elsewhere any",
    description:
      "Names under which the server may be asked (the Host field), beside localhost and addresses.",
    programs: SERVERS,
  }),
  publicUrl: setting({
    flag: "public-url",
    variable: "NTA_PUBLIC_URL",
    form: anyText("URL", "the URL under which people reach the page"),
    fallback: "",
    fallbackNote: "that of --listen",
    description: "Used in links of APIs.json, Backstage entities and for single sign-on.",
    programs: SERVERS,
  }),
  tlsCert: setting({
    flag: "tls-cert",
    variable: "NTA_TLS_CERT",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "none: plain HTTP",
    description: "Certificate (with its chain) of the server; read anew when it changes.",
    programs: SERVERS,
  }),
  tlsKey: setting({
    flag: "tls-key",
    variable: "NTA_TLS_KEY",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "none",
    description: "Private key of that certificate.",
    programs: SERVERS,
  }),
  tlsClientCa: setting({
    flag: "tls-client-ca",
    variable: "NTA_TLS_CLIENT_CA",
    form: anyText("FILE", "a file in PEM"),
    fallback: "",
    fallbackNote: "none",
    description:
      "Authorities of sensors: who shows a certificate of theirs has the role sensor without a token.",
    programs: SERVERS,
  }),
  oidcIssuer: setting({
    flag: "oidc-issuer",
    variable: "NTA_OIDC_ISSUER",
    form: anyText("URL", "the issuer of an OpenID Connect provider"),
    fallback: "",
    fallbackNote: "none",
    description: "Lets people sign in to the page there.",
    programs: SERVERS,
  }),
  oidcClientId: setting({
    flag: "oidc-client-id",
    variable: "NTA_OIDC_CLIENT_ID",
    form: anyText("ID", "the client id that the provider gave"),
    fallback: "nta",
    description: "Client id at that provider.",
    programs: SERVERS,
  }),
  oidcClientSecretFile: setting({
    flag: "oidc-client-secret-file",
    variable: "NTA_OIDC_CLIENT_SECRET_FILE",
    form: anyText("FILE", "a file that holds the client secret"),
    fallback: "",
    fallbackNote: "none: a public client with PKCE",
    description: "Client secret at that provider.",
    programs: SERVERS,
  }),
  oidcEditors: setting({
    flag: "oidc-editors",
    variable: "NTA_OIDC_EDITORS",
    form: names,
    fallback: "",
    fallbackNote: "none: everybody who signs in may only look",
    description:
      "Verified e-mail addresses, subjects and groups of those who may also change things.",
    programs: SERVERS,
  }),
  oidcViewers: setting({
    flag: "oidc-viewers",
    variable: "NTA_OIDC_VIEWERS",
    form: names,
    fallback: "",
    fallbackNote: "everybody whom the provider lets in",
    description: "Verified e-mail addresses, subjects and groups of those who may look.",
    programs: SERVERS,
  }),
  nginxSyslogListen: setting({
    flag: "nginx-syslog-listen",
    variable: "NTA_NGINX_SYSLOG_LISTEN",
    form: listenAddressOrOff,
    fallback: "off",
    description:
      "UDP address for access logs of NGINX. They hold no bodies: such endpoints have paths and statuses, and no schemas.",
    programs: SERVERS,
  }),
  f5Listen: setting({
    flag: "f5-listen",
    variable: "NTA_F5_LISTEN",
    form: listenAddressOrOff,
    fallback: "off",
    description: "UDP address for JSON lines of an F5 high-speed log; metadata only.",
    programs: SERVERS,
  }),
  forwardMinEndpoints: setting({
    flag: "forward-min-endpoints",
    variable: "NTA_FORWARD_MIN_ENDPOINTS",
    form: countFrom(1, 1000),
    fallback: "1",
    description:
      "Endpoints that an API must have before it is forwarded, as long as no other number was set on the page.",
    programs: SERVERS,
  }),
  forwardAllow: setting({
    flag: "forward-allow",
    variable: "NTA_FORWARD_ALLOW",
    form: names,
    fallback: "",
    fallbackNote: "public addresses only",
    description:
      "Host names, addresses and networks (10.1.0.0/16) within the own network to which forwarders may send.",
    programs: SERVERS,
  }),
  forwardFolder: setting({
    flag: "forward-folder",
    variable: "NTA_FORWARD_FOLDER",
    form: anyText("DIR", "a folder"),
    fallback: "",
    fallbackNote: "none: no forwarding to folders",
    description: "Folder below which forwarders may write documents.",
    programs: SERVERS,
  }),
  uploadMax: setting({
    flag: "upload-max",
    variable: "NTA_UPLOAD_MAX",
    form: memorySize(1),
    fallback: "2Gi",
    description: "Largest capture or HAR file that may be uploaded.",
    programs: SERVERS,
  }),
  demo: setting({
    flag: "demo",
    variable: null,
    form: onOrOff,
    fallback: "false",
    description:
      "Also starts a small shop and its customers on loopback, so that something is heard at once.",
    programs: ["start"],
  }),
} as const;
