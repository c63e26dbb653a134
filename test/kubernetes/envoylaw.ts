/**
 * What must hold of everything that is put into the path of users' requests: Envoy goes on without us, whatever happens to
 * us. Gives what is against it; an object that is no EnvoyFilter is searched all the same.
 */
export function envoyOffences(object: unknown): string[] {
  const offences: string[] = [];
  const filters = found(object, (node) =>
    /ext_proc\.v3\.ExternalProcessor$/.test(String(node["@type"])),
  );
  for (const filter of filters) {
    if (filter["failure_mode_allow"] !== true) offences.push("ext_proc without failure_mode_allow");
    if (filter["observability_mode"] !== true) offences.push("ext_proc without observability_mode");
    if (filter["disable_immediate_response"] !== true) offences.push("ext_proc may answer users");
    const cluster = found(filter, (node) => "cluster_name" in node)[0]?.["cluster_name"];
    const clusters = found(object, (node) => node["name"] === cluster && "load_assignment" in node);
    if (clusters.length === 0) offences.push(`ext_proc without its cluster ${String(cluster)}`);
    for (const node of clusters) offences.push(...clusterOffences(node));
  }
  if (JSON.stringify(object).includes("streaming_grpc")) {
    offences.push("streaming_grpc makes Envoy abort");
  }
  return offences;
}

function clusterOffences(cluster: Node): string[] {
  const thresholds = found(cluster["circuit_breakers"], (node) => "max_requests" in node);
  const isBound = thresholds.some(
    (node) => Number(node["max_requests"]) <= 1024 && node["max_retries"] === 0,
  );
  const offences = isBound ? [] : ["the cluster of ext_proc has no circuit breakers"];
  if (
    cluster["health_checks"] === undefined ||
    cluster["close_connections_on_host_health_failure"] !== true
  ) {
    offences.push("a collector that hangs would hold back bodies");
  }
  return offences;
}

type Node = Readonly<Record<string, unknown>>;

function found(value: unknown, test: (node: Node) => boolean): Node[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap((item) => found(item, test));
  return !Array.isArray(value) && test(value as Node) ? [value as Node, ...inside] : inside;
}
