/** What is kept of the objects of a cluster: names, addresses and ports, a few hundred bytes each of 5 to 20 KB. */
import { kubernetesLimits } from "../base/limits.ts";
import { asList, asObject, asText } from "./reflector.ts";

/** Who controls an object. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

export interface Pod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** Of both families. */
  readonly ips: readonly string[];
  readonly hostIps: readonly string[];
  readonly isHostNetwork: boolean;
  /** Ports that its containers declare. */
  readonly ports: readonly number[];
  readonly owner: Owner | null;
  /** Ends the name of the ReplicaSet that made it. */
  readonly templateHash: string;
  readonly labels: ReadonlyMap<string, string>;
  /** The container of a mesh's proxy beside its application, `ambient` for its node's proxy; empty for none. */
  readonly mesh: string;
  readonly startedMs: number;
  /** Succeeded or failed: its address may be another's. */
  readonly isOver: boolean;
}

export interface Owned {
  readonly namespace: string;
  readonly name: string;
  readonly owner: Owner | null;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly nodePort: number;
}

export interface Service {
  readonly namespace: string;
  readonly name: string;
  /** Of both families; none where it is headless. */
  readonly ips: readonly string[];
  readonly ports: readonly ServicePort[];
}

export interface EndpointSlice {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly addresses: readonly string[];
}

const PROXIES = new Set([
  "istio-proxy",
  "linkerd-proxy",
  "envoy-sidecar",
  "kuma-sidecar",
  "consul-dataplane",
]);

/** `keepLabels`: only where pods are chosen by them. */
export const podOf =
  (keepLabels: boolean) =>
  (object: unknown): Pod | null => {
    const { metadata, namespace, name } = headOf(object);
    const spec = asObject(asObject(object)["spec"]);
    const status = asObject(asObject(object)["status"]);
    if (name === "") return null;
    const labels = asObject(metadata["labels"]);
    const annotations = asObject(metadata["annotations"]);
    const containers = [...asList(spec["containers"]), ...asList(spec["initContainers"])].map(
      asObject,
    );
    const phase = asText(status["phase"]);
    return {
      uid: asText(metadata["uid"]),
      namespace,
      name,
      node: asText(spec["nodeName"]),
      ips: addressesOf(status, "podIPs", "podIP"),
      hostIps: addressesOf(status, "hostIPs", "hostIP"),
      isHostNetwork: spec["hostNetwork"] === true,
      ports: containers
        .flatMap((container) => asList(container["ports"]))
        .map((port) => numberOf(asObject(port)["containerPort"]))
        .filter((port) => port > 0)
        .slice(0, kubernetesLimits.portsMax),
      owner: ownerOf(metadata),
      templateHash: asText(labels["pod-template-hash"]),
      labels: keepLabels ? textsOf(labels) : NO_LABELS,
      mesh:
        containers
          .map((container) => asText(container["name"]))
          .find((each) => PROXIES.has(each)) ??
        (annotations["ambient.istio.io/redirection"] === "enabled" ? "ambient" : ""),
      startedMs: Date.parse(asText(status["startTime"])) || 0,
      isOver: phase === "Succeeded" || phase === "Failed",
    };
  };

export function ownedOf(object: unknown): Owned | null {
  const { metadata, namespace, name } = headOf(object);
  return name === "" ? null : { namespace, name, owner: ownerOf(metadata) };
}

export function serviceOf(object: unknown): Service | null {
  const { namespace, name } = headOf(object);
  const spec = asObject(asObject(object)["spec"]);
  if (name === "" || spec["type"] === "ExternalName") return null;
  return {
    namespace,
    name,
    ips: [
      ...(Array.isArray(spec["clusterIPs"]) ? spec["clusterIPs"] : [spec["clusterIP"]]),
      ...asList(spec["externalIPs"]),
    ]
      .map(asText)
      .filter((ip) => ip !== "" && ip !== "None")
      .slice(0, kubernetesLimits.addressesMax),
    ports: asList(spec["ports"])
      .slice(0, kubernetesLimits.portsMax)
      .map(asObject)
      .map((port) => ({
        name: asText(port["name"]),
        port: numberOf(port["port"]),
        nodePort: numberOf(port["nodePort"]),
      })),
  };
}

export function endpointSliceOf(object: unknown): EndpointSlice | null {
  const { metadata, namespace, name } = headOf(object);
  const service = asText(asObject(metadata["labels"])["kubernetes.io/service-name"]);
  if (name === "" || service === "") return null;
  return {
    namespace,
    name,
    service,
    ports: asList(asObject(object)["ports"])
      .slice(0, kubernetesLimits.portsMax)
      .map(asObject)
      .map((port) => ({ name: asText(port["name"]), port: numberOf(port["port"]) })),
    addresses: asList(asObject(object)["endpoints"])
      .flatMap((endpoint) => asList(asObject(endpoint)["addresses"]))
      .map(asText)
      .filter((address) => address !== "")
      .slice(0, kubernetesLimits.sliceAddressesMax),
  };
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();

function headOf(object: unknown): {
  metadata: Readonly<Record<string, unknown>>;
  namespace: string;
  name: string;
} {
  const metadata = asObject(asObject(object)["metadata"]);
  return { metadata, namespace: asText(metadata["namespace"]), name: asText(metadata["name"]) };
}

function ownerOf(metadata: Readonly<Record<string, unknown>>): Owner | null {
  for (const reference of asList(metadata["ownerReferences"]).map(asObject)) {
    if (reference["controller"] !== true) continue;
    return { kind: asText(reference["kind"]), name: asText(reference["name"]) };
  }
  return null;
}

function addressesOf(
  status: Readonly<Record<string, unknown>>,
  several: string,
  single: string,
): string[] {
  const ips = asList(status[several]).map((entry) => asText(asObject(entry)["ip"]));
  const all = ips.length > 0 ? ips : [asText(status[single])];
  return all.filter((ip) => ip !== "").slice(0, kubernetesLimits.addressesMax);
}

const textsOf = (object: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(object).map(([name, value]) => [name, asText(value)]));

const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : 0;
