/** A whole server: the store, what feeds it, what it sends, and the socket. `serve` and `start` run one. */

import type { Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import type { Settings } from "../../base/config.ts";
import { UsageError } from "../../base/errors.ts";
import { type Inventory, openInventory } from "../../inventory/inventory.ts";
import type { ClusterNames } from "../../inventory/services.ts";
import type { Cluster } from "../../kubernetes/cluster.ts";
import type { Log } from "../../sensor/quietlog.ts";
import { Access } from "../../server/access.ts";
import { openAccessLogs } from "../../server/accesslogs.ts";
import { type AppParts, createApp } from "../../server/app.ts";
import { EventHub } from "../../server/events.ts";
import { Forwarding } from "../../server/forward/forwarding.ts";
import { Guard } from "../../server/forward/guard.ts";
import { Ingest } from "../../server/ingest.ts";
import { LocalSensor } from "../../server/localsensor.ts";
import { Metrics } from "../../server/metrics.ts";
import { SecretFile } from "../../server/secretfile.ts";
import { SignIn } from "../../server/signin.ts";
import { TlsFiles } from "../../server/tls.ts";
import { Uploads } from "../../server/uploads.ts";
import { openCluster } from "../clusterwatch.ts";
import { checkFolder } from "../documents.ts";
import { orNull } from "../ornull.ts";
import { selectionOf } from "../selecting.ts";
import { version } from "../version.ts";
import { openNatsDeltas } from "./natsdeltas.ts";
import { makeStoreFile, takeStore } from "./storefile.ts";
import { uploadJobs } from "./uploadjob.ts";

const TICK_MS = 60_000;
const TOKEN_LENGTH_MIN = 16;
const PAGE_FOLDER = fileURLToPath(new URL("../../../ui/dist", import.meta.url));

export interface RunningServer {
  readonly inventory: Inventory;
  readonly ingest: Ingest;
  /** Where it is, for people. */
  readonly url: string;
  readonly address: string;
  readonly port: number;
  /** The first token, which is never shown again; null where there was one, or none is needed. */
  readonly firstToken: string | null;
  close(): Promise<void>;
}

/** @throws UsageError where the settings do not fit together, or the address is taken. */
export const openServer = async (settings: Settings, log: Log): Promise<RunningServer> => {
  const { listen } = settings;
  if (listen === null) throw new UsageError("--listen: off is not allowed here; name an address");
  const tls = tlsOf(settings);
  const guard = new Guard(settings.forwardAllow);
  if (settings.forwardFolder !== "") checkFolder(settings.forwardFolder, "--forward-folder");
  const lock = takeStore(settings.store);
  const closers: (() => unknown)[] = [() => lock?.release()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    makeStoreFile(settings.store);
    const cluster = openCluster(settings, "cluster", log);
    closers.push(() => cluster?.close());
    const inventory = await openInventory({
      url: settings.store,
      preferences: { forwardMinEndpoints: settings.forwardMinEndpoints },
      ...(cluster !== null && { cluster: namesOf(cluster) }),
    });
    closers.push(() => inventory.close());
    const firstToken = await makeFirstToken(settings, inventory);
    const parts = await openParts(settings, { inventory, guard, tls, log }, closers);
    const { app, ingest, aside } = parts;
    if (cluster !== null) ingest.routes = cluster.owners;
    const { address, port } = await listenAt(app, listen);
    if (tls !== null) closers.push(tls.follow(app.server as unknown as TlsServer, log.warn));
    const nats = await openNatsDeltas(settings, { ingest, inventory }, log);
    if (nats !== null) {
      aside.letters = nats.deadLetters;
      closers.push(() => nats.close());
    }
    const tick = setInterval(() => {
      inventory.tick(Date.now()).catch((error: Error) => log.warn(`the store: ${error.message}`));
    }, TICK_MS);
    closers.push(() => clearInterval(tick));
    const url = urlOf(settings, address, port);
    return { inventory, ingest, url, address, port, firstToken, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const namesOf = ({ owners }: Cluster): ClusterNames => ({
  cluster: owners.cluster,
  serviceNamesOf: owners.serviceNamesOf,
  workloadAt: (ip) => owners.workloadOf(ip, 0),
});

interface Given {
  readonly inventory: Inventory;
  readonly guard: Guard;
  readonly tls: TlsFiles | null;
  readonly log: Log;
}

const openParts = async (
  settings: Settings,
  { inventory, guard, tls, log }: Given,
  closers: (() => unknown)[],
): Promise<{ app: FastifyInstance; ingest: Ingest; aside: AppParts["aside"] }> => {
  const aside: AppParts["aside"] = { letters: null };
  const ingest = new Ingest(inventory);
  const { hashKey } = inventory;
  const selection = selectionOf(settings);
  const events = new EventHub(inventory);
  const forwarding = new Forwarding({
    inventory,
    guard,
    folder: orNull(settings.forwardFolder),
    log,
  });
  const door = await LocalSensor.open("door", "door", { ingest, inventory, selection, log });
  const uploads = new Uploads({
    inventory,
    ingest,
    // Which ports to listen to says nothing of a file that somebody chose.
    startJob: uploadJobs(hashKey, { ...selection, ports: [] }),
    bytesMax: settings.uploadMax,
    onChange: (upload) => events.send({ kind: "upload", upload }),
  });
  closers.push(
    () => forwarding.close(),
    () => door.close(),
    () => uploads.close(),
  );
  closers.push(await openAccessLogs(settings, door.telemetry));
  const signIn = signInOf(settings, inventory);
  const app = await createApp({
    inventory,
    access: accessOf(settings, inventory, tls, signIn),
    ingest,
    events,
    metrics: new Metrics(inventory, ingest, events),
    forwarding,
    uploads,
    door: { ingest, sensor: door },
    aside,
    signIn,
    tls,
    hostNames: hostNamesOf(settings),
    publicUrl: urlOf(settings, settings.listen!.address, settings.listen!.port),
    version: version(),
    pageFolder: PAGE_FOLDER,
    log,
  });
  closers.push(
    () => app.close(),
    () => events.close(),
  );
  return { app, ingest, aside };
};

const accessOf = (
  settings: Settings,
  inventory: Inventory,
  tls: TlsFiles | null,
  signIn: SignIn | null,
): Access => {
  const { adminTokenFile, sensorTokenFile, tlsClientCa } = settings;
  return new Access({
    isOpen: isOpen(settings),
    verify: (token) => inventory.tokens.verify(token),
    sessions: inventory.sessions,
    signInBasis: signIn?.basis ?? null,
    adminToken:
      adminTokenFile === ""
        ? null
        : new SecretFile("admin-token-file", adminTokenFile, TOKEN_LENGTH_MIN),
    sensorToken:
      sensorTokenFile === ""
        ? null
        : new SecretFile("sensor-token-file", sensorTokenFile, TOKEN_LENGTH_MIN),
    trustsCertificates: tls !== null && tlsClientCa !== "",
    nowMs: Date.now,
  });
};

/** The first person to come needs one to make others. */
const makeFirstToken = async (
  settings: Settings,
  { tokens }: Inventory,
): Promise<string | null> => {
  if (isOpen(settings) || settings.adminTokenFile !== "") return null;
  const known = await tokens.list();
  if (known.some(({ role }) => role === "editor")) return null;
  const { token } = await tokens.create("first", "editor", "nta");
  return token;
};

const isOpen = ({ listen, requireToken, oidcIssuer }: Settings): boolean =>
  isLoopback(listen!.address) && !requireToken && oidcIssuer === "";

const isLoopback = (address: string): boolean =>
  address === "localhost" || address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);

/** Who listens beyond loopback has names that cannot be guessed, and asks for tokens, which a stranger's page has not. */
const hostNamesOf = (settings: Settings): ReadonlySet<string> | null => {
  const { hostNames, publicUrl, listen } = settings;
  if (hostNames.length === 0 && !isLoopback(listen!.address)) return null;
  const own = URL.canParse(publicUrl) ? [new URL(publicUrl).hostname] : [];
  return new Set([...hostNames, ...own].map((name) => name.toLowerCase()));
};

const urlOf = ({ publicUrl, tlsCert }: Settings, address: string, port: number): string => {
  if (publicUrl !== "") return publicUrl.replace(/\/+$/, "");
  const isAny = address === "0.0.0.0" || address === "::";
  const host = isAny ? "localhost" : address.includes(":") ? `[${address}]` : address;
  return `${tlsCert === "" ? "http" : "https"}://${host}:${port}`;
};

const tlsOf = ({ tlsCert, tlsKey, tlsClientCa }: Settings): TlsFiles | null => {
  if ((tlsCert === "") !== (tlsKey === "")) {
    throw new UsageError("--tls-cert and --tls-key: one needs the other");
  }
  if (tlsCert !== "") return new TlsFiles(tlsCert, tlsKey, orNull(tlsClientCa));
  if (tlsClientCa !== "") throw new UsageError("--tls-client-ca needs --tls-cert and --tls-key");
  return null;
};

const signInOf = (settings: Settings, { sessions }: Inventory): SignIn | null => {
  const { oidcIssuer, oidcClientId, oidcClientSecretFile, oidcEditors, oidcViewers } = settings;
  if (oidcIssuer === "") return null;
  const options = {
    issuer: oidcIssuer,
    clientId: oidcClientId,
    clientSecret:
      oidcClientSecretFile === ""
        ? null
        : new SecretFile("oidc-client-secret-file", oidcClientSecretFile),
    publicUrl: urlOf(settings, settings.listen!.address, settings.listen!.port),
    editors: oidcEditors,
    viewers: oidcViewers,
  };
  return new SignIn(options, sessions);
};

const listenAt = async (
  app: FastifyInstance,
  { address, port }: { address: string; port: number },
): Promise<AddressInfo> => {
  try {
    await app.listen({ host: address, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "EADDRINUSE"
        ? "another program uses it"
        : code === "EACCES"
          ? "no permission for this port"
          : message;
    throw new UsageError(`--listen: ${address}:${port}: ${reason}; choose another`);
  }
  return app.server.address() as AddressInfo;
};
