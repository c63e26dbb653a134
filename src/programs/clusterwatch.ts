/** The cluster that a sensor runs in: which workload has an address, and which namespaces are left out. */
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { accessFromPod } from "../kubernetes/access.ts";
import { Cluster } from "../kubernetes/cluster.ts";
import { allowsNamespace } from "../kubernetes/inpod.ts";
import { systemClock } from "../sensor/clock.ts";
import { type Log, QuietLog } from "../sensor/quietlog.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { inCluster, placeOf } from "../telemetry/workload.ts";

/** Null where this is no pod, or `--kubernetes off`. `scope`: a tap may read the pods of its node only. */
export const openCluster = (
  settings: Settings,
  scope: "node" | "cluster",
  log: Log,
): Cluster | null => {
  if (settings.kubernetes === "off") return null;
  const access = accessFromPod(process.env);
  if (access === null) {
    if (settings.kubernetes === "auto") return null;
    throw new UsageError(
      "--kubernetes on: there is no service account here (KUBERNETES_SERVICE_HOST and its token); run in a pod with automountServiceAccountToken, or leave it at auto.",
    );
  }
  return new Cluster({
    name: settings.cluster,
    access,
    node: scope === "node" && settings.nodeName !== "" ? settings.nodeName : null,
    keepLabels: settings.inPod !== "off",
    clock: systemClock,
    log: new QuietLog(log, systemClock.nowMs),
    random: Math.random,
  });
};

/** What the server calls a sensor. */
export const sensorNameOf = ({ cluster, sensorName }: Settings, fallback: string): string =>
  inCluster(cluster, sensorName === "" ? fallback : sensorName);

/**
 * APIs of namespaces that are wanted. One whose workload is not known belongs to none: it is left out where only some
 * namespaces are wanted.
 */
export const namespaceFilter = (settings: Settings): ((summary: ApiSummary) => boolean) => {
  const rules = { include: settings.namespacesInclude, exclude: settings.namespacesExclude };
  return ({ key }) => {
    if (key.workload === "") return rules.include.length === 0;
    return allowsNamespace(rules, placeOf(key.workload).namespace);
  };
};
