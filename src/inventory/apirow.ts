/** An API's row of the store, and what is shown of it. */
import { HOUR_MS } from "./figures.ts";
import type { ApiRow, ApiStatus, Origin } from "./rows.ts";
import type { ApiTable } from "./schema.ts";

/** An API of which nothing is inferred yet. */
export const newApi = (id: string, nowMs: number): ApiTable => ({
  id,
  name: null,
  owner: null,
  labels: "|",
  note: "",
  confirmed: 0,
  ignored: 0,
  merged_into: null,
  hints: "{}",
  created_ms: nowMs,
  title: "",
  status: "new",
  cluster: null,
  namespace: null,
  workloads: "|",
  hosts: "|",
  ports: "|",
  origin: "internal",
  endpoints: 0,
  calls: 0,
  errors: 0,
  error_share: 0,
  first_ms: nowMs,
  last_ms: nowMs,
  auth: "|",
  sensitive: "|",
  score: 0,
  info: 0,
  low: 0,
  medium: 0,
  high: 0,
  version: 0,
  changed_ms: null,
  recent: NO_RECENT,
  has_imported: 0,
  search: "",
  detail: "{}",
  dirty_ms: nowMs,
});

export const RECENT_HOURS = 24;
export const NO_RECENT = "[0]";

/** `[hour of the last, calls of the last 24 hours …]` */
export const writeRecent = (lastHour: number, counts: readonly number[]): string =>
  JSON.stringify([lastHour, ...counts]);

/** As of now: hours that passed since have no calls that are known. */
export function readRecent(text: string, nowMs: number): number[] {
  const [lastHour = 0, ...counts] = JSON.parse(text) as number[];
  const passed = Math.floor(nowMs / HOUR_MS) - lastHour;
  return Array.from({ length: RECENT_HOURS }, (_, index) => counts[index + passed] ?? 0);
}

/** Sets as `|a|b|`, so that one member is found by `like`. */
export const writeSet = (values: Iterable<string | number>): string => {
  const texts = [...new Set([...values].map((value) => String(value).replaceAll("|", "/")))];
  return texts.length === 0 ? "|" : `|${texts.join("|")}|`;
};
export const readSet = (text: string): string[] => text.split("|").filter((part) => part !== "");

export type ListedApi = Omit<ApiTable, "hints" | "detail" | "dirty_ms" | "search" | "note">;

export const apiRow = (row: ListedApi, nowMs: number): ApiRow => ({
  id: row.id,
  name: nameOf(row),
  title: titleOf(row),
  status: row.status as ApiStatus,
  confirmed: row.confirmed === 1,
  owner: row.owner,
  cluster: row.cluster,
  namespace: row.namespace,
  workloads: readSet(row.workloads),
  hosts: readSet(row.hosts),
  ports: readSet(row.ports).map(Number),
  origin: row.origin as Origin,
  endpoints: row.endpoints,
  calls: row.calls,
  errorShare: row.error_share,
  firstMs: row.first_ms,
  lastMs: row.last_ms,
  auth: readSet(row.auth),
  sensitive: readSet(row.sensitive),
  score: row.score,
  findings: { info: row.info, low: row.low, medium: row.medium, high: row.high },
  labels: readSet(row.labels),
  version: row.version,
  recent: readRecent(row.recent, nowMs),
  hasImported: row.has_imported === 1,
});

export const nameOf = ({ name, title, id }: Pick<ApiTable, "name" | "title" | "id">): string =>
  name ?? (title === "" ? id : title);

type Named = Pick<ApiTable, "name" | "title" | "id" | "hosts" | "ports">;

/** Its name; where that is a host, with the ports that tell it from other APIs of that host. */
export function titleOf(row: Named): string {
  const name = nameOf(row);
  // What nobody could see, or press.
  if (name.trim() === "") return JSON.stringify(name);
  if (!readSet(row.hosts).includes(name)) return name;
  const telling = readSet(row.ports).filter((port) => port !== "80" && port !== "443");
  return telling.length > 0 && telling.length <= TITLE_PORTS ? `${name}:${telling.join()}` : name;
}

/** With more of them the name is no longer one. */
const TITLE_PORTS = 3;

/** What a search looks through. */
export const searchText = (
  row: Pick<ApiTable, "name" | "title" | "id" | "hosts" | "workloads" | "labels" | "owner">,
): string =>
  [nameOf(row), row.hosts, row.workloads, row.labels, row.owner ?? ""].join("\n").toLowerCase();

/** What time and people make of an API. */
export function statusOf(
  row: Pick<ApiTable, "ignored" | "first_ms" | "last_ms" | "created_ms" | "changed_ms">,
  { newForDays, unusedAfterDays }: { newForDays: number; unusedAfterDays: number },
  nowMs: number,
): ApiStatus {
  const dayMs = 24 * HOUR_MS;
  if (row.ignored === 1) return "ignored";
  // An old capture that was just read is new here, however long ago its calls were.
  if (row.created_ms > nowMs - newForDays * dayMs) return "new";
  if (row.last_ms < nowMs - unusedAfterDays * dayMs) return "unused";
  if (row.changed_ms !== null && row.changed_ms > nowMs - newForDays * dayMs) return "changed";
  return "active";
}
