/**
 * The benchmark's capture: JSON API traffic as a node of a cluster sees it. Keep-alive connections that overlap,
 * heads of about 490 bytes with ten fields, bodies of 0.2 to 4 KB (log-uniform) in JSON, a third of the
 * responses each with Content-Length, chunked, and gzip; acknowledgements sometimes on their own, as the
 * kernel delays them. The same seed and size give the same bytes.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Random } from "../test/support/random.ts";
import { CaptureWriter, Conversation } from "../test/support/traffic.ts";

export interface CaptureOptions {
  readonly megabytes: number;
  readonly seed: number;
}

/** Raised when the generator changes, so that an old file is not mistaken for a new one. */
const GENERATOR_VERSION = 1;
const FLOWS_PER_MEGABYTE = 4;
const OPEN_FLOWS = 128;
const BODY_BYTES_MIN = 200;
const BODY_BYTES_MAX = 4096;
/** Per second, which gives 500 MB the length of a minute or so. */
const MICROSECONDS_PER_PACKET_MAX = 120;
/** Record header, Ethernet, IP and TCP with its timestamps. */
const PACKET_OVERHEAD_BYTES = 82;
const START_US = Date.UTC(2026, 2, 2, 9, 0, 0) * 1000;

/** The capture's path in `folder`, made first where it is not there yet. */
export const benchCapture = (folder: string, options: CaptureOptions): string => {
  const name = `api-${options.megabytes}mb-seed${options.seed}-v${GENERATOR_VERSION}.pcap`;
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  writeBenchCapture(partial, options);
  renameSync(partial, path);
  return path;
};

const writeBenchCapture = (path: string, options: CaptureOptions): void => {
  const random = new Random(options.seed);
  const writer = new CaptureWriter(path);
  const endpoints = makeEndpoints(random);
  const flowCount = Math.max(20, options.megabytes * FLOWS_PER_MEGABYTE);
  const flowBytes = (options.megabytes * 1e6) / flowCount;
  const open: Flow[] = [];
  let opened = 0;
  let timeUs = START_US;
  while (opened < flowCount || open.length > 0) {
    timeUs += random.integer(2, MICROSECONDS_PER_PACKET_MAX);
    if (opened < flowCount && open.length < OPEN_FLOWS) {
      open.push(new Flow(writer, random, opened, flowBytes * (0.5 + random.unit()), timeUs));
      opened += 1;
      continue;
    }
    const index = random.integer(0, open.length);
    if (open[index]!.step(endpoints, random, timeUs)) continue;
    open[index] = open[open.length - 1]!;
    open.pop();
  }
  writer.close();
};

interface Step {
  readonly from: 0 | 1;
  /** Null for a bare acknowledgement. */
  readonly bytes: Buffer | null;
  readonly index: number;
}

/** A keep-alive connection that plays one exchange after the other until its share of bytes is used up. */
class Flow {
  readonly #conversation: Conversation;
  readonly #client: Client;
  readonly #steps: Step[] = [];
  #stepIndex = 0;
  #bytesLeft: number;

  constructor(writer: CaptureWriter, random: Random, index: number, bytes: number, timeUs: number) {
    const client = {
      ip: [10, 1, (index >> 8) & 255, index & 255],
      port: 32768 + (index % 28000),
    } as const;
    const server = { ip: [10, 2, 0, 1 + (index % 12)], port: 8080 } as const;
    this.#conversation = new Conversation(writer, client, server, random.word());
    this.#conversation.open(timeUs);
    this.#client = makeClient(random, index);
    this.#bytesLeft = bytes;
  }

  /** Emits one packet; false once the connection is closed. */
  step(endpoints: readonly Endpoint[], random: Random, timeUs: number): boolean {
    if (this.#stepIndex === this.#steps.length) {
      if (this.#bytesLeft <= 0) {
        this.#conversation.close(timeUs);
        return false;
      }
      this.#plan(endpoints, random);
    }
    const step = this.#steps[this.#stepIndex++]!;
    if (step.bytes === null) this.#conversation.acknowledge(step.from, timeUs);
    else this.#conversation.sendSegment(step.from, step.bytes, step.index, timeUs);
    return true;
  }

