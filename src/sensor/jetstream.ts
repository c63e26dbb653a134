/**
 * Where sensors and servers meet on NATS JetStream: the names, and the connection. A delta travels as the body that
 * `POST /api/v1/deltas` takes (a batch of one, zstd), on the subject of its shard, named in `Nats-Msg-Id`; so all deltas of one
 * API are in one order, and a broker recognises most duplicates. Whether a delta is new, the store alone decides.
 */
import { readFile, stat } from "node:fs/promises";
import type { Authenticator, NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import { UsageError } from "../base/errors.ts";
import { sensorLimits } from "../base/limits.ts";

export const DELTA_STREAM = "NTA_DELTAS";
export const DELTA_SUBJECTS = "nta.deltas.*";
export const deltaSubject = (shard: number): string => `nta.deltas.${shard}`;
/** Deltas that no server could read, kept for people to look at. */
export const DEAD_STREAM = "NTA_DEAD";
export const DEAD_SUBJECT = "nta.dead";
/** Request and reply: a sensor's name gets the answer that HTTP would give it (`answer.ts`). */
export const ANSWER_SUBJECT = "nta.answer";
/** A sensor's status page, `{"sensor":…, "status":…}`: for people to look at, kept nowhere on the way. */
export const STATUS_SUBJECT = "nta.status";

export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`, several with commas between them. */
  readonly server: string;
  /** Credentials as `nsc` writes them, or a seed of an NKey; null for none. Read at each connection. */
  readonly credentialsFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Shown in the broker's lists of connections. */
  readonly name: string;
  readonly connectTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;

export const isNatsUrl = (server: string): boolean => /^(?:nats|tls):\/\//.test(server);

/** Without credentials; throws a `UsageError` for what is no list of such URLs. */
export function natsServers(server: string): readonly string[] {
  return server.split(",").map((part) => {
    const url = URL.canParse(part) ? new URL(part) : null;
    if (url === null || !isNatsUrl(part) || url.hostname === "") {
      throw new UsageError(
        `--server: "${part}" is no URL of a NATS server; write it as nats://nats.example:4222`,
      );
    }
    if (url.username !== "" || url.password !== "") {
      throw new UsageError(
        "--server: a URL with a user in it is not used; give a file by --nats-credentials",
      );
    }
    return `${url.hostname}:${url.port === "" ? "4222" : url.port}`;
  });
}

/** Rejects where none of the servers is there; from then on it connects again by itself. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  // Loaded only by those who use it: a tap that sends over HTTP has no broker's client in its process.
  const { connect, credsAuthenticator, nkeyAuthenticator } = await import(
    "@nats-io/transport-node"
  );
  const authenticator = await readCredentials(
    options.credentialsFile,
    credsAuthenticator,
    nkeyAuthenticator,
  );
  const isTls = options.server.startsWith("tls://") || options.caFile !== null;
  const connection: NodeConnectionOptions = {
    servers: [...natsServers(options.server)],
    name: options.name,
    timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 500,
    ...(authenticator === null ? {} : { authenticator }),
    ...(isTls ? { tls: tlsFiles(options) } : {}),
  };
  return await connect(connection);
}

async function readCredentials(
  file: string | null,
  fromCredentials: (bytes: Uint8Array) => Authenticator,
  fromSeed: (seed: Uint8Array) => Authenticator,
): Promise<Authenticator | null> {
  if (file === null) return null;
  if ((await stat(file)).size > sensorLimits.tokenBytesMax) {
    throw new Error(`${file}: it is too large for credentials`);
  }
  const text = await readFile(file, "utf8");
  const bytes = new TextEncoder().encode(text.trim());
  return text.includes("BEGIN NATS USER JWT") ? fromCredentials(bytes) : fromSeed(bytes);
}

const tlsFiles = ({ caFile, certFile, keyFile }: NatsOptions): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ caFile, certFile, keyFile }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    ),
  );
