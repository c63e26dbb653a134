/**
 * Asks an HTTP server at a fixed rate, whether it answers in time or not, and prints the 99th percentile of its latency
 * in ms: `liverate.ts ADDRESS PORT REQUESTS_PER_SECOND SECONDS`. Time counts from when a request was due.
 */
import { connect, type Socket } from "node:net";

const [host, port, rate, seconds] = process.argv.slice(2);
const CONNECTIONS = 32;
const count = Number(rate) * Number(seconds);
const gapMs = 1000 / Number(rate);
const latencies: number[] = [];
const request = (index: number): string =>
  `GET /api/items/${index} HTTP/1.1\r\nHost: bench.example\r\nAccept: application/json\r\n\r\n`;

interface Lane {
  readonly socket: Socket;
  readonly dueMs: number[];
}

const open = (): Promise<Lane> =>
  new Promise((resolve) => {
    const dueMs: number[] = [];
    const socket = connect(Number(port), host!, () => resolve({ socket, dueMs }));
    socket.setNoDelay(true);
    // Each answer is one segment here, and one is outstanding on a connection but for an overload.
    socket.on("data", () => latencies.push(performance.now() - dueMs.shift()!));
  });

const lanes = await Promise.all(Array.from({ length: CONNECTIONS }, open));
const startMs = performance.now();
let sent = 0;
await new Promise<void>((resolve) => {
  const turn = (): void => {
    while (sent < count && performance.now() - startMs >= sent * gapMs) {
      const lane = lanes[sent % CONNECTIONS]!;
      lane.dueMs.push(startMs + sent * gapMs);
      lane.socket.write(request(sent));
      sent += 1;
    }
    if (sent < count) setImmediate(turn);
    else setTimeout(resolve, 300);
  };
  turn();
});
for (const { socket } of lanes) socket.destroy();
latencies.sort((a, b) => a - b);
console.log(latencies[Math.floor(latencies.length * 0.99)]!.toFixed(3));
