/** Sends a known pattern over one TCP connection: `transfer.ts serve BYTES`, then `transfer.ts fetch ADDRESS PORT`. */
import { connect, createServer } from "node:net";
import { pattern } from "./pattern.ts";

const [mode, ...rest] = process.argv.slice(2);

if (mode === "serve") {
  const bytes = pattern(Number(rest[0]));
  const server = createServer((socket) => {
    socket.end(bytes);
    server.close();
  });
  server.listen(0, "0.0.0.0", () => {
    console.log((server.address() as { port: number }).port);
  });
} else {
  let received = 0;
  const socket = connect(Number(rest[1]), rest[0]!);
  socket.on("data", (chunk) => {
    received += chunk.length;
  });
  socket.on("end", () => console.log(received));
}
