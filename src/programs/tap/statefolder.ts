import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { makeFolders } from "../../sensor/folder.ts";
import type { Log } from "../../sensor/quietlog.ts";

/** The state file in the folder that is named; null for memory only. */
export const stateFileIn = (folder: string, log: Log): string | null => {
  if (folder.toLowerCase() === "none") return null;
  if (folder !== "") return join(folder, STATE_FILE);
  const ours =
    process.getuid?.() === 0 ? "/var/lib/nta" : join(homedir(), ".local", "state", "nta");
  try {
    makeFolders(ours, 0o700);
    accessSync(ours, constants.W_OK);
    return join(ours, STATE_FILE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    log.warn(
      `${ours} cannot be used (${code}): what the server has not acknowledged would not survive a restart; name a folder with --state`,
    );
    return null;
  }
};

const STATE_FILE = "tap.state";
