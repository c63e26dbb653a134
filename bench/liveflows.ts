import { join } from "node:path";
import { CaptureWriter, Conversation } from "../test/support/traffic.ts";

const REQUEST = Buffer.from(
  "GET /api/v1/sessions/current HTTP/1.1\r\nHost: sessions.example\r\nAccept: application/json\r\n\r\n",
);
const BODY = '{"user":17,"active":true,"roles":["reader"]}';
const RESPONSE = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

/** A capture of connections that stay open after one exchange each. */
export const openFlowsCapture = (
  folder: string,
  flowCount: number,
): { readonly path: string; readonly packets: number } => {
  const path = join(folder, `flows-${flowCount}.pcap`);
  const writer = new CaptureWriter(path);
  for (let index = 0; index < flowCount; index += 1) {
    const client = {
      ip: [10, 8, (index >> 12) & 255, (index >> 4) & 255],
      port: 20_000 + (index & 15),
    } as const;
    const server = { ip: [10, 9, 0, 1], port: 8080 } as const;
    const timeUs = Date.UTC(2026, 2, 2) * 1000 + index * 100;
    const conversation = new Conversation(writer, client, server, Math.imul(index, 0x9e3779b1));
    conversation.open(timeUs);
    conversation.send(0, REQUEST, timeUs + 100);
    conversation.send(1, RESPONSE, timeUs + 200);
    conversation.acknowledge(0, timeUs + 300);
  }
  writer.close();
  return { path, packets: writer.packets };
};
