import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { makeFolders } from "./folder.ts";

/** The operations of a file system that a state file needs. A test puts one in its place that fails and crashes. */
export interface Files {
  /** Makes the folder and those above it where they are missing. */
  makeFolder(path: string): Promise<void>;
  /** The file's bytes, `null` where there is none, `"too large"` where there are more than `bytesMax`. */
  read(path: string, bytesMax: number): Promise<Uint8Array | null | "too large">;
  /** Creates a file that only its owner may read; fails where there is one. */
  create(path: string): Promise<NewFile>;
  /** Puts a file in the place of another, whole or not at all. */
  rename(from: string, to: string): Promise<void>;
  /** Does nothing where there is none. */
  remove(path: string): Promise<void>;
  /** Makes what was renamed and removed in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

export interface NewFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export const systemFiles: Files = {
  async makeFolder(path) {
    makeFolders(path, FOLDER_MODE);
  },
  async read(path, bytesMax) {
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    try {
      const { size } = await file.stat();
      return size > bytesMax ? "too large" : await file.readFile();
    } finally {
      await file.close();
    }
  },
  async create(path) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(path, flags, FILE_MODE);
    return {
      write: (bytes) => file.writeFile(bytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async syncFolder(path) {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
