import type { Severity } from "./rows.ts";

/** From the lightest to the heaviest. */
export const SEVERITIES: readonly Severity[] = ["info", "low", "medium", "high"];
