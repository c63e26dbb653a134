/** What a run of `reconstruct` says on standard output: what was found, where it lies, and what was not used. */
import { styleText } from "node:util";
import Table from "cli-table3";
import type { Api, Model } from "../infer/model.ts";
import { noiseRules } from "../telemetry/noise.ts";
import { byCount } from "./counts.ts";
import type { Heard } from "./offline/heard.ts";

/** More endpoints than this are counted, not listed. */
const LISTED_ENDPOINTS_MAX = 60;
const LISTED_MAX = 8;

export interface Written {
  readonly api: Api;
  readonly path: string;
}

export interface Outcome {
  readonly heard: Heard;
  readonly model: Model;
  readonly documents: readonly Written[];
}

export const reportAsText = (outcome: Outcome): string => {
  const { documents, heard } = outcome;
  if (exchangeCount(heard) === 0) return seenInstead(heard);
  const endpointCount = documents.reduce((count, { api }) => count + api.endpoints.length, 0);
  return [
    ...(documents.length === 0 ? [] : [apiTable(documents)]),
    ...(endpointCount <= LISTED_ENDPOINTS_MAX ? documents.map(endpointTable) : []),
    summaryLine(outcome, endpointCount),
    ...unusedLine(outcome),
  ].join("\n");
};

export const reportAsJson = ({ heard, documents }: Outcome, explanation: string | null): string =>
  JSON.stringify(
    {
      documents: documents.map(({ api, path }) => ({
        host: api.hosts[0],
        port: api.port,
        endpoints: api.endpoints.length,
        calls: api.evidence.count,
        path,
      })),
      exchanges: Object.fromEntries(byCount(heard.exchanges)),
      packets: Object.fromEntries(byCount(heard.packets)),
      flows: Object.fromEntries(byCount(heard.flows)),
      serverNames: Object.fromEntries(byCount(heard.serverNames)),
      warnings: heard.warnings,
      ...(explanation !== null && { explanation }),
    },
    null,
    2,
  );

const exchangeCount = ({ exchanges }: Heard): number =>
  [...exchanges.values()].reduce((sum, count) => sum + count, 0);

const apiTable = (documents: readonly Written[]): string => {
  const table = new Table({
    head: ["API", "endpoints", "calls", "document"],
    colAligns: ["left", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { api, path } of documents) {
    const name = printable(`${api.hosts[0]}:${api.port}`);
    table.push([name, api.endpoints.length, api.evidence.count, path]);
  }
  return table.toString();
};

const endpointTable = ({ api }: Written): string => {
  const width = Math.max(...api.endpoints.map(({ path }) => path.text.length));
  const rows = api.endpoints.map(({ method, path, operation }) => {
    const statuses = operation.responses.map(({ status }) => status).join(" ");
    const calls = String(operation.evidence.count).padStart(7);
    return printable(`  ${method.padEnd(7)} ${path.text.padEnd(width)} ${calls}  ${statuses}`);
  });
  return [bold(printable(`${api.hosts[0]}:${api.port}`)), ...rows, ""].join("\n");
};

const summaryLine = ({ documents, heard }: Outcome, endpointCount: number): string => {
  const used = heard.exchanges.get("selected") ?? 0;
  const found =
    documents.length === 0
      ? "No document was written"
      : `${quantity(documents.length, "API")} with ${quantity(endpointCount, "endpoint")}`;
  return `${found}; ${quantity(exchangeCount(heard), "exchange")} heard, ${used} used.`;
};

const unusedLine = ({ heard }: Outcome): string[] => {
  const unwanted = heard.captures.reduce((count, each) => count + each.unwantedPackets, 0);
  const others = unwanted === 0 ? [] : [`  ${quantity(unwanted, "packet")} of other interfaces`];
  const unused = byCount(heard.exchanges).filter(([name]) => name !== "selected");
  if (unused.length + others.length === 0) return [];
  const shown = unused
    .slice(0, LISTED_MAX)
    .map(([name, count]) => `  ${count} ${reasonText(name)}`);
  return ["Not used:", ...shown, ...others];
};

const REASON_TEXTS: ReadonlyMap<string, string> = new Map([
  ["no-request", "responses whose request was not captured"],
  ["no-response", "requests whose response was not captured"],
  ["bad-framing", "whose framing contradicts itself"],
  ["cut-head", "of which a head was captured in part"],
  ["bad-target", "whose target is no path"],
  ["port", "on a port that --ports leaves out"],
  ["excluded-header", "with a header of --exclude-traffic-with-headers"],
  ["status", "with a status that --http-status-codes leaves out"],
  ...noiseRules.map(({ name, drops }) => [`noise-${name}`, `noise (${name}: ${drops})`] as const),
]);

const reasonText = (name: string): string => REASON_TEXTS.get(name) ?? name;

/** For a capture without HTTP: packets by kind, flows by kind, names that TLS clients asked for, ports. */
const seenInstead = (heard: Heard): string => {
  const packetCount = heard.captures.reduce((count, capture) => count + capture.packets, 0);
  const lines = [`No HTTP was found in ${quantity(packetCount, "packet")}. What was seen instead:`];
  const add = (title: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push(`  ${title}: ${items.join(", ")}`);
  };
  add(
    "packets",
    byCount(heard.packets).map(([name, count]) => `${count} ${spaced(name)}`),
  );
  add(
    "connections",
    byCount(heard.flows).map(([name, count]) => `${count} ${FLOW_TEXTS.get(name) ?? name}`),
  );
  add(
    "TLS to",
    byCount(heard.serverNames)
      .slice(0, LISTED_MAX)
      .map(([name, count]) => `${printable(name)} (${count})`),
  );
  add(
    "ports",
    byCount(heard.ports)
      .slice(0, LISTED_MAX)
      .map(([port, flows]) => `${port} (${flows})`),
  );
  if (packetCount === 0) lines.push("  nothing: the capture holds no packets");
  return lines.join("\n");
};

const FLOW_TEXTS: ReadonlyMap<string, string> = new Map([
  ["tls", "TLS (encrypted: capture behind the proxy that ends it, or use a HAR file)"],
  ["http2", "HTTP/2"],
  [
    "http2Joined",
    "HTTP/2 that began before the capture, which is read only from its first byte on",
  ],
  ["unknown", "of a protocol that is not known here"],
  ["none", "with too few bytes to tell"],
]);

/** `otherIpProtocol` as words; short names of protocols in capitals. */
const spaced = (name: string): string =>
  /^[a-z]{2,5}\d?$/.test(name)
    ? name.toUpperCase()
    : name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const quantity = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? "" : "s"}`;

const bold = (text: string): string => styleText("bold", text, { stream: process.stdout });

/** Text from traffic for a terminal: no control characters, so no escape sequences. */
const printable = (text: string): string => text.replaceAll(/\p{C}/gu, "?");
