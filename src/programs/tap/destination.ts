/** Where what a tap learns goes, and whose traffic it therefore leaves out. */
import { lookup } from "node:dns/promises";
import { type Settings, settings as table } from "../../base/config.ts";
import { UsageError } from "../../base/errors.ts";
import type { Endpoint } from "../../capture/live/filter.ts";
import { type SensorProgram, sensorAgent } from "../../sensor/agent.ts";
import { HttpTransport } from "../../sensor/httptransport.ts";
import { isNatsUrl, natsServers } from "../../sensor/jetstream.ts";
import { readNamedFile } from "../../sensor/namedfile.ts";
import { NatsTransport } from "../../sensor/natstransport.ts";
import { type Log, QuietLog } from "../../sensor/quietlog.ts";
import type { Transport } from "../../sensor/transport.ts";
import { checkFolder } from "../documents.ts";
import { readHints } from "../hintsfile.ts";
import { orNull } from "../ornull.ts";
import { tokenOf } from "../token.ts";
import { version } from "../version.ts";
import type { DocumentFolder } from "./documentfolder.ts";
import { Printer } from "./printer.ts";

export interface Destination {
  readonly transport: Transport;
  /** Null where another has the key. */
  readonly hashKey: Uint8Array | null;
  /** Null where no documents are written. */
  readonly folder: DocumentFolder | null;
  /** Whether what is not acknowledged is to survive a restart. */
  readonly isRemote: boolean;
}

/** Of hashes that stay in this process; as `nta reconstruct` has it, so that the same traffic gives the same documents. */
const LOCAL_HASH_KEY = Buffer.from("nta job.", "latin1");

/** Who sends. */
export interface Sender {
  readonly program: SensorProgram;
  readonly sensor: string;
}

export const openDestination = async (
  settings: Settings,
  sender: Sender,
  log: Log,
): Promise<Destination> => {
  const { server, output, print } = settings;
  if (server !== "" && output !== "") {
    throw new UsageError(
      "--server and --output: name one of them; the server makes the documents itself (nta export)",
    );
  }
  if (output !== "") return await openFolder(settings, log);
  if (server === "" && !print) {
    throw new UsageError(
      "where should what is learned go? --server URL sends it, --output DIR writes documents, --print shows it",
    );
  }
  const remote = server === "" ? null : openServer(settings, sender);
  const transport = print ? new Printer(remote) : remote!;
  const hashKey = remote === null ? LOCAL_HASH_KEY : null;
  return { transport, hashKey, folder: null, isRemote: remote !== null };
};

const openFolder = async (settings: Settings, log: Log): Promise<Destination> => {
  const { output, format, openapi, evidence, print } = settings;
  checkFolder(output);
  // Inference and what writes documents is loaded only where it is needed.
  const { DocumentFolder } = await import("./documentfolder.ts");
  const folder = new DocumentFolder({
    ...{ folder: output, format, openapi, evidence },
    hints: await readHints(settings),
    hashKey: LOCAL_HASH_KEY,
    log: new QuietLog(log, Date.now),
  });
  const transport = print ? new Printer(folder) : folder;
  return { transport, hashKey: LOCAL_HASH_KEY, folder, isRemote: false };
};

const openServer = (settings: Settings, { program, sensor }: Sender): Transport => {
  checkFiles(settings);
  const { server, token, tokenFile, caFile, certFile, keyFile, natsCredentials } = settings;
  const tls = { caFile: orNull(caFile), certFile: orNull(certFile), keyFile: orNull(keyFile) };
  const agent = sensorAgent(program, version());
  if (isNatsUrl(server)) {
    const credentialsFile = orNull(natsCredentials);
    return new NatsTransport({ ...tls, server, credentialsFile, name: sensor, sensor, agent });
  }
  return new HttpTransport({
    ...tls,
    server,
    token: orNull(token),
    tokenFile: orNull(tokenFile),
    userAgent: agent,
  });
};

/** They are read anew whenever something is sent; that one is misspelt is said now, not in a log that nobody reads. */
const checkFiles = (settings: Settings): void => {
  const isNats = isNatsUrl(settings.server);
  if (!isNats) tokenOf(settings);
  const own = isNats ? (["natsCredentials"] as const) : [];
  for (const name of ["caFile", "certFile", "keyFile", ...own] as const) {
    if (settings[name] !== "") readNamedFile(`--${table[name].flag}`, settings[name]);
  }
};

/** Addresses of the server and of our own status page: their traffic would describe itself. */
export const ownEndpoints = async ({ server, statusListen }: Settings): Promise<Endpoint[]> => {
  const own: Endpoint[] =
    statusListen === null || statusListen.port === 0 || isWildcard(statusListen.address)
      ? []
      : await addressesOf(`[${statusListen.address}]:${statusListen.port}`);
  const servers = await Promise.all(serversOf(server).map(addressesOf));
  return [...own, ...servers.flat()];
};

/** `host:port` of what `--server` names. */
const serversOf = (server: string): readonly string[] => {
  if (isNatsUrl(server)) return natsServers(server);
  const url = server === "" ? null : URL.parse(server);
  if (url === null) return [];
  return [`${url.hostname}:${url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port}`];
};

const addressesOf = async (server: string): Promise<Endpoint[]> => {
  const colon = server.lastIndexOf(":");
  const port = Number(server.slice(colon + 1));
  try {
    const found = await lookup(server.slice(0, colon).replaceAll(/[[\]]/g, ""), { all: true });
    return found.map(({ address }) => ({ address, port }));
  } catch {
    return [];
  }
};

const isWildcard = (address: string): boolean => /^[0.:]*$/.test(address);
