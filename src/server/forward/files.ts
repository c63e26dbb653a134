/** Documents as files: in a folder of this machine, and in a Git repository. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import type { ForwarderTarget } from "../../inventory/administration.ts";
import type { Guard } from "./guard.ts";
import type { DocumentItem } from "./item.ts";

const run = promisify(execFile);
const GIT_TIMEOUT_MS = 60_000;

/** What is wrong with a folder as the target of a forwarder; null for nothing. `root` is what the operator opened. */
export function folderProblem(path: string, root: string | null): string | null {
  if (root === null)
    return "forwarding to folders is off; --forward-folder DIR allows it below DIR";
  const isBelow = path !== "" && isWithin(resolve(root, path), resolve(root));
  return isBelow ? null : `a folder below ${root} is expected`;
}

const isWithin = (path: string, root: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);

export async function writeToFolder(
  path: string,
  root: string,
  items: readonly DocumentItem[],
): Promise<void> {
  const folder = resolve(root, path);
  await mkdir(folder, { recursive: true });
  await refuseDetour(folder, root);
  for (const item of items) await put(folder, item);
}

/** What a test wrote. */
export const removeFromFolder = async (
  path: string,
  root: string,
  { fileName }: DocumentItem,
): Promise<void> => rm(join(resolve(root, path), fileName), { force: true });

/** A symbolic link must not lead out. */
async function refuseDetour(folder: string, root: string): Promise<void> {
  if (!isWithin(await realpath(folder), await realpath(root))) {
    throw new Error("a symbolic link in the path leads out of the folder that is allowed");
  }
}

async function put(folder: string, { fileName, yaml }: DocumentItem): Promise<void> {
  const partial = join(folder, `.${fileName}.partial`);
  try {
    await writeFile(partial, yaml);
    await rename(partial, join(folder, fileName));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

type GitTarget = Extract<ForwarderTarget, { kind: "git" }>;

/** What is wrong with a repository as the target of a forwarder; null for nothing. */
export function gitProblem(target: GitTarget, guard: Guard, root: string | null): string | null {
  if (!/^[A-Za-z0-9][\w./-]{0,200}$/.test(target.branch) || target.branch.includes("..")) {
    return "branch: a name such as main is expected";
  }
  if (!isWithin(resolve("/repository", target.folder), "/repository")) {
    return "folder: a path within the repository is expected";
  }
  if (target.url.startsWith("file://")) {
    const problem = folderProblem(target.url.slice(7), root);
    return problem === null ? null : `url: for file://…, ${problem}`;
  }
  const ssh = /^(?:ssh:\/\/)?(?:[\w.-]+@)?([\w.-]+)[:/][\w~/][\w./~-]*$/.exec(target.url);
  if (target.url.startsWith("https://")) return guard.problemOf(target.url);
  if (ssh === null) return "url: https://…, ssh://… or user@host:path is expected";
  return guard.problemOf(`https://${ssh[1]!}/`);
}

/** One commit for all documents; none where nothing changed. */
export async function commitToGit(
  target: GitTarget,
  items: readonly DocumentItem[],
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "nta-git-"));
  try {
    const clone = join(work, "clone");
    await git(work, ["clone", "--quiet", "--depth", "1", "--no-tags", "--", target.url, clone]);
    await checkOut(clone, target.branch);
    const folder = resolve(clone, target.folder);
    if (!isWithin(folder, clone)) throw new Error("the folder is not within the repository");
    await mkdir(folder, { recursive: true });
    await refuseDetour(folder, clone);
    for (const item of items) await put(folder, item);
    await git(clone, ["add", "--all", "--", target.folder === "" ? "." : target.folder]);
    const { stdout } = await git(clone, ["status", "--porcelain"]);
    if (stdout.trim() === "") return;
    await git(clone, ["commit", "--quiet", "--no-verify", "-m", messageFor(items)]);
    await git(clone, ["push", "--quiet", "origin", `HEAD:refs/heads/${target.branch}`]);
  } catch (error) {
    throw new Error(gitReason(error));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The branch as it is there, or a new one. */
async function checkOut(clone: string, branch: string): Promise<void> {
  try {
    await git(clone, ["fetch", "--quiet", "--depth", "1", "origin", `refs/heads/${branch}`]);
    await git(clone, ["checkout", "--quiet", "-B", branch, "FETCH_HEAD"]);
  } catch {
    await git(clone, ["checkout", "--quiet", "-B", branch]);
  }
}

function messageFor(items: readonly DocumentItem[]): string {
  const [first] = items;
  if (items.length === 1 && first !== undefined) {
    return `Describe ${first.name.replaceAll(/\p{C}/gu, "")}, version ${first.version}`;
  }
  return `Describe ${items.length} APIs`;
}

const git = (folder: string, words: readonly string[]): Promise<{ stdout: string }> =>
  run("git", ["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", ...words], {
    cwd: folder,
    timeout: GIT_TIMEOUT_MS,
    maxBuffer: 1 << 20,
    env: {
      ...process.env,
      GIT_TERMINAL_PROMPT: "0",
      GIT_ALLOW_PROTOCOL: "https:ssh:file",
      GIT_AUTHOR_NAME: "nta",
      GIT_AUTHOR_EMAIL: "nta@localhost",
      GIT_COMMITTER_NAME: "nta",
      GIT_COMMITTER_EMAIL: "nta@localhost",
    },
  });

function gitReason(error: unknown): string {
  const { code, stderr, message } = error as Error & { code?: unknown; stderr?: string };
  if (code === "ENOENT") return "the command git is not installed";
  const lines = (stderr ?? "").split("\n").map((line) => line.trim());
  return (
    lines.find((line) => /^(?:fatal|error|remote):/.test(line))?.slice(0, 200) ??
    message.split("\n")[0]!
  );
}
