import type { Settings } from "../base/config.ts";
import type { ApiRow } from "../server/contract.ts";
import { placeOf } from "./client/find.ts";
import { ServerClient } from "./client/server.ts";
import { ago, tableText } from "./client/table.ts";
import { printLine } from "./standardoutput.ts";

const PAGE = 500;

/** Lists the APIs of the inventory. */
export const apis = async (settings: Settings): Promise<number> => {
  const { search, json } = settings;
  const server = new ServerClient(settings);
  const query = { limit: PAGE, sort: "-calls", ...(search === "" ? {} : { q: search }) };
  const rows: ApiRow[] = [];
  for await (const row of server.all<ApiRow>("/apis", query)) {
    if (json) printLine(JSON.stringify(row));
    else rows.push(row);
  }
  if (json) return 0;
  if (rows.length === 0) {
    printLine(search === "" ? "No API was heard yet." : "No API has that in its names.");
    return 0;
  }
  const head = [
    "ID",
    "API",
    "STATUS",
    "ENDPOINTS",
    "CALLS",
    "ERRORS",
    "AUTH",
    "SCORE",
    "LAST CALL",
  ];
  printLine(tableText(head, rows.map(cells)));
  return 0;
};

const cells = (row: ApiRow): (string | number)[] => [
  row.id,
  placeOf(row),
  row.status,
  row.endpoints,
  row.calls,
  `${(row.errorShare * 100).toFixed(1)} %`,
  row.auth.join(" ") || "none",
  Math.round(row.score * 10) / 10,
  ago(row.lastMs, Date.now()),
];
