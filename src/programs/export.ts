import type { Settings } from "../base/config.ts";
import type { ApiRow } from "../server/contract.ts";
import { fileNames } from "../spec/filename.ts";
import { findApi } from "./client/find.ts";
import { ServerClient } from "./client/server.ts";
import { checkFolder, makeFolder, writeDocument } from "./documents.ts";
import { printLine } from "./standardoutput.ts";

const PAGE = 500;

/** Writes the documents of the inventory, of the APIs that are named or of all, into a folder. */
export const exportDocuments = async (
  operands: readonly string[],
  settings: Settings,
): Promise<number> => {
  const { output, format, openapi, evidence, json } = settings;
  checkFolder(output);
  const server = new ServerClient(settings);
  const rows = operands.length === 0 ? await wanted(server) : await named(server, operands);
  const names = fileNames(
    rows.map(({ hosts, name, ports }) => ({ host: hosts[0] ?? name, port: ports[0] ?? 0 })),
    format,
  );
  if (rows.length > 0) makeFolder(output);
  for (const [index, row] of rows.entries()) {
    const query = { openapi, format, evidence };
    const text = await server.text(`/apis/${row.id}/document`, query);
    const path = writeDocument(output, names[index]!, text);
    printLine(json ? JSON.stringify({ api: row.id, name: row.name, path }) : path);
  }
  if (rows.length === 0 && !json) printLine("No API was heard yet.");
  return 0;
};

const wanted = async (server: ServerClient): Promise<ApiRow[]> => {
  const rows: ApiRow[] = [];
  for await (const row of server.all<ApiRow>("/apis", { limit: PAGE, sort: "name" })) {
    if (row.status !== "ignored" && row.endpoints > 0) rows.push(row);
  }
  return rows;
};

const named = async (server: ServerClient, names: readonly string[]): Promise<ApiRow[]> => {
  const rows: ApiRow[] = [];
  for (const name of names) rows.push(await findApi(server, name));
  return rows;
};
