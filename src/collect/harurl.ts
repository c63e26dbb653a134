import { isAddress } from "./address.ts";
import type { HarProblem } from "./harproblem.ts";

export interface HarUrl {
  /**
   * The request target: in origin-form, or for https in absolute-form (RFC 9112, section 3.2), as nothing else in
   * an exchange tells the scheme.
   */
  readonly target: string;
  /** Host and port as written. */
  readonly authority: string;
  readonly port: number;
  /** Where the host is an address. */
  readonly ip: string | null;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

/** Takes a URL apart without rewriting it: the path stays as it was sent. */
export function readHarUrl(text: string, method: string): HarUrl | HarProblem {
  const schemeEnd = text.indexOf("://");
  if (schemeEnd < 0) return /^[a-z][a-z0-9+.-]*:/i.test(text) ? "notHttp" : "badUrl";
  const scheme = text.slice(0, schemeEnd).toLowerCase();
  const defaultPort = DEFAULT_PORTS.get(scheme);
  if (defaultPort === undefined) return "notHttp";
  const start = schemeEnd + 3;
  let end = start;
  while (end < text.length && !"/?#".includes(text[end]!)) end++;
  const authority = text.slice(
    text.lastIndexOf("@", end - 1) >= start ? text.lastIndexOf("@", end - 1) + 1 : start,
    end,
  );
  const match = /^(\[[0-9a-f:.%]+\]|[^:\s]+)(?::(\d{0,5}))?$/i.exec(authority);
  if (match === null) return "badUrl";
  const host = match[1]!.replaceAll(/[[\]]/g, "");
  const port = match[2] ? Number(match[2]) : defaultPort;
  if (port > 65_535) return "badUrl";
  const hash = text.indexOf("#", end);
  const rest = text.slice(end, hash < 0 ? text.length : hash);
  const path = escaped(rest.startsWith("/") ? rest : `/${rest}`);
  const ip = isAddress(host) ? host : null;
  if (method === "CONNECT") return { target: authority, authority, port, ip };
  const target = scheme === "https" ? `https://${authority}${path}` : path;
  return { target, authority, port, ip };
}

/** Some exporters write URLs decoded; only visible ASCII can stand in a target. */
const escaped = (path: string): string =>
  path.replaceAll(/[^!-~]+/g, (run) => encodeURIComponent(run.toWellFormed()));
