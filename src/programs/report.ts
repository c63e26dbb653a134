/** What a run of `reconstruct` says on standard output: what was found, where it lies, and what was not used. */
import { styleText } from "node:util";
import Table from "cli-table3";
import type { Api, Model } from "../infer/model.ts";
import { noiseRules } from "../telemetry/noise.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { JobResult } from "./pipeline.ts";

/** More endpoints than this are counted, not listed. */
const LISTED_ENDPOINTS_MAX = 60;
const LISTED_REASONS_MAX = 8;
const LISTED_PORTS_MAX = 8;

export interface Written {
  readonly api: Api;
  readonly path: string;
}

export interface Outcome {
  readonly job: JobResult;
  readonly telemetry: Telemetry;
  readonly model: Model;
  readonly documents: readonly Written[];
}

export const reportAsText = (outcome: Outcome): string => {
  const { documents, job } = outcome;
  if (exchangeCount(outcome) === 0) return seenInstead(job);
  const endpointCount = documents.reduce((count, { api }) => count + api.endpoints.length, 0);
  return [
    ...(documents.length === 0 ? [] : [apiTable(documents)]),
    ...(endpointCount <= LISTED_ENDPOINTS_MAX ? documents.map(endpointTable) : []),
    summaryLine(outcome, endpointCount),
    ...unusedLine(outcome),
  ].join("\n");
};

export const reportAsJson = (outcome: Outcome, explanation: string | null): string => {
  const { job, telemetry, documents } = outcome;
  const packets = job.packets;
  return JSON.stringify(
    {
      documents: documents.map(({ api, path }) => ({
        host: api.hosts[0],
        port: api.port,
        endpoints: api.endpoints.length,
        calls: api.evidence.count,
        path,
      })),
      exchanges: Object.fromEntries(
        telemetry.reasons.entries().map(({ name, count }) => [name, count]),
      ),
      packets: Object.fromEntries(
        packets.decoder.counters.entries().map(({ name, count }) => [name, count]),
      ),
      flows: Object.fromEntries(
        packets.http.flowKinds.entries().map(({ name, count }) => [name, count]),
      ),
      serverNames: Object.fromEntries(packets.http.serverNames),
      warnings: job.warnings,
      ...(explanation !== null && { explanation }),
    },
    null,
    2,
  );
};

const exchangeCount = ({ telemetry }: Outcome): number =>
  telemetry.reasons.entries().reduce((sum, { count }) => sum + count, 0);

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

const summaryLine = (outcome: Outcome, endpointCount: number): string => {
  const { documents, telemetry } = outcome;
  const used = telemetry.reasons.count(0);
  const found =
    documents.length === 0
      ? "No document was written"
      : `${quantity(documents.length, "API")} with ${quantity(endpointCount, "endpoint")}`;
  return `${found}; ${quantity(exchangeCount(outcome), "exchange")} heard, ${used} used.`;
};

const unusedLine = ({ telemetry, job }: Outcome): string[] => {
  const unwanted = job.captures.reduce((count, each) => count + each.unwantedPackets, 0);
  const others = unwanted === 0 ? [] : [`  ${quantity(unwanted, "packet")} of other interfaces`];
  const unused = telemetry.reasons.entries().filter(({ name }) => name !== "selected");
  if (unused.length + others.length === 0) return [];
  const shown = unused
    .slice(0, LISTED_REASONS_MAX)
    .map(({ name, count }) => `  ${count} ${reasonText(name)}`);
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
const seenInstead = ({ captures, packets }: JobResult): string => {
  const { decoder, http, ports } = packets;
  const packetCount = captures.reduce((count, capture) => count + capture.packets, 0);
  const lines = [`No HTTP was found in ${quantity(packetCount, "packet")}. What was seen instead:`];
  const add = (title: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push(`  ${title}: ${items.join(", ")}`);
  };
  add(
    "packets",
    decoder.counters.entries().map(({ name, count }) => `${count} ${spaced(name)}`),
  );
  add(
    "connections",
    http.flowKinds.entries().map(({ name, count }) => `${count} ${FLOW_TEXTS.get(name) ?? name}`),
  );
  const names = [...http.serverNames].sort((a, b) => b[1] - a[1]).slice(0, LISTED_PORTS_MAX);
  add(
    "TLS to",
    names.map(([name, count]) => `${printable(name)} (${count})`),
  );
  add(
    "ports",
    ports.top(LISTED_PORTS_MAX).map(({ port, flows }) => `${port} (${flows})`),
  );
  if (packetCount === 0) lines.push("  nothing: the capture holds no packets");
  return lines.join("\n");
};

const FLOW_TEXTS: ReadonlyMap<string, string> = new Map([
  ["tls", "TLS (encrypted: capture behind the proxy that ends it, or use a HAR file)"],
  ["http2", "HTTP/2"],
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
