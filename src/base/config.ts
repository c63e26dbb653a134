/**
 * Every setting, once: its flag, its variable, its form, its default and what it does. The command line, the
 * environment and docs/configuration.md are made from this table.
 */
import {
  anyText,
  type Form,
  headerNames,
  hostAliases,
  names,
  oneOf,
  onOrOff,
  ports,
  statusCodes,
} from "./forms.ts";

export type Program = "reconstruct" | "exchanges" | "demo";

export interface Setting<Value> {
  /** Long flag, without the dashes. */
  readonly flag: string;
  /** One letter, without the dash. */
  readonly letter?: string;
  /** Environment variable; null where a setting only makes sense for one run. */
  readonly variable: string | null;
  readonly form: Form<Value>;
  /** As an operator would write it; an empty text is a form's empty value. */
  readonly fallback: string;
  /** What the default means, where its text does not say it. */
  readonly fallbackNote?: string;
  readonly description: string;
  readonly programs: readonly Program[];
}

const setting = <Value>(row: Setting<Value>): Setting<Value> => row;

const READERS = ["reconstruct", "exchanges"] as const;
const WRITERS = ["reconstruct", "demo"] as const;

export const settings = {
  interfaces: setting({
    flag: "interfaces",
    variable: "INVICTI_TAP_INTERFACES",
    form: names,
    fallback: "",
    fallbackNote: "all",
    description:
      "Interfaces whose packets are used. A capture is filtered only where it names its interfaces, as pcapng does.",
    programs: READERS,
  }),
  ports: setting({
    flag: "ports",
    variable: "INVICTI_TAP_PORTS",
    form: ports,
    fallback: "",
    fallbackNote: "all",
    description: "Server ports whose exchanges are used.",
    programs: READERS,
  }),
  httpStatusCodes: setting({
    flag: "http-status-codes",
    variable: "INVICTI_TAP_HTTP_STATUS_CODES",
    form: statusCodes,
    fallback: "2xx",
    description:
      "Response statuses that teach a shape. An exchange with another status makes no endpoint; on a known endpoint it is counted.",
    programs: READERS,
  }),
  excludeTrafficWithHeaders: setting({
    flag: "exclude-traffic-with-headers",
    variable: "INVICTI_TAP_EXCLUDE_TRAFFIC_WITH_HEADERS",
    form: headerNames,
    fallback: "",
    fallbackNote: "none",
    description:
      "An exchange is dropped where its request or its response has one of these headers, in any case.",
    programs: READERS,
  }),
  noise: setting({
    flag: "noise",
    variable: "NTA_NOISE",
    form: oneOf(["drop", "keep"]),
    fallback: "drop",
    description:
      "Static files, health checks and probes of scanners: whether they become endpoints.",
    programs: READERS,
  }),
  output: setting({
    flag: "output",
    letter: "o",
    variable: "NTA_OUTPUT",
    form: anyText("DIR", "a folder, made where it does not exist"),
    fallback: "openapi",
    description: "Folder for the documents. Files in it that have other names stay as they are.",
    programs: WRITERS,
  }),
  format: setting({
    flag: "format",
    variable: "NTA_FORMAT",
    form: oneOf(["yaml", "json"]),
    fallback: "yaml",
    description: "Form of the documents.",
    programs: WRITERS,
  }),
  openapi: setting({
    flag: "openapi",
    variable: "NTA_OPENAPI",
    form: oneOf(["3.0", "3.1"]),
    fallback: "3.0",
    description: "Version of OpenAPI: 3.0 writes 3.0.3, 3.1 writes 3.1.0.",
    programs: WRITERS,
  }),
  hostAlias: setting({
    flag: "host-alias",
    variable: "NTA_HOST_ALIAS",
    form: hostAliases,
    fallback: "",
    fallbackNote: "none",
    description: "A=B: what is heard for host A belongs to the API of host B. May be repeated.",
    programs: WRITERS,
  }),
  hints: setting({
    flag: "hints",
    variable: "NTA_HINTS",
    form: anyText("FILE", "a file of hints in YAML or JSON"),
    fallback: "",
    fallbackNote: "none",
    description: "Corrections of what inference concludes: see docs/hints.md.",
    programs: WRITERS,
  }),
  evidence: setting({
    flag: "evidence",
    variable: "NTA_EVIDENCE",
    form: onOrOff,
    fallback: "true",
    description:
      "Whether documents say what they rest on: calls, first and last time, latency (`x-nta`).",
    programs: WRITERS,
  }),
  explain: setting({
    flag: "explain",
    variable: null,
    form: anyText("PATH", "a path such as /users/17, with or without its method"),
    fallback: "",
    fallbackNote: "off",
    description: "Also prints how inference came to the path template of PATH.",
    programs: ["reconstruct"],
  }),
  json: setting({
    flag: "json",
    variable: null,
    form: onOrOff,
    fallback: "false",
    description: "Prints for programs instead of people, on standard output.",
    programs: READERS,
  }),
} as const;

export type SettingName = keyof typeof settings;
/** The values of all settings, as their forms parse them. */
export type Settings = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value>
    ? Value
    : never;
};

/** Prefixes of variables that are ours; a variable that begins so and is not in the table is a mistake. */
export const VARIABLE_PREFIXES = ["INVICTI_TAP_", "NTA_"] as const;

/** Variables that are ours and no settings: where the tests find data from outside. */
export const OTHER_VARIABLES = ["NTA_EVAL_DIR"] as const;

export const settingNames = Object.keys(settings) as SettingName[];
