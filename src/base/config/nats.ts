/** How programs meet on NATS JetStream, where `--server` of a sensor or `--nats` of a server names one. */
import { anyText } from "../forms.ts";
import { setting } from "./setting.ts";

export const natsSettings = {
  natsCredentials: setting({
    flag: "nats-credentials",
    variable: "NTA_NATS_CREDENTIALS",
    form: anyText("FILE", "a .creds file, or one that holds the seed of an NKey"),
    fallback: "",
    fallbackNote: "none",
    description: "Who this is to the NATS servers; read at each connection.",
    programs: ["tap"],
  }),
} as const;
