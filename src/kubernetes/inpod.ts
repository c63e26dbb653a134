/**
 * Which pods to listen to inside: those whose traffic a mesh encrypts on the wire, and that is in the clear between the
 * mesh's proxy and the application. Each takes a socket and a ring, so their number is bounded.
 */
import type { Pod } from "./facts.ts";
import type { Labels } from "./selector.ts";

export interface InPodRules {
  readonly mode: "off" | "mesh" | "all";
  readonly selects: (labels: Labels) => boolean;
  readonly namespaces: NamespaceRules;
  readonly podsMax: number;
}

export interface NamespaceRules {
  /** Empty for all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export const allowsNamespace = ({ include, exclude }: NamespaceRules, namespace: string): boolean =>
  !exclude.includes(namespace) && (include.length === 0 || include.includes(namespace));

export interface Choice {
  readonly pods: readonly Pod[];
  /** Pods that the rules want and the limit leaves out. */
  readonly leftOut: number;
}

/** Those that are listened to already stay first, so that the limit never swaps one pod for another. */
export function choosePods(
  pods: Iterable<Pod>,
  rules: InPodRules,
  chosenBefore: ReadonlySet<string>,
): Choice {
  if (rules.mode === "off") return { pods: [], leftOut: 0 };
  const wanted = [...pods].filter(
    (pod) =>
      !pod.isHostNetwork &&
      !pod.isOver &&
      pod.ips.length > 0 &&
      (rules.mode === "all" || pod.mesh !== "") &&
      allowsNamespace(rules.namespaces, pod.namespace) &&
      rules.selects(pod.labels),
  );
  wanted.sort(
    (a, b) =>
      Number(chosenBefore.has(b.uid)) - Number(chosenBefore.has(a.uid)) ||
      a.startedMs - b.startedMs ||
      (a.uid < b.uid ? -1 : 1),
  );
  return {
    pods: wanted.slice(0, rules.podsMax),
    leftOut: Math.max(0, wanted.length - rules.podsMax),
  };
}
