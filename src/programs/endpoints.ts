import type { Settings } from "../base/config.ts";
import type { ApiRow, EndpointRow } from "../server/contract.ts";
import { findApi, placeOf } from "./client/find.ts";
import { ServerClient } from "./client/server.ts";
import { tableText } from "./client/table.ts";
import { printLine } from "./standardoutput.ts";

const PAGE = 1000;

/** Lists the endpoints of one API, or of all. */
export const endpoints = async (
  operands: readonly string[],
  settings: Settings,
): Promise<number> => {
  const { search, json } = settings;
  const server = new ServerClient(settings);
  const [name] = operands;
  const api = name === undefined ? null : await findApi(server, name);
  const path = api === null ? "/endpoints" : `/apis/${api.id}/endpoints`;
  const query = { limit: PAGE, ...(search === "" ? {} : { q: search }) };
  const rows: EndpointRow[] = [];
  for await (const row of server.all<EndpointRow>(path, query)) {
    if (json) printLine(JSON.stringify(row));
    else rows.push(row);
  }
  if (json) return 0;
  if (rows.length === 0) {
    printLine("There is no such endpoint.");
    return 0;
  }
  const isOne = api !== null;
  const places = new Map<string, string>();
  if (!isOne)
    for await (const row of server.all<ApiRow>("/apis", { limit: PAGE }))
      places.set(row.id, placeOf(row));
  const head = ["METHOD", "PATH", "CALLS", "ERRORS", "P95 MS", "AUTH", "SENSITIVE", "FINDINGS"];
  printLine(
    tableText(
      isOne ? head : ["API", ...head],
      rows.map((row) => (isOne ? cells(row) : [places.get(row.api) ?? row.apiName, ...cells(row)])),
    ),
  );
  return 0;
};

const cells = (row: EndpointRow): (string | number)[] => [
  row.method,
  row.path,
  row.calls,
  `${(row.errorShare * 100).toFixed(1)} %`,
  row.p95Ms === null ? "" : Math.round(row.p95Ms),
  row.auth.join(" ") || "none",
  row.sensitive.join(" "),
  row.findings,
];
