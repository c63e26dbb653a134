/** Stable names of what telemetry counts beside the reasons of `selection.ts`. */
export const TALLIES = [
  "bodies-scanned",
  "bodies-truncated",
  "bodies-invalid",
  "bodies-over-limit",
  "bodies-not-scanned",
  "names-refused",
  "nodes-refused",
  "paths-refused",
  "apis-forgotten",
  "tables-renewed",
  "bodies-spared",
] as const;
export type TallyName = (typeof TALLIES)[number];

/** Index into `TALLIES`. */
export const Tally = {
  Scanned: 0,
  Truncated: 1,
  Invalid: 2,
  OverLimit: 3,
  NotScanned: 4,
  NamesRefused: 5,
  NodesRefused: 6,
  PathsRefused: 7,
  ApisForgotten: 8,
  TablesRenewed: 9,
  Spared: 10,
} as const;
