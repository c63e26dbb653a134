//! The image without a container engine: exactly the files that it holds, in a folder, and the programs run from there.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { programs } from "../../src/programs/table.ts";
import { endProcess, freePort } from "./mesh.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nta-image-"));
const image = join(folder, "nta");
/** Nothing of this machine's: no PATH, so that no other Node is found. */
const environment = { HOME: folder };
before(() => {
  if (!existsSync(join(root, "ui/dist/index.html")))
    execFileSync("npm", ["run", "ui:build"], { cwd: root, stdio: "inherit" });
  execFileSync("bash", ["bin/image.sh", image], { cwd: root, stdio: "inherit" });
});
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(join(image, "node"), [join(image, "bin/nta.cjs"), ...words], {
    encoding: "utf8",
    cwd: folder,
    env: environment,
  });

test("Dockerfile starts what the folder has, and nothing else is copied", () => {
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  assert.match(dockerfile, /bash bin\/image\.sh \/nta\b/);
  assert.match(dockerfile, /ENTRYPOINT \["\/nta\/node", "\/nta\/bin\/nta\.cjs"\]/);
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  assert.deepEqual(last.match(/^COPY .*$/gm), ["COPY --from=build /nta /nta"]);
  assert.match(last, /^USER 10001:10001$/m);
});

test("no tests, no tools, no secrets", () => {
  const files = globSync("**/*", { cwd: image, exclude: (name) => name === "node_modules" });
  assert.ok(files.includes("ui/dist/index.html"));
  assert.deepEqual(
    files.filter((file) => /\.test\.ts$|(?:^|\/)\.git|\.env$|^chart|^docs/.test(file)),
    [],
  );
  for (const tool of ["typescript", "@biomejs", "vite", "playwright-core"])
    assert.ok(!existsSync(join(image, "node_modules", tool)), tool);
});

test("every program says what it is for", () => {
  for (const program of Object.keys(programs)) {
    const { status, stdout, stderr } = run(program, "--help");
    assert.equal(status, 0, `${program}: ${stderr}`);
    assert.match(stdout, new RegExp(`Usage: nta ${program}`));
  }
});

test("the demo writes its document", () => {
  const { status, stderr } = run("demo", "-o", join(folder, "demo"));
  assert.equal(status, 0, stderr);
  assert.ok(globSync("*.yaml", { cwd: join(folder, "demo") }).length > 0);
});

test("server and collector start, answer for their health, and end at SIGTERM", async () => {
  const [port, statusPort] = [await freePort(), await freePort()];
  const cases: [string[], number][] = [
    [
      ["serve", "--listen", `127.0.0.1:${port}`, "--store", `sqlite:${join(folder, "nta.db")}`],
      port,
    ],
    [
      [
        "collect",
        "--envoy-listen",
        "127.0.0.1:0",
        "--output",
        join(folder, "out"),
        "--status-listen",
        `127.0.0.1:${statusPort}`,
      ],
      statusPort,
    ],
  ];
  for (const [words, healthPort] of cases) {
    const child = spawn(join(image, "node"), [join(image, "bin/nta.cjs"), ...words], {
      cwd: folder,
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    for (const path of ["/healthz", "/readyz"]) {
      for (let tries = 0; ; tries += 1) {
        const isWell = await fetch(`http://127.0.0.1:${healthPort}${path}`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (isWell) break;
        assert.ok(tries < 1200 && child.exitCode === null, `${words[0]} ${path}: ${log}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await endProcess(child, "SIGTERM");
    assert.equal(child.exitCode, 0, `${words[0]}: ${log}`);
  }
});
