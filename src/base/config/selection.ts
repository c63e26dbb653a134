/** Which of the traffic is used. */
import { headerNames, names, oneOf, ports, statusCodes } from "../forms.ts";
import { setting } from "./setting.ts";

const READERS = ["reconstruct", "exchanges", "tap"] as const;
const LISTENERS = [...READERS, "doctor", "start"] as const;
const LEARNERS = [...READERS, "collect", "serve", "start"] as const;

export const selectionSettings = {
  interfaces: setting({
    flag: "interfaces",
    variable: "INVICTI_TAP_INTERFACES",
    form: names("interfaces, such as eth0,lo"),
    fallback: "",
    fallbackNote: "all",
    description:
      "Interfaces whose packets are used. A capture is filtered only where it names its interfaces, as pcapng does.",
    programs: LISTENERS,
  }),
  ports: setting({
    flag: "ports",
    variable: "INVICTI_TAP_PORTS",
    form: ports,
    fallback: "",
    fallbackNote: "all",
    description: "Server ports whose exchanges are used.",
    programs: LISTENERS,
  }),
  httpStatusCodes: setting({
    flag: "http-status-codes",
    variable: "INVICTI_TAP_HTTP_STATUS_CODES",
    form: statusCodes,
    fallback: "2xx",
    description:
      "Response statuses that teach a shape. An exchange with another status makes no endpoint; on a known endpoint it is counted.",
    programs: LEARNERS,
  }),
  excludeTrafficWithHeaders: setting({
    flag: "exclude-traffic-with-headers",
    variable: "INVICTI_TAP_EXCLUDE_TRAFFIC_WITH_HEADERS",
    form: headerNames,
    fallback: "",
    fallbackNote: "none",
    description:
      "An exchange is dropped where its request or its response has one of these headers, in any case.",
    programs: LEARNERS,
  }),
  noise: setting({
    flag: "noise",
    variable: "NTA_NOISE",
    form: oneOf(["drop", "keep"]),
    fallback: "drop",
    description:
      "Static files, health checks and probes of scanners: whether they become endpoints.",
    programs: LEARNERS,
  }),
} as const;
