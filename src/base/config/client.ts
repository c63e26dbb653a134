/** Programs that ask a running server. */
import { anyText, onOrOff } from "../forms.ts";
import { setting } from "./setting.ts";

export const CLIENTS = ["export", "diff", "import", "apis", "endpoints", "backup", "dead"] as const;

export const clientSettings = {
  url: setting({
    flag: "url",
    variable: "NTA_URL",
    form: anyText("URL", "the URL of nta serve, such as http://127.0.0.1:8090"),
    fallback: "http://127.0.0.1:8090",
    description: "Server that is asked. Where it wants a token, give --token or --token-file.",
    programs: CLIENTS,
  }),
  api: setting({
    flag: "api",
    variable: null,
    form: anyText("API", "an id or a name"),
    fallback: "",
    fallbackNote: "found by the description's servers",
    description: "API that the description is for.",
    programs: ["import"],
  }),
  search: setting({
    flag: "search",
    letter: "q",
    variable: null,
    form: anyText("TEXT", "words"),
    fallback: "",
    fallbackNote: "all",
    description: "Only what has this in its name, host, workload, label or owner, or in its path.",
    programs: ["apis", "endpoints"],
  }),
  sendAgain: setting({
    flag: "send-again",
    variable: null,
    form: onOrOff,
    fallback: "false",
    description: "Sends them to the servers again, such as after an upgrade.",
    programs: ["dead"],
  }),
  discard: setting({
    flag: "discard",
    variable: null,
    form: onOrOff,
    fallback: "false",
    description: "Forgets them. What they would have taught is lost.",
    programs: ["dead"],
  }),
} as const;
