import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The folder with captures from outside: `NTA_EVAL_DIR`, else `../shared/eval` beside the repository; null where
 * there is none.
 */
export const evalFolder = (): string | null => {
  const folder =
    process.env["NTA_EVAL_DIR"] ?? fileURLToPath(new URL("../../../shared/eval", import.meta.url));
  return existsSync(folder) ? folder : null;
};

/** For `test(name, { skip })`: says loudly what does not run without the folder. */
export const skipWithoutEval = (what: string): string | false => {
  if (evalFolder() !== null) return false;
  const text = `!! ${what} DID NOT RUN: no evaluation data in ../shared/eval; set NTA_EVAL_DIR.`;
  console.error(text);
  return text;
};
