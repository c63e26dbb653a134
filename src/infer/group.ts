import type { ApiSummary } from "../telemetry/summary.ts";
import type { Hints } from "./hints.ts";

/** Summaries that are one API. */
export interface ApiGroup {
  /** Named by the host with most calls, or by the first of a merge hint. */
  readonly host: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  /** All hosts, that of the name first, the others sorted. */
  readonly hosts: readonly string[];
  readonly summaries: readonly ApiSummary[];
}

/**
 * One workload is one API, whatever names it is called by; where the workload is not known, host and port
 * are, and the names of loopback are one host. Hints come before both: `splits` keep a host apart, `merges` join.
 */
export function groupApis(summaries: readonly ApiSummary[], hints: Hints): ApiGroup[] {
  const groups = new Map<string, ApiSummary[]>();
  for (const summary of summaries) {
    const key = groupKey(summary, hints);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [summary]);
    else group.push(summary);
  }
  return [...groups.values()]
    .map((group) => describeGroup(group, hints))
    .sort((a, b) => compareText(a.host, b.host) || a.port - b.port);
}

/** Code unit order: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function groupKey(summary: ApiSummary, hints: Hints): string {
  const { workload, host, port } = summary.key;
  const names = [`${host}:${port}`, host];
  const merge = hints.merges.findIndex((hosts) => hosts.some((name) => names.includes(name)));
  if (merge >= 0) return `merge ${merge}`;
  const isSplit = hints.splits.some((name) => names.includes(name));
  if (isSplit) return `split ${host} ${port}`;
  if (workload !== "") return `workload ${workload} ${port}`;
  return `host ${hostItself(host)} ${port}`;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"]);

/**
 * The host behind a name: who calls `localhost`, `127.0.0.1` or `[::1]` means the same process. Of these names alone, so that it
 * does not matter what is heard first.
 */
export const hostItself = (host: string): string => (LOOPBACK.has(host) ? "localhost" : host);

function describeGroup(summaries: ApiSummary[], hints: Hints): ApiGroup {
  const calls = new Map<string, number>();
  for (const { key, root } of summaries)
    calls.set(
      `${key.host}:${key.port}`,
      (calls.get(`${key.host}:${key.port}`) ?? 0) + countCalls(root),
    );
  const sorted = [...summaries].sort(
    (a, b) =>
      namedFirst(a, hints) - namedFirst(b, hints) ||
      calls.get(`${b.key.host}:${b.key.port}`)! - calls.get(`${a.key.host}:${a.key.port}`)! ||
      compareText(a.key.host, b.key.host) ||
      a.key.port - b.key.port ||
      compareText(a.key.scheme, b.key.scheme) ||
      compareText(a.key.workload, b.key.workload),
  );
  const first = sorted[0]!.key;
  const others = new Set(sorted.map((summary) => summary.key.host));
  others.delete(first.host);
  return {
    host: first.host,
    port: first.port,
    scheme: first.scheme,
    hosts: [first.host, ...[...others].sort(compareText)],
    summaries: sorted,
  };
}

function namedFirst({ key }: ApiSummary, hints: Hints): number {
  const names = [`${key.host}:${key.port}`, key.host];
  return hints.merges.some((hosts) => names.includes(hosts[0] ?? "")) ? 0 : 1;
}

function countCalls(node: ApiSummary["root"]): number {
  let calls = 0;
  for (const operation of node.operations.values()) calls += operation.calls;
  for (const child of node.children.values()) calls += countCalls(child);
  return calls;
}
