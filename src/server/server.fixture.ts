/** A server with an inventory of a few lines, for tests of what stands before the inventory. */

import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { Agent, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { BegunSignIn, ForwarderTarget, SignedIn } from "../inventory/administration.ts";
import type { Inventory, InventoryEvent } from "../inventory/inventory.ts";
import type { Delta } from "../sensor/delta.ts";
import { nameText } from "../sensor/delta.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import { Access, type AccessOptions } from "./access.ts";
import { type AppParts, createApp } from "./app.ts";
import type { Change, Role, TokenRow } from "./contract.ts";
import { EventHub } from "./events.ts";
import { Forwarding } from "./forward/forwarding.ts";
import { Guard } from "./forward/guard.ts";
import { Ingest } from "./ingest.ts";
import { LocalSensor } from "./localsensor.ts";
import { Metrics } from "./metrics.ts";
import { SignIn, type SignInOptions } from "./signin.ts";
import { type StartJob, Uploads } from "./uploads.ts";

export class FakeInventory {
  readonly hashKey = Buffer.from("0123456789abcdef");
  readonly deltas = new Map<string, Delta>();
  readonly reports = new Map<string, unknown>();
  readonly #tokens = new Map<string, TokenRow>();
  readonly #listeners = new Set<(event: InventoryEvent) => void>();
  /** What `ingest` throws, where a test wants that. */
  ingestError: Error | null = null;
  /** What `ingest` waits for. */
  ingestGate: Promise<void> = Promise.resolve();

  async ingest(deltas: readonly Delta[]) {
    await this.ingestGate;
    if (this.ingestError !== null) throw this.ingestError;
    let accepted = 0;
    for (const delta of deltas) {
      if (!this.deltas.has(nameText(delta))) accepted += 1;
      this.deltas.set(nameText(delta), delta);
    }
    return { accepted, duplicates: deltas.length - accepted, refused: 0 };
  }
  readonly apis = {
    list: async () => ({ items: [], next: null, total: 0 }),
    patch: async (_api: string, patch: unknown) => patch,
  };
  readonly sensors = {
    list: async (): Promise<{ name: string }[]> => [],
    coveredAddresses: async () => ["10.0.0.1"],
    report: async (name: string, status: unknown) => void this.reports.set(name, status),
  };
  readonly feed = { changesAfter: async (_id: string): Promise<Change[]> => [] };
  readonly forwarding = {
    due: async () => [],
    list: async () => [],
    target: async (): Promise<ForwarderTarget> => ({
      kind: "webhook",
      url: "https://a.example/1",
      secret: "s",
      kinds: [],
    }),
    update: async (_id: string, request: unknown) => request,
  };
  readonly hints = { all: async () => [{ hosts: ["shop.test"], ports: [80], ignores: ["/ping"] }] };
  readonly imports = { put: async () => ({ api: "a", title: "t", operations: 1, problems: [] }) };
  readonly tokens = {
    list: async () => [...this.#tokens.values()],
    remove: async (id: string) => {
      for (const [hash, row] of this.#tokens) if (row.id === id) this.#tokens.delete(hash);
      for (const [secret, { token }] of this.#sessions)
        if (token === id) this.#sessions.delete(secret);
      this.emit({ kind: "anew" });
    },
    create: async (name: string, role: Role) => {
      const token = `nta_${randomBytes(24).toString("base64url")}`;
      const id = randomBytes(8).toString("hex");
      const row = { id, name, role, createdMs: 1, usedMs: null };
      this.#tokens.set(hashOf(token), row);
      return { ...row, token };
    },
    verify: async (token: string) => this.#tokens.get(hashOf(token)) ?? null,
  };
  readonly #sessions = new Map<string, SignedIn>();
  readonly #signIns = new Map<string, BegunSignIn>();
  readonly sessions: Inventory["sessions"] = {
    begin: async (secret, session) => void this.#sessions.set(secret, session),
    find: async (secret) => this.#sessions.get(secret) ?? null,
    end: async (secret) => void this.#sessions.delete(secret),
    beginSignIn: async (state, begun) => void this.#signIns.set(state, begun),
    takeSignIn: async (state) => {
      const begun = this.#signIns.get(state) ?? null;
      this.#signIns.delete(state);
      return begun;
    },
  };
  async figures() {
    return { apis: 0 };
  }
  async ping() {}
  async settled() {}
  async close() {}
  onEvent(listener: (event: InventoryEvent) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  emit(event: InventoryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

export interface TestServer {
  readonly sensor: LocalSensor;
  readonly inventory: FakeInventory;
  readonly ingest: Ingest;
  readonly app: FastifyInstance;
  readonly port: number;
  readonly url: string;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: <Value>() => Value;
}

export interface TestServerOptions {
  readonly isOpen?: boolean;
  readonly access?: Partial<AccessOptions>;
  readonly parts?: Partial<AppParts>;
  readonly signIn?: SignInOptions;
  readonly uploadBytesMax?: number;
  readonly startJob?: StartJob;
  readonly forwardAllow?: readonly string[];
}

const quiet = { info: () => undefined, warn: () => undefined };

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const fake = new FakeInventory();
  const inventory = fake as unknown as Inventory;
  const ingest = new Ingest(inventory);
  const events = new EventHub(inventory);
  const sensor = await LocalSensor.open("door", "door", {
    ingest,
    inventory,
    selection: defaultSelection,
    log: quiet,
  });
  const forwarding = new Forwarding({
    inventory,
    guard: new Guard(options.forwardAllow ?? []),
    folder: null,
    log: quiet,
  });
  const signIn = options.signIn === undefined ? null : new SignIn(options.signIn, fake.sessions);
  const uploads = new Uploads({
    inventory,
    ingest,
    startJob: options.startJob ?? (() => ({ done: Promise.resolve(), cancel: () => undefined })),
    bytesMax: options.uploadBytesMax ?? 1 << 20,
    onChange: (upload) => events.send({ kind: "upload", upload }),
  });
  const app = await createApp({
    inventory,
    access: new Access({
      isOpen: options.isOpen ?? true,
      verify: (token) => fake.tokens.verify(token),
      sessions: fake.sessions,
      signInBasis: signIn?.basis ?? null,
      adminToken: null,
      sensorToken: null,
      trustsCertificates: false,
      nowMs: Date.now,
      ...options.access,
    }),
    ingest,
    events,
    metrics: new Metrics(inventory, ingest, events),
    forwarding,
    uploads,
    door: { ingest, sensor },
    aside: { letters: null },
    signIn,
    tls: null,
    hostNames: new Set(["nta.example"]),
    publicUrl: "http://nta.example",
    version: "0.0.0",
    pageFolder: join(tmpdir(), "there-is-no-page"),
    log: { info: () => undefined, warn: (line) => process.stderr.write(`${line}\n`) },
    ...options.parts,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    sensor,
    inventory: fake,
    ingest,
    app,
    port,
    url,
    ask: (path, options) => ask(url + path, options),
    close: async () => {
      events.close();
      await app.close();
      uploads.close();
      await sensor.close();
      await forwarding.close();
    },
  };
}

/** A UDP port that was free a moment ago. */
export async function freshPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

const agent = new Agent({ keepAlive: false });

/** One request, as a program makes it: no header that was not asked for. */
export function ask(
  url: string,
  { method = "GET", headers = {}, body }: AskOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent });
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: <Value>() => JSON.parse(text) as Value,
        });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
