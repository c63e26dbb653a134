/** How programs speak to who called them. */
import { onOrOff } from "../forms.ts";
import { setting } from "./setting.ts";

export const outputSettings = {
  json: setting({
    flag: "json",
    variable: null,
    form: onOrOff,
    fallback: "false",
    description:
      "Prints for programs instead of people: a line of JSON for each item of a list, one value for a single result.",
    programs: ["reconstruct", "exchanges", "apis", "endpoints", "diff", "import", "export", "dead"],
  }),
} as const;
