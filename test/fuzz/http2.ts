import type { Random } from "../support/random.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const frame = (type: number, flags: number, streamId: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
};

/** Literal fields, some of which go into the table. */
const block = (fields: readonly (readonly [string, string])[], random: Random): Buffer =>
  Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.from([random.pick([0, 0x10, 0x40]), name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );

const SETTINGS = frame(4, 0, 0, Buffer.alloc(0));

/** One block in a frame, or in several. */
const headers = (streamId: number, fields: Buffer, ends: boolean, random: Random): Buffer => {
  const cut = random.chance(0.3) ? random.integer(0, fields.length + 1) : fields.length;
  const flags = ends ? 1 : 0;
  if (cut === fields.length) return frame(1, flags | 4, streamId, fields);
  return Buffer.concat([
    frame(1, flags, streamId, fields.subarray(0, cut)),
    frame(9, 4, streamId, fields.subarray(cut)),
  ]);
};

const body = (streamId: number, random: Random): Buffer => {
  const bytes = Buffer.from(`{"id":${random.integer(0, 1e6)},"name":"${random.token(8)}"}`);
  if (random.chance(0.5)) return frame(0, 1, streamId, bytes);
  const padded = Buffer.concat([Buffer.from([2]), bytes, Buffer.alloc(2)]);
  return Buffer.concat([frame(0, 8, streamId, padded), frame(0, 1, streamId, Buffer.alloc(0))]);
};

/** Both directions of a connection of HTTP/2, its streams one after the other or mixed. */
export const randomHttp2 = (random: Random): { client: Buffer; server: Buffer } => {
  const client: Buffer[] = [PREFACE, SETTINGS];
  const server: Buffer[] = [SETTINGS];
  const late: Buffer[] = [];
  for (let streamId = 1; streamId < 2 * random.integer(2, 6); streamId += 2) {
    const hasBody = random.chance(0.5);
    const request = block(
      [
        [":method", hasBody ? "POST" : "GET"],
        [":scheme", "http"],
        [":path", `/items/${random.integer(1, 99)}`],
        [":authority", "api.example"],
        ["x-request", random.token(5)],
      ],
      random,
    );
    client.push(headers(streamId, request, !hasBody, random));
    if (hasBody) client.push(body(streamId, random));
    const answer = block(
      [
        [":status", random.pick(["200", "201", "404", "103"])],
        ["content-type", "application/json"],
      ],
      random,
    );
    server.push(headers(streamId, answer, false, random));
    (random.chance(0.5) ? server : late).push(body(streamId, random));
    if (random.chance(0.1)) server.push(frame(3, 0, streamId, Buffer.alloc(4)));
  }
  return { client: Buffer.concat(client), server: Buffer.concat([...server, ...late]) };
};
