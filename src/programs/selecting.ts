import type { Settings } from "../base/config.ts";
import type { Exchange } from "../http/exchange.ts";
import type { PrivacyRules } from "../telemetry/privacy.ts";
import { REASONS, Reason, type Selection, Selector } from "../telemetry/selection.ts";

/** The operator's rules, as `telemetry/` takes them. */
export const selectionOf = (settings: Settings): Selection => ({
  statuses: settings.httpStatusCodes,
  ports: settings.ports,
  excludeHeaders: settings.excludeTrafficWithHeaders,
  noise: settings.noise === "drop",
});

/** What may be kept of values, as `telemetry/` takes it. */
export const privacyOf = ({ keep }: Settings): PrivacyRules => ({
  enumWords: keep.includes("enum-words"),
  pathWords: keep.includes("path-words"),
  hashes: keep.includes("hashes"),
  callers: keep.includes("callers"),
});

/** Why an exchange is not used, or null where it is. */
export const refusals = (settings: Settings): ((exchange: Exchange) => string | null) => {
  const selector = new Selector(selectionOf(settings));
  return (exchange) => {
    const reason = selector.select(exchange);
    return reason === Reason.Selected ? null : REASONS[reason]!;
  };
};
