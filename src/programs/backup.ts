import type { Settings } from "../base/config.ts";
import { ServerClient } from "./client/server.ts";
import { printLine } from "./standardoutput.ts";

/** Writes the whole store of a running server to a file. */
export const backup = async (operands: readonly string[], settings: Settings): Promise<number> => {
  const [file] = operands;
  await new ServerClient(settings).download("/backup", file!);
  printLine(`${file} is the inventory as it was just now; nta restore brings it back`);
  return 0;
};
