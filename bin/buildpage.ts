/** Builds the web page where its build is missing or older than what it is made of; `npm start` runs this first. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const BUILT = join(root, "ui", "dist", "index.html");
const SOURCES = [
  "ui/src/**/*",
  "ui/public/**/*",
  "ui/index.html",
  "ui/vite.config.ts",
  "src/server/{contract,csp}.ts",
  "package-lock.json",
];

const changedMs = (file: string): number => statSync(join(root, file)).mtimeMs;

const isFresh = (): boolean => {
  if (!existsSync(BUILT)) return false;
  const builtMs = statSync(BUILT).mtimeMs;
  return SOURCES.every((pattern) =>
    globSync(pattern, { cwd: root }).every((file) => changedMs(file) <= builtMs),
  );
};

const findVite = (): string | null => {
  try {
    const manifest = createRequire(import.meta.url).resolve("vite/package.json");
    return join(dirname(manifest), "bin", "vite.js");
  } catch {
    return null;
  }
};

const say = (line: string): void => void process.stderr.write(`nta: ${line}\n`);

const build = (): void => {
  const vite = findVite();
  if (vite === null) {
    say(
      "the page is not built, as vite is not installed (npm ci without --omit=dev); the REST API works all the same",
    );
    return;
  }
  say("building the page, which takes a few seconds…");
  const words = [vite, "build", "ui", "--logLevel", "warn"];
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" });
  if (status !== 0) say("warning: the page could not be built; the REST API works all the same");
};

if (!isFresh()) build();