  #plan(endpoints: readonly Endpoint[], random: Random): void {
    this.#steps.length = 0;
    this.#stepIndex = 0;
    let endpoint = random.pick(endpoints);
    if (endpoint.sendsBody && random.chance(0.6)) endpoint = random.pick(endpoints);
    const request = writeRequest(endpoint, this.#client, random);
    const response = writeResponse(endpoint, random);
    this.#planMessage(0, request, random.chance(0.4));
    this.#planMessage(1, response, random.chance(0.5));
    this.#bytesLeft -=
      request.length + response.length + this.#steps.length * PACKET_OVERHEAD_BYTES;
  }

  /** The segments of a message; the other end acknowledges every second one, and the last where `acknowledged`. */
  #planMessage(from: 0 | 1, bytes: Buffer, acknowledged: boolean): void {
    const to = from === 0 ? 1 : 0;
    const count = Conversation.segmentCount(bytes);
    for (let index = 0; index < count; index++) {
      this.#steps.push({ from, bytes, index });
      const last = index === count - 1;
      if (last ? acknowledged : index % 2 === 1) this.#steps.push({ from: to, bytes: null, index });
    }
  }
}

interface Client {
  readonly userAgent: string;
  readonly authorization: string;
  readonly cookie: string;
}

const makeClient = (random: Random, index: number): Client => ({
  userAgent: `okhttp/4.12.${index % 5} (service-${index % 7}; linux; jvm 21)`,
  authorization: `Bearer eyJhbGciOiJIUzI1NiJ9.${random.token(48)}.${random.token(43)}`,
  cookie: index % 4 === 0 ? `Cookie: session=${random.hex(24)}; region=eu-1\r\n` : "",
});

interface Endpoint {
  readonly method: string;
  readonly path: (random: Random) => string;
  readonly host: string;
  readonly sendsBody: boolean;
  readonly status: string;
  readonly requestFields: readonly Field[];
  readonly responseFields: readonly Field[];
  readonly itemFields: readonly Field[];
}

const RESOURCES =
  "accounts addresses alerts appointments assets baskets bookings campaigns categories contacts contracts coupons devices documents employees invoices locations messages orders payments products reports shipments suppliers users".split(
    " ",
  );

/** 25 resources with 8 endpoints each. */
const makeEndpoints = (random: Random): Endpoint[] =>
  RESOURCES.flatMap((resource, index) => {
    const base = `/api/v${1 + (index % 2)}/${resource}`;
    const id =
      index % 3 === 0
        ? (r: Random) => r.uuid()
        : index % 3 === 1
          ? (r: Random) => String(r.integer(1, 1_000_000))
          : (r: Random) => r.hex(24);
    const responseFields = makeFields(random, 6);
    const itemFields = makeFields(random, 9);
    const requestFields = makeFields(random, 7);
    const endpoint = (
      method: string,
      path: (r: Random) => string,
      sendsBody: boolean,
    ): Endpoint => ({
      method,
      path,
      host: `${HOSTS[index % HOSTS.length]}.example.internal`,
      sendsBody,
      status: method === "POST" ? "201 Created" : "200 OK",
      requestFields,
      responseFields,
      itemFields,
    });
    return [
      endpoint("GET", (r) => `${base}?page=${r.integer(1, 90)}&limit=${r.pick([20, 50])}`, false),
      endpoint("POST", () => base, true),
      endpoint("GET", (r) => `${base}/${id(r)}`, false),
      endpoint("PUT", (r) => `${base}/${id(r)}`, true),
      endpoint("PATCH", (r) => `${base}/${id(r)}`, true),
      endpoint("GET", (r) => `${base}/${id(r)}/history?since=2026-0${r.integer(1, 9)}-01`, false),
      endpoint("GET", (r) => `${base}/${id(r)}/items`, false),
      endpoint("POST", (r) => `${base}/${id(r)}/actions`, true),
    ];
  });

const HOSTS = ["api", "billing", "catalog", "crm", "logistics"];

interface Field {
  readonly name: string;
  readonly write: (random: Random) => string;
}

const NAMES =
  "status state kind label title summary total price quantity weight version owner createdAt updatedAt expiresAt active verified archived externalId parentId customerId currency country language priority score ratio comment reference sequence".split(
    " ",
  );
const WORDS =
  "amber basic cloud delta early final green heavy inner joint known large minor north".split(" ");

