import { UsageError } from "../base/errors.ts";
import { version } from "./version.ts";

/** Exit status of a mistake of the operator; 1 is left to bugs of ours. */
const STATUS_USAGE = 2;

/** Runs the command line `words` and sets the exit status. What it loads beyond this file, the program asks for. */
export const main = async (words: readonly string[]): Promise<void> => {
  endQuietlyWithReader();
  try {
    if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
      process.stdout.write(`${version()}\n`);
      return;
    }
    const { run } = await import("./command.ts");
    process.exitCode = await run(words, process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`nta: ${error.message}\n`);
    // Whatever was opened before the mistake was met ends with the process, and does not hold it.
    process.exit(STATUS_USAGE);
  }
};

/** `nta exchanges FILE | head` closes the pipe: nobody reads on, so there is nothing left to do. A disk may be full. */
const endQuietlyWithReader = (): void => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    process.stderr.write(`nta: cannot write to standard output: ${error.code ?? error.message}\n`);
    process.exit(STATUS_USAGE);
  });
};
