/** What documents look like, and where they go. */
import { anyText, hostAliases, oneOf, onOrOff } from "../forms.ts";
import { setting } from "./setting.ts";

const WRITERS = ["reconstruct", "demo", "tap", "collect"] as const;
const EXPORTERS = [...WRITERS, "export"] as const;

export const documentSettings = {
  output: setting({
    flag: "output",
    letter: "o",
    variable: "NTA_OUTPUT",
    form: anyText("DIR", "a folder, made where it does not exist"),
    fallback: "openapi",
    fallbackFor: { tap: "", collect: "" },
    fallbackNote: "`openapi`; `tap` and `collect` write none",
    description: "Folder for the documents. Files in it that have other names stay as they are.",
    programs: EXPORTERS,
  }),
  format: setting({
    flag: "format",
    variable: "NTA_FORMAT",
    form: oneOf(["yaml", "json"]),
    fallback: "yaml",
    description: "Form of the documents.",
    programs: EXPORTERS,
  }),
  openapi: setting({
    flag: "openapi",
    variable: "NTA_OPENAPI",
    form: oneOf(["3.0", "3.1"]),
    fallback: "3.0",
    description: "Version of OpenAPI: 3.0 writes 3.0.3, 3.1 writes 3.1.0.",
    programs: EXPORTERS,
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
      "Documents say what they rest on: calls, first and last time, latency (`x-nta`). The flag leaves that out.",
    programs: EXPORTERS,
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
} as const;
