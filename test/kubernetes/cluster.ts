/**
 * As much of a Kubernetes API as Helm needs to install, upgrade and uninstall: discovery, and objects that are created, read,
 * listed by label, patched and deleted. It checks nothing but what Kubernetes forbids to change.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parse } from "yaml";
import type { KubernetesObject } from "./objects.ts";

const CLUSTER_WIDE = new Set([
  "Namespace",
  "ClusterRole",
  "ClusterRoleBinding",
  "SecurityContextConstraints",
]);
const KINDS: Readonly<Record<string, readonly string[]>> = {
  v1: [
    "Namespace",
    "Secret",
    "Service",
    "ServiceAccount",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Pod",
  ],
  "apps/v1": ["DaemonSet", "Deployment"],
  "policy/v1": ["PodDisruptionBudget"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding"],
  "networking.k8s.io/v1": ["NetworkPolicy", "Ingress"],
  "networking.istio.io/v1alpha3": ["EnvoyFilter"],
};

const pluralOf = (kind: string): string =>
  `${kind.toLowerCase()}s`.replace(/ys$/, "ies").replace(/sss$/, "sses");

export class FakeCluster {
  readonly objects = new Map<string, KubernetesObject>();
  readonly #server: Server = createServer(
    (request, response) => void this.#answer(request, response),
  );
  /** Requests for which there was no answer. */
  readonly unknown: string[] = [];

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Without the records of Helm itself. */
  installed(): KubernetesObject[] {
    return [...this.objects.values()].filter(({ type }) => type !== "helm.sh/release.v1");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://cluster");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const isBinary = body.subarray(0, 4).equals(Buffer.from("k8s\0"));
    const isRead = request.method === "GET" || request.method === "DELETE";
    const object = (
      isBinary && !isRead ? readSecret(body) : parse(isRead ? "" : body.toString())
    ) as KubernetesObject;
    const answer = discovery(url.pathname) ?? this.#object(request.method ?? "", url, object);
    if (answer === null) this.unknown.push(`${request.method} ${request.url}`);
    const status = answer ?? failure(404, "NotFound");
    const code =
      "code" in status && status["kind"] === "Status" ? Number(status["code"]) || 200 : 200;
    response.writeHead(code, { "content-type": "application/json" });
    response.end(JSON.stringify(status));
  }

  #object(method: string, url: URL, object: KubernetesObject): Record<string, unknown> | null {
    const match =
      /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/[^/]+)?\/([a-z]+)(?:\/([^/]+))?$/.exec(
        url.pathname,
      );
    if (match === null) return null;
    const path = url.pathname;
    const kept = this.objects.get(path);
    if (method === "GET" && match[2] === undefined) return this.#list(path, url.searchParams);
    if (method === "GET") return kept === undefined ? failure(404, "NotFound") : { ...kept };
    if (method === "DELETE") {
      this.objects.delete(path);
      return kept === undefined
        ? failure(404, "NotFound")
        : { kind: "Status", apiVersion: "v1", status: "Success" };
    }
    const isDry = url.searchParams.get("dryRun") === "All";
    if (method === "POST") return this.#put(`${path}/${object.metadata.name}`, object, isDry);
    const isApply = url.searchParams.has("fieldManager") && kept === undefined;
    if (kept === undefined && !isApply && method !== "PUT") return failure(404, "NotFound");
    const next = method === "PUT" ? object : (merge(kept ?? {}, object) as KubernetesObject);
    const change = kept === undefined ? null : immutableChange(kept, next);
    return change === null
      ? this.#put(path, next, isDry)
      : failure(422, `Invalid: ${change} is immutable`);
  }

  #put(path: string, object: KubernetesObject, isDry: boolean): Record<string, unknown> {
    const kept = { ...object, metadata: { ...object.metadata, uid: path, resourceVersion: "1" } };
    if (!isDry) this.objects.set(path, kept);
    return kept;
  }

  #list(path: string, query: URLSearchParams): Record<string, unknown> {
    const wanted = (query.get("labelSelector") ?? "").split(",").filter((part) => part !== "");
    const items = [...this.objects].filter(([key, { metadata }]) => {
      const isThere =
        key.startsWith(`${path}/`) || (path.split("/").length < 6 && key.endsWith(path));
      return (
        isThere &&
        wanted.every((part) => metadata.labels?.[part.split("=")[0]!] === part.split("=")[1])
      );
    });
    const plural = path.split("/").at(-1)!;
    const kind = Object.values(KINDS)
      .flat()
      .find((each) => pluralOf(each) === plural);
    return {
      kind: `${kind}List`,
      apiVersion: "v1",
      metadata: {},
      items: items.map(([, object]) => object),
    };
  }
}

