import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes the folder, and its parents. Step by step, because Node's `recursive` never returns where the kernel answers
 * that a folder which is there does not exist, as `/proc` does.
 */
export const makeFolders = (folder: string, mode: number): void => {
  const missing: string[] = [];
  let existing = resolve(folder);
  while (!existsSync(existing)) {
    missing.push(existing);
    existing = dirname(existing);
  }
  for (const path of missing.reverse()) {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      // Another process was quicker.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
};
