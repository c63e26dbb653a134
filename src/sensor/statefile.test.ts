import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UsageError } from "../base/errors.ts";
import { type Files, systemFiles } from "./files.ts";
import { ModelFiles, randomFrom } from "./modelfiles.fixture.ts";
import { StateFile } from "./statefile.ts";

const PATH = "/state/tap.state";

const openOn = async (files: Files, lines: string[] = []): Promise<StateFile> =>
  StateFile.open({
    path: PATH,
    files,
    log: { info: (line) => lines.push(line), warn: (line) => lines.push(line) },
    lock: () => ({ release: () => {} }),
  });

const loadFrom = async (files: Files, lines: string[] = []): Promise<string | null> =>
  (await (await openOn(files, lines)).load())?.toString() ?? null;

test("what was saved is what is loaded", async () => {
  const files = new ModelFiles();
  const file = await openOn(files);
  assert.equal(await file.load(), null);
  for (const text of ["first", "", "x".repeat(100_000)]) {
    await file.save(Buffer.from(text));
    assert.equal(await loadFrom(files), text);
  }
  await file.remove();
  assert.equal(await loadFrom(files), null);
});

/** The state that is found after a crash at each step of `action`. */
const crashEverywhere = async (
  kind: "kill" | "power cut",
  action: (file: StateFile) => Promise<void>,
): Promise<Set<string | null>> => {
  const found = new Set<string | null>();
  for (let round = 0; round < 400; round += 1) {
    const files = new ModelFiles();
    const file = await openOn(files);
    await file.load();
    await file.save(Buffer.from("old"));
    const step = 1 + (round % 10);
    const crashed = new Promise<boolean>((resolve) => files.crashAt(step, () => resolve(true)));
    const isCrashed = await Promise.race([crashed, action(file).then(() => false)]);
    const lines: string[] = [];
    const left = await loadFrom(files.survive(kind, randomFrom(round)), lines);
    assert.deepEqual(lines, [], "nothing torn is ever found");
    if (isCrashed) found.add(left);
    else assert.notEqual(left, "old", "what was acknowledged is there");
  }
  return found;
};

test("a crash at any step of a save leaves the old state or the new one", async () => {
  for (const kind of ["kill", "power cut"] as const) {
    const found = await crashEverywhere(kind, (file) => file.save(Buffer.from("new")));
    assert.deepEqual(found, new Set(["old", "new"]));
  }
});

test("a crash at any step of a removal leaves the old state or none", async () => {
  for (const kind of ["kill", "power cut"] as const) {
    const found = await crashEverywhere(kind, (file) => file.remove());
    assert.deepEqual(found, new Set(["old", null]));
  }
});

test("a save that fails leaves the old state", async () => {
  for (const operation of ["create", "write", "rename"] as const) {
    const files = new ModelFiles();
    const file = await openOn(files);
    await file.save(Buffer.from("old"));
    files.failures.set(operation, "ENOSPC");
    await assert.rejects(file.save(Buffer.from("new")), /ENOSPC/);
    files.failures.clear();
    assert.equal(await loadFrom(files), "old");
    await file.save(Buffer.from("new"));
    assert.equal(await loadFrom(files), "new");
  }
});

test("a folder that cannot be synced is said once", async () => {
  const files = new ModelFiles();
  const lines: string[] = [];
  const file = await openOn(files, lines);
  files.failures.set("syncFolder", "EINVAL");
  await file.save(Buffer.from("a"));
  await file.save(Buffer.from("b"));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /cannot be synced/);
  assert.equal(await loadFrom(files), "b");
});

test("a torn or foreign file is set aside with one line, at every byte", async () => {
  const good = new ModelFiles();
  await (await openOn(good)).save(Buffer.from("state"));
  const bytes = good.bytes(PATH)!;
  const check = async (broken: Uint8Array, why: RegExp): Promise<void> => {
    const files = new ModelFiles();
    files.put(PATH, broken);
    const lines: string[] = [];
    assert.equal(await loadFrom(files, lines), null);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, why);
    assert.deepEqual(files.paths(), [`${PATH}.aside`]);
  };
  for (let at = 0; at < bytes.length; at += 1) {
    await check(bytes.subarray(0, at), /no state of nta|damaged/);
    const flipped = Uint8Array.from(bytes);
    flipped[at]! ^= 0x10;
    await check(flipped, /no state of nta|damaged|version/);
  }
  await check(Buffer.concat([bytes, Buffer.from("x")]), /damaged/);
  await check(new Uint8Array(2 ** 26 + 1), /too large/);
});

test("the real file system: private, alone in its folder, one owner at a time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nta-state-"));
  try {
    const path = join(folder, "deep", "tap.state");
    const log = { info: () => {}, warn: () => {} };
    const file = await StateFile.open({ path, files: systemFiles, log });
    assert.equal(await file.load(), null);
    await file.save(Buffer.from("state"));
    assert.equal((await file.load())?.toString(), "state");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(`${path}.lock`)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(join(folder, "deep"))).sort(), ["tap.state", "tap.state.lock"]);
    await assert.rejects(
      StateFile.open({ path, files: systemFiles, log }),
      /another nta is using it/,
    );
    file.close();
    (await StateFile.open({ path, files: systemFiles, log })).close();
    await assert.rejects(
      StateFile.open({ path: join(path, "below"), files: systemFiles, log }),
      UsageError,
    );
    await rm(path);
    await writeFile(join(folder, "deep", "tap.state.new"), "left by a crash");
    await chmod(folder, 0o700);
    const again = await StateFile.open({ path, files: systemFiles, log });
    assert.equal(await again.load(), null);
    await again.save(Buffer.from("y"));
    assert.equal((await readFile(path)).subarray(0, 8).toString(), "NTASTATE");
    again.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a process that was killed leaves no lock behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nta-state-"));
  const path = join(folder, "tap.state");
  const log = { info: () => {}, warn: () => {} };
  const holder = `
    import { takeLock } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)};
    console.log(takeLock(${JSON.stringify(`${path}.lock`)}) !== null);
    setInterval(() => {}, 1000);`;
  const script = join(folder, "holder.mjs");
  await writeFile(script, holder);
  try {
    for (let round = 0; round < 2; round += 1) {
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
      const [said] = await once(child.stdout, "data");
      assert.equal(String(said), "true\n");
      await assert.rejects(StateFile.open({ path, files: systemFiles, log }), /another nta/);
      child.kill("SIGKILL");
      await once(child, "exit");
      (await StateFile.open({ path, files: systemFiles, log })).close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