const failure = (code: number, reason: string): Record<string, unknown> => ({
  ...{ kind: "Status", apiVersion: "v1", status: "Failure", reason, message: reason, code },
});

function discovery(path: string): Record<string, unknown> | null {
  if (path === "/version") return { major: "1", minor: "33", gitVersion: "v1.33.0" };
  if (path === "/api") return { kind: "APIVersions", versions: ["v1"] };
  if (path === "/apis") {
    const groups = Object.keys(KINDS).flatMap((groupVersion) => {
      const [name, version] = groupVersion.split("/");
      if (version === undefined) return [];
      const entry = { groupVersion, version };
      return [{ name, versions: [entry], preferredVersion: entry }];
    });
    return { kind: "APIGroupList", apiVersion: "v1", groups };
  }
  const kinds = KINDS[path.replace(/^\/apis?\//, "")];
  if (kinds === undefined) return null;
  const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
  const resources = kinds.map((kind) => ({
    ...{ name: pluralOf(kind), singularName: kind.toLowerCase(), kind, verbs },
    namespaced: !CLUSTER_WIDE.has(kind),
  }));
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: path.replace(/^\/apis?\//, ""),
    resources,
  };
}

/** A merge patch (RFC 7386); lists of a strategic one are taken as a whole, which is enough for whole objects. */
function merge(old: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof old === "object" && old !== null && !Array.isArray(old) ? { ...old } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (!name.startsWith("$")) result[name] = merge(result[name], value);
  }
  return result;
}

function immutableChange(old: KubernetesObject, next: KubernetesObject): string | null {
  const fields: Readonly<Record<string, readonly string[]>> = {
    DaemonSet: ["selector"],
    Deployment: ["selector"],
    Service: ["clusterIP"],
    PersistentVolumeClaim: ["accessModes", "storageClassName"],
  };
  for (const field of fields[old.kind] ?? []) {
    if (JSON.stringify(old["spec"]?.[field]) !== JSON.stringify(next["spec"]?.[field]))
      return `spec.${field}`;
  }
  return null;
}

/** Helm writes its own records in the binary form: an envelope, and in it a Secret (generated.proto of core/v1). */
function readSecret(body: Buffer): unknown {
  const secret = fieldsOf(fieldsOf(body.subarray(4)).get(2)![0]!);
  const metadata = fieldsOf(secret.get(1)![0]!);
  const pairs = (entries: readonly Buffer[] = []): [string, Buffer][] =>
    entries.map((entry) => [
      String(fieldsOf(entry).get(1)![0]),
      fieldsOf(entry).get(2)?.[0] ?? Buffer.alloc(0),
    ]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: String(secret.get(3)?.[0] ?? ""),
    metadata: {
      name: String(metadata.get(1)![0]),
      namespace: String(metadata.get(3)?.[0] ?? ""),
      labels: Object.fromEntries(
        pairs(metadata.get(11)).map(([name, value]) => [name, String(value)]),
      ),
    },
    data: Object.fromEntries(
      pairs(secret.get(2)).map(([name, value]) => [name, value.toString("base64")]),
    ),
  };
}

/** Fields that are delimited by their length (wire type 2), by number; the few numbers are skipped. */
function fieldsOf(bytes: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const size = varint();
    if ((tag & 7) !== 2) continue;
    const number = tag >>> 3;
    fields.set(number, [...(fields.get(number) ?? []), bytes.subarray(at, at + size)]);
    at += size;
  }
  return fields;
}
