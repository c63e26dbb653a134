/**
 * Names of workloads: `namespace/kind/name`. Where sensors of several clusters send to one server, the name of the cluster
 * stands before them (`cluster/namespace/kind/name`), and before the names of sensors: what is called alike in two clusters is
 * not the same there, and one address is given in both.
 */

export interface Place {
  /** Empty where clusters have no names. */
  readonly cluster: string;
  /** Empty where no workload is known. */
  readonly namespace: string;
}

export function placeOf(workload: string): Place {
  const parts = workload.split("/");
  const at = parts.length > 3 ? 1 : 0;
  return { cluster: at === 0 ? "" : parts[0]!, namespace: parts[at]! };
}

/** The name of a workload or a sensor with its cluster's. */
export const inCluster = (cluster: string, name: string): string =>
  cluster === "" ? name : `${cluster}/${name}`;

/** Whether a sensor belongs to this cluster, by its name. */
export const isOfCluster = (sensor: string, cluster: string): boolean => {
  const slash = sensor.indexOf("/");
  return cluster === (slash < 0 ? "" : sensor.slice(0, slash));
};
