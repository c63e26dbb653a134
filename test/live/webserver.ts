/** An HTTP server for tests: `webserver.ts ADDRESS PORT`; prints its port. Some answers are chunked, some compressed. */
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const [address, port] = process.argv.slice(2);

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    const body = Buffer.from(
      JSON.stringify({ id: 7, path: request.url, items: [{ name: "pen", price: 1.5 }] }),
    );
    response.setHeader("content-type", "application/json");
    const kind = request.url!.length % 3;
    if (kind === 0) response.setHeader("content-length", body.length).end(body);
    else if (kind === 1) response.end(body);
    else response.setHeader("content-encoding", "gzip").end(gzipSync(body));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), address, () => {
  console.log((server.address() as { port: number }).port);
});
