/**
 * A server for deltas that is plainly right: `deltaserver.ts PORT FILE`. It answers once a batch is on the disk, and goes on from
 * there after a kill. `GET /calls` tells all calls that it knows of.
 */
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { zstdDecompressSync } from "node:zlib";
import { ModelServer } from "../../src/sensor/modelserver.fixture.ts";

const [port, path] = process.argv.slice(2);
const model = new ModelServer();
if (existsSync(path!)) {
  // A line that a kill cut off was not acknowledged.
  for (const line of readFileSync(path!, "utf8").split("\n").slice(0, -1)) model.receive(line);
}
const file = openSync(path!, "a");

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    if (request.method === "GET") {
      const calls = [...model.calls.values()].reduce((sum, count) => sum + count, 0);
      return response.end(JSON.stringify({ calls }));
    }
    // What else a sensor tells, such as its status, is not kept.
    if (!request.url!.endsWith("/deltas")) return response.end("{}");
    const body = zstdDecompressSync(Buffer.concat(chunks)).toString();
    writeSync(file, `${body}\n`);
    fsyncSync(file);
    const hashKey = Buffer.from("a key of sixteen").toString("base64");
    return response.end(JSON.stringify({ v: 1, hashKey, ...(model.receive(body) as object) }));
  });
}).listen(Number(port), "127.0.0.1", () => console.log(port));
