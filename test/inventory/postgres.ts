/** A PostgreSQL of Debian's package, on loopback, with a data folder of its own that goes with it. */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Postgres {
  /** Of a database that does not exist yet; it is made. */
  newDatabase(): string;
  /** Of the process that all others of it belong to. */
  pid(): number;
  /** Ends the server as kill -9 would, and starts it again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const USER = "postgres";

export async function startPostgres(): Promise<Postgres> {
  const [bin] = globSync("/usr/lib/postgresql/*/bin").sort().reverse();
  if (bin === undefined) throw new Error("PostgreSQL is missing: apt-get install postgresql");
  const folder = mkdtempSync(join(tmpdir(), "nta-postgres-"));
  const data = join(folder, "data");
  const asOther = otherUser(folder);
  execFileSync(
    join(bin, "initdb"),
    ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...asOther, stdio: "pipe" },
  );
  const port = await freePort();
  const options = [
    "-D",
    data,
    "-p",
    String(port),
    "-h",
    "127.0.0.1",
    "-k",
    folder,
    "-c",
    "max_connections=200",
  ];
  const start = async () => {
    const server = spawn(join(bin, "postgres"), options, { ...asOther, stdio: "ignore" });
    const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
    await until(() => isReady(bin, port));
    return { server, ended };
  };
  let running = await start();
  const psql = (text: string): void => {
    execFileSync(
      join(bin, "psql"),
      ["-h", "127.0.0.1", "-p", String(port), "-U", USER, "-c", text],
      { stdio: "pipe" },
    );
  };
  let count = 0;
  return {
    pid: () => running.server.pid!,
    newDatabase: () => {
      count += 1;
      psql(`create database nta${count}`);
      return `postgres://${USER}@127.0.0.1:${port}/nta${count}`;
    },
    crash: async () => {
      // Its children would go on for a moment, beside those of the next.
      const children = childrenOf(running.server.pid!);
      running.server.kill("SIGKILL");
      for (const child of children) endProcess(child);
      await running.ended;
      rmSync(join(data, "postmaster.pid"), { force: true });
      await new Promise((resolve) => setTimeout(resolve, 500));
      running = await start();
    },
    stop: async () => {
      running.server.kill("SIGINT");
      await running.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** PostgreSQL refuses to run as root. */
function otherUser(folder: string): { uid?: number; gid?: number; cwd: string } {
  if (process.getuid?.() !== 0) return { cwd: folder };
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, "postgres"]).toString()),
  );
  chownSync(folder, uid!, gid!);
  return { uid: uid!, gid: gid!, cwd: folder };
}

function isReady(bin: string, port: number): boolean {
  if (!existsSync(bin)) return false;
  try {
    execFileSync(join(bin, "pg_isready"), [
      "-q",
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-U",
      USER,
    ]);
    return true;
  } catch {
    return false;
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = Date.now() + 120_000;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error("PostgreSQL did not start within 120 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
