/** kill -9 at any moment, under load: what was acknowledged is there once. `KILL_ROUNDS=50 npm run test:inventory` */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openInventory } from "../../src/inventory/inventory.ts";
import { deltaOf, SENSORS } from "./killdeltas.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const rounds = Number(process.env["KILL_ROUNDS"] ?? 5);
const program = fileURLToPath(new URL("killed.ts", import.meta.url));

/** Gives the last acknowledged sequence of each sensor. */
async function oneRound(
  url: string,
  round: number,
  crash: (() => Promise<void>) | null,
): Promise<number[]> {
  const acknowledged = new Array<number>(SENSORS).fill(0);
  const child = spawn(process.execPath, [program, url, String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let crashed: Promise<void> | null = null;
  const killAfterMs = 50 + Math.random() * 700;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "open") {
      setTimeout(() => {
        crashed = crash === null ? null : crash();
        child.kill("SIGKILL");
      }, killAfterMs);
      continue;
    }
    const [sensor, sequence] = line.split(" ").map(Number);
    acknowledged[sensor!] = sequence!;
  }
  await ended;
  await crashed;
  return acknowledged;
}

async function killRounds(url: string, crash: (() => Promise<void>) | null): Promise<void> {
  const all: number[][] = [];
  for (let round = 0; round < rounds; round += 1)
    all.push(await oneRound(url, round, round % 2 === 0 ? crash : null));
  const inventory = await openInventory({ url, inferAfterMs: 0 });
  const expected = new Array<number>(SENSORS).fill(0);
  let lost = 0;
  for (const [round, sequences] of all.entries()) {
    for (const [sensor, last] of sequences.entries()) {
      // What was on its way may be there or not: sent again, it is there once.
      for (let sequence = 1; sequence <= last + 2; sequence += 1) {
        const { accepted } = await inventory.ingest([deltaOf(round, sensor, sequence)]);
        if (sequence <= last) lost += accepted;
      }
      expected[sensor]! += last + 2;
    }
  }
  await inventory.settled();
  const { items } = await inventory.apis.list({ sort: "name" });
  assert.equal(lost, 0, "acknowledged deltas were lost");
  assert.deepEqual(
    items.map(({ calls }) => calls),
    expected,
  );
  const acknowledged = all.flat().reduce((sum, count) => sum + count, 0);
  console.log(`${rounds} rounds, ${acknowledged} acknowledged deltas, each there once`);
  assert.ok(acknowledged > rounds);
  await inventory.close();
}

test("SQLite keeps what it acknowledged through kill -9", { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "nta-kill-"));
  try {
    await killRounds(`sqlite:${join(folder, "kill.db")}`, null);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("PostgreSQL does, also when it is killed itself", { timeout: 600_000 }, async () => {
  const postgres: Postgres = await startPostgres();
  try {
    await killRounds(postgres.newDatabase(), postgres.crash);
  } finally {
    await postgres.stop();
  }
});