const WRITERS: readonly ((random: Random) => string)[] = [
  (r) => String(r.integer(0, 100_000)),
  (r) => (r.integer(0, 1_000_000) / 100).toFixed(2),
  (r) => (r.chance(0.5) ? "true" : "false"),
  (r) => `"${r.uuid()}"`,
  (r) => `"${r.pick(WORDS)}"`,
  (r) => `"${r.pick(WORDS)} ${r.pick(WORDS)} ${r.pick(WORDS)} caf\\u00e9 \\"${r.pick(WORDS)}\\""`,
  (r) => `"2026-0${r.integer(1, 9)}-1${r.integer(0, 9)}T0${r.integer(0, 9)}:15:00Z"`,
  (r) => (r.chance(0.3) ? "null" : `"${r.pick(WORDS)}@example.com"`),
  (r) => `{"amount":${r.integer(1, 9999)},"currency":"EUR"}`,
  (r) => `["${r.pick(WORDS)}","${r.pick(WORDS)}"]`,
];

const makeFields = (random: Random, count: number): Field[] => {
  const first = random.integer(0, NAMES.length);
  return Array.from({ length: count }, (_, index) => ({
    name: NAMES[(first + index * 7) % NAMES.length]!,
    write: random.pick(WRITERS),
  }));
};

const writeObject = (fields: readonly Field[], random: Random, more: string): string => {
  let text = "{";
  for (const field of fields) text += `"${field.name}":${field.write(random)},`;
  return `${text}${more}}`;
};

/** An object with as many items as the drawn size has room for. */
const writeBody = (
  fields: readonly Field[],
  itemFields: readonly Field[],
  random: Random,
): string => {
  const bytes = BODY_BYTES_MIN * (BODY_BYTES_MAX / BODY_BYTES_MIN) ** random.unit();
  const head = writeObject(fields, random, `"items":[`).slice(0, -1);
  let text = head;
  while (text.length < bytes - 150) {
    if (text.length > head.length) text += ",";
    text += writeObject(itemFields, random, `"id":${random.integer(1, 1_000_000)}`);
  }
  return `${text}],"count":${random.integer(0, 500)}}`;
};

const writeRequest = (endpoint: Endpoint, client: Client, random: Random): Buffer => {
  const body = endpoint.sendsBody
    ? writeBody(endpoint.requestFields, endpoint.requestFields, random)
    : "";
  const about = endpoint.sendsBody
    ? `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    : `X-Client-Version: 4.${random.integer(0, 40)}.0\r\n`;
  const head =
    `${endpoint.method} ${endpoint.path(random)} HTTP/1.1\r\nHost: ${endpoint.host}\r\n` +
    `User-Agent: ${client.userAgent}\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate\r\n` +
    `Authorization: ${client.authorization}\r\n${client.cookie}${about}` +
    `X-Request-Id: ${random.uuid()}\r\nTraceparent: 00-${random.hex(32)}-${random.hex(16)}-01\r\n` +
    "Connection: keep-alive\r\n\r\n";
  return Buffer.from(head + body, "latin1");
};

const writeResponse = (endpoint: Endpoint, random: Random): Buffer => {
  const body = Buffer.from(
    writeBody(endpoint.responseFields, endpoint.itemFields, random),
    "latin1",
  );
  const head =
    `HTTP/1.1 ${endpoint.status}\r\nServer: nginx/1.24.0\r\nDate: Mon, 02 Mar 2026 09:0${random.integer(0, 9)}:00 GMT\r\n` +
    "Content-Type: application/json; charset=utf-8\r\nVary: Accept-Encoding, Origin\r\nCache-Control: private, max-age=0\r\n" +
    `ETag: "${random.hex(32)}"\r\nX-Request-Id: ${random.uuid()}\r\n` +
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\nX-Content-Type-Options: nosniff\r\nConnection: keep-alive\r\n";
  switch (random.integer(0, 3)) {
    case 0:
      return withBody(`${head}Content-Length: ${body.length}\r\n\r\n`, body);
    case 1:
      return withBody(`${head}Transfer-Encoding: chunked\r\n\r\n`, chunked(body, random));
    default: {
      const packed = gzipSync(body);
      const coding = `Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`;
      return withBody(head + coding, packed);
    }
  }
};

const withBody = (head: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(head, "latin1"), body]);

const chunked = (body: Buffer, random: Random): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = Math.min(body.length, at + random.integer(256, 2048));
    parts.push(Buffer.from(`${(end - at).toString(16)}\r\n`, "latin1"), body.subarray(at, end));
    parts.push(Buffer.from("\r\n", "latin1"));
    at = end;
  }
  parts.push(Buffer.from("0\r\n\r\n", "latin1"));
  return Buffer.concat(parts);
};
