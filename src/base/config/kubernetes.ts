/** Names of workloads in place of addresses, capture inside pods, and what Envoy sends. */
import { anyText, clusterName, names, oneOf } from "../forms.ts";
import { countFrom, listenAddressOrOff } from "../quantities.ts";
import { setting } from "./setting.ts";

const WATCHERS = ["tap", "collect"] as const;

export const kubernetesSettings = {
  kubernetes: setting({
    flag: "kubernetes",
    variable: "NTA_KUBERNETES",
    form: oneOf(["auto", "on", "off"]),
    fallback: "auto",
    description:
      "Whether the cluster is asked which workload has an address; `auto`: in a pod with a service account.",
    programs: ["tap", "collect", "serve"],
  }),
  cluster: setting({
    flag: "cluster",
    variable: "NTA_CLUSTER",
    form: clusterName,
    fallback: "",
    fallbackNote: "none",
    description:
      "Name of the cluster, where sensors of several send to one server: part of the names of its workloads and sensors, so that what is called alike in two of them stays apart.",
    programs: ["tap", "collect", "serve", "start"],
  }),
  nodeName: setting({
    flag: "node-name",
    variable: "NTA_NODE_NAME",
    form: anyText("NAME", "the name of a node"),
    fallback: "",
    fallbackNote: "none: the pods of all nodes",
    description: "Node whose pods a tap is told of.",
    programs: WATCHERS,
  }),
  namespacesInclude: setting({
    flag: "namespaces-include",
    variable: "NTA_NAMESPACES_INCLUDE",
    form: names("namespaces, such as shop,payments"),
    fallback: "",
    fallbackNote: "all",
    description: "Kubernetes namespaces whose APIs are used.",
    programs: WATCHERS,
  }),
  namespacesExclude: setting({
    flag: "namespaces-exclude",
    variable: "NTA_NAMESPACES_EXCLUDE",
    form: names("namespaces, such as shop,payments"),
    fallback: "",
    fallbackNote: "none",
    description: "Kubernetes namespaces whose APIs are left out.",
    programs: WATCHERS,
  }),
  inPod: setting({
    flag: "in-pod",
    variable: "NTA_IN_POD",
    form: oneOf(["off", "mesh", "all"]),
    fallback: "off",
    description:
      "Pods that are listened to inside their own network namespace, where a mesh's traffic is in the clear: those with a sidecar or in ambient mode, or all. Needs CAP_SYS_ADMIN.",
    programs: ["tap"],
  }),
  inPodSelector: setting({
    flag: "in-pod-selector",
    variable: "NTA_IN_POD_SELECTOR",
    form: anyText("SELECTOR", "a label selector such as team=shop,tier!=test"),
    fallback: "",
    fallbackNote: "all",
    description: "Only pods with these labels are listened to inside.",
    programs: ["tap"],
  }),
  inPodMax: setting({
    flag: "in-pod-max",
    variable: "NTA_IN_POD_MAX",
    form: countFrom(1, 250),
    fallback: "64",
    description: "Pods of a node that are listened to inside at a time.",
    programs: ["tap"],
  }),
  networkNamespaces: setting({
    flag: "network-namespaces",
    variable: "NTA_NETWORK_NAMESPACES",
    form: anyText("DIR", "a folder of network namespaces"),
    fallback: "/run/netns",
    description: "Where the container runtime keeps the network namespaces of pods.",
    programs: ["tap"],
  }),
  envoyListen: setting({
    flag: "envoy-listen",
    variable: "NTA_ENVOY_LISTEN",
    form: listenAddressOrOff,
    fallback: "127.0.0.1:9000",
    description:
      "Where Envoy sends what it sees: external processing in observability mode, and access logs, over gRPC.",
    programs: ["collect"],
  }),
  envoyOneIn: setting({
    flag: "envoy-one-in",
    variable: "NTA_ENVOY_ONE_IN",
    form: countFrom(1, 1000),
    fallback: "1",
    description:
      "Of how many requests Envoys show one (`envoy.sampleOneIn` of the chart); each counts for so many. Access logs tell of all.",
    programs: ["collect"],
  }),
} as const;
