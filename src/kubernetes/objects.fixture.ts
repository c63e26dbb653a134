/** Objects of a cluster as its API has them. */
import type { FakeObject } from "./fakeapi.fixture.ts";

export const PODS = "/api/v1/pods";
export const SERVICES = "/api/v1/services";
export const SLICES = "/apis/discovery.k8s.io/v1/endpointslices";
export const REPLICA_SETS = "/apis/apps/v1/replicasets";
export const JOBS = "/apis/batch/v1/jobs";

interface PodWords {
  readonly name: string;
  readonly ip?: string;
  readonly ips?: readonly string[];
  readonly namespace?: string;
  readonly uid?: string;
  readonly node?: string;
  readonly nodeIp?: string;
  readonly ports?: readonly number[];
  readonly owner?: string;
  readonly hash?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containers?: readonly string[];
  readonly hostNetwork?: boolean;
  readonly phase?: string;
  readonly startedMs?: number;
}

/** `owner` is `Kind/name`. */
export function pod(words: PodWords): FakeObject {
  const { name, namespace = "shop", ip, owner, hash, nodeIp = "10.0.0.1" } = words;
  const ips = words.ips ?? (ip === undefined ? [] : [ip]);
  return {
    kind: "Pod",
    metadata: {
      name,
      namespace,
      uid: words.uid ?? `uid-${namespace}-${name}`,
      labels: { ...words.labels, ...(hash !== undefined && { "pod-template-hash": hash }) },
      ...(words.annotations !== undefined && { annotations: words.annotations }),
      ...(owner !== undefined && { ownerReferences: [reference(owner)] }),
    },
    spec: {
      nodeName: words.node ?? "worker-1",
      ...(words.hostNetwork === true && { hostNetwork: true }),
      containers: (words.containers ?? ["app"]).map((container) => ({
        name: container,
        ports: (words.ports ?? []).map((containerPort) => ({ containerPort, protocol: "TCP" })),
      })),
    },
    status: {
      phase: words.phase ?? "Running",
      hostIP: nodeIp,
      hostIPs: [{ ip: nodeIp }],
      podIP: ips[0],
      podIPs: ips.map((each) => ({ ip: each })),
      ...(words.startedMs !== undefined && { startTime: new Date(words.startedMs).toISOString() }),
    },
  };
}

export const owned = (name: string, owner: string): FakeObject => ({
  metadata: { namespace: "shop", name, ownerReferences: [reference(owner)] },
});

export const service = (
  name: string,
  clusterIPs: readonly string[],
  ports: readonly object[],
): FakeObject => ({
  metadata: { namespace: "shop", name },
  spec: { type: "ClusterIP", clusterIP: clusterIPs[0], clusterIPs, ports },
});

export const slice = (
  serviceName: string,
  addresses: readonly string[],
  ports: readonly object[],
): FakeObject => ({
  metadata: {
    namespace: "shop",
    name: `${serviceName}-abcde`,
    labels: { "kubernetes.io/service-name": serviceName },
  },
  ports,
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
});

function reference(owner: string): object {
  const [kind, name] = owner.split("/");
  return { kind, name, controller: true, apiVersion: "apps/v1" };
}
