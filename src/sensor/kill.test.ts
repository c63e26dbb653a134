import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { zstdDecompressSync } from "node:zlib";
import { ModelServer } from "./modelserver.fixture.ts";
import { endpointOf } from "./summaries.fixture.ts";

const SENSOR = fileURLToPath(new URL("./killed.fixture.ts", import.meta.url));

test("a process that is killed again and again: what a server has heard of arrives once", async () => {
  const model = new ModelServer();
  const heard = new Set<string>();
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      requests += 1;
      const body = zstdDecompressSync(Buffer.concat(chunks)).toString();
      for (const [id] of body.matchAll(/r\d+n\d+/g)) heard.add(id);
      // Some are lost before they are stored, some answers after.
      if (requests % 5 === 2) return request.socket.destroy();
      const answer = JSON.stringify({ v: 1, ...(model.receive(body) as object) });
      if (requests % 5 === 4) return request.socket.destroy();
      return response.setHeader("content-type", "application/json").end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), "nta-kill-"));
  try {
    for (let round = 0; round < 4; round += 1) {
      const words = [SENSOR, url, join(folder, "tap.state"), `r${round}`];
      const sensor = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
      const before = requests;
      while (requests < before + 3 + round) await new Promise((resolve) => setTimeout(resolve, 3));
      const ended = once(sensor, "exit");
      sensor.kill(round < 3 ? "SIGKILL" : "SIGTERM");
      const [code] = await ended;
      if (round === 3) assert.equal(code, 0, "the last one sends all and ends by itself");
    }
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
  assert.ok(heard.size > 10);
  for (const id of heard) assert.equal(model.calls.get(endpointOf(id)), 1, id);
  assert.equal(model.calls.size, heard.size);
});
