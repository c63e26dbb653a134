import { statSync } from "node:fs";
import { join } from "node:path";

/** How the API of a cluster is reached. */
export interface ClusterAccess {
  /** `https://10.96.0.1:443`; plain HTTP in tests. */
  readonly url: string;
  /** Null sends no token. */
  readonly tokenFile: string | null;
  /** Null trusts the system's authorities. */
  readonly caFile: string | null;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** How a pod reaches its cluster; null where this is no pod, or one without a service account's token. */
export function accessFromPod(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string = SERVICE_ACCOUNT,
): ClusterAccess | null {
  const host = environment["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = environment["KUBERNETES_SERVICE_PORT"] ?? "443";
  const tokenFile = join(folder, "token");
  if (host === "" || statSync(tokenFile, { throwIfNoEntry: false }) === undefined) return null;
  const name = host.includes(":") ? `[${host}]` : host;
  return { url: `https://${name}:${port}`, tokenFile, caFile: join(folder, "ca.crt") };
}
