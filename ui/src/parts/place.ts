import type { ApiRow } from "../../../src/server/contract.ts";

/** Where an API is: its namespace, and before it the cluster where there are several. */
export const placeOf = ({ cluster, namespace }: Pick<ApiRow, "cluster" | "namespace">) =>
  cluster === null || namespace === null ? namespace : `${cluster}/${namespace}`;
