import { existsSync } from "node:fs";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { readNamedFile } from "../sensor/namedfile.ts";
import type { Description } from "../spec/description.ts";
import { type Change, diffDescriptions } from "../spec/diff.ts";
import { readDescription } from "../spec/import.ts";
import { findApi } from "./client/find.ts";
import { ServerClient } from "./client/server.ts";
import { printable } from "./client/table.ts";
import { printLine } from "./standardoutput.ts";

/** Compares two descriptions, each a file or `api@version`; exit status 1 where something breaks clients. */
export const diff = async (operands: readonly string[], settings: Settings): Promise<number> => {
  const [before, after] = operands;
  const changes = diffDescriptions(await read(before!, settings), await read(after!, settings));
  if (settings.json) printLine(JSON.stringify(changes));
  else if (changes.length === 0) printLine("No difference.");
  else for (const change of changes) printLine(lineOf(change));
  return changes.some(({ isBreaking }) => isBreaking) ? STATUS_BREAKING : 0;
};

/** As `diff` and `cmp` have it: 1 says that there is a difference, here one that breaks. */
const STATUS_BREAKING = 1;

const read = async (operand: string, settings: Settings): Promise<Description> => {
  const { value, problems } = readDescription(await textOf(operand, settings));
  if (value !== null) return value;
  throw new UsageError(
    printable(`${operand} is no OpenAPI description: ${problems[0]?.text ?? "it is empty"}`),
  );
};

const textOf = async (operand: string, settings: Settings): Promise<string> => {
  if (existsSync(operand)) return readNamedFile("nta diff", operand);
  const [, name, version] = /^(.+?)(?:@(\d+))?$/.exec(operand) ?? [];
  const looksLikeFile = version === undefined && /\.(?:ya?ml|json)$/.test(operand);
  if (name === undefined || looksLikeFile)
    throw new UsageError(`${operand}: there is no such file`);
  const server = new ServerClient(settings);
  const { id } = await findApi(server, name).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${operand} is no file, so it is looked up as an API: ${error.message}`);
  });
  const query = { format: "json", evidence: false };
  return await server.text(
    `/apis/${id}/document`,
    version === undefined ? query : { ...query, version },
  );
};

const lineOf = ({ isBreaking, method, path, place, text }: Change): string => {
  const where = [method, path, place].filter((part) => part !== "").join(" ");
  return printable(`${isBreaking ? "breaking " : "         "}${where}: ${text}`);
};
