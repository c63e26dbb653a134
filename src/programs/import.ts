import { closeSync, createReadStream, existsSync, openSync, readSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { readNamedFile } from "../sensor/namedfile.ts";
import type { ImportResult, Upload } from "../server/contract.ts";
import { findApi } from "./client/find.ts";
import { ServerClient } from "./client/server.ts";
import { printable } from "./client/table.ts";
import { printLine } from "./standardoutput.ts";

const POLL_MS = 300;
const HEAD_BYTES = 256;

/** Hands a description, a capture or a HAR file to the inventory. */
export const importFile = async (
  operands: readonly string[],
  settings: Settings,
): Promise<number> => {
  const [path] = operands;
  if (!existsSync(path!)) throw new UsageError(`${path}: there is no such file`);
  if (statSync(path!).isDirectory()) throw new UsageError(`${path} is a folder; name a file`);
  const server = new ServerClient(settings);
  if (isDescription(path!)) return await importDescription(path!, server, settings);
  if (settings.api !== "") {
    throw new UsageError(
      "--api is for descriptions: traffic says itself which API it belongs to, so leave it out",
    );
  }
  return await importTraffic(path!, server, settings);
};

/** By its name, but for a HAR file that is called `.json`. */
const isDescription = (path: string): boolean => {
  if (!/\.(?:ya?ml|json)$/i.test(path)) return false;
  const head = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(path, "r");
  readSync(descriptor, head, 0, HEAD_BYTES, 0);
  closeSync(descriptor);
  return !/^\s*\{\s*"log"\s*:/.test(head.toString().replace(/^\ufeff/, ""));
};

const importDescription = async (
  path: string,
  server: ServerClient,
  { api, json }: Settings,
): Promise<number> => {
  const query = api === "" ? {} : { api: (await findApi(server, api)).id };
  const text = readNamedFile("nta import", path);
  const result = await server.send<ImportResult>("POST", "/imports", query, text, "text/plain");
  if (json) printLine(JSON.stringify(result));
  else {
    printLine(
      printable(
        `${result.title}: ${result.operations} operations are compared with API ${result.api}`,
      ),
    );
    for (const problem of result.problems)
      printLine(printable(`  ${problem.path}: ${problem.message}`));
  }
  return 0;
};

const importTraffic = async (
  path: string,
  server: ServerClient,
  { json }: Settings,
): Promise<number> => {
  const query = { name: basename(path) };
  const type = "application/octet-stream";
  let upload = await server.send<Upload>("POST", "/uploads", query, createReadStream(path), type);
  while (upload.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    upload = await server.json<Upload>(`/uploads/${upload.id}`);
  }
  if (json) printLine(JSON.stringify(upload));
  if (upload.state !== "done") throw new UsageError(`${path}: ${upload.problem ?? upload.state}`);
  if (!json) {
    const problem = upload.problem === null ? "" : `; ${upload.problem}`;
    printLine(printable(`${upload.exchanges} exchanges, ${upload.apis.length} APIs${problem}`));
  }
  return 0;
};
