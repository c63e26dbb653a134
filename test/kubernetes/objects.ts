/** Whether an object is what the Kubernetes API (or Istio's, or the Prometheus operator's) takes, unknown fields included. */
import { Ajv } from "ajv";

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: what a test asserts about it, its schema has confirmed
  readonly [field: string]: any;
}

interface Validate {
  (data: unknown): boolean;
  errors?: readonly { instancePath: string; message?: string; keyword: string }[] | null;
}

/** Problems of the object; none where it would be accepted. */
export async function problemsOf(object: KubernetesObject): Promise<string[]> {
  const name = `${object.apiVersion} ${object.kind} ${object.metadata?.name}`;
  const custom = CUSTOM[`${object.apiVersion}/${object.kind}`];
  if (custom !== undefined) {
    const validate = ajv.compile(custom);
    if (validate(object)) return [];
    return (validate.errors ?? []).map(
      (error) => `${name}: ${error.instancePath} ${error.message}`,
    );
  }
  const { validate } = (await import(schemaOf(object))) as { validate: Validate };
  const unread: string[] = [];
  const watched = watch(object, "", unread);
  const isValid = validate(watched.proxy);
  const problems = isValid
    ? []
    : (validate.errors ?? []).map(
        (error) => `${error.instancePath} ${error.keyword} ${error.message ?? ""}`,
      );
  watched.close();
  const refused = object.kind === "EnvoyFilter" ? patchProblems(object) : [];
  return [...problems, ...refused, ...unread.map((path) => `${path} is no field`)].map(
    (text) => `${name}: ${text}`,
  );
}

/**
 * What Istio 1.29 refuses beside what its schema says: the rule of its CRD, that a waypoint is matched by `waypoint` and nothing
 * else is, and those of its webhook on what may be patched there.
 */
function patchProblems({ spec }: KubernetesObject): string[] {
  const patches = spec.configPatches as readonly {
    readonly applyTo: string;
    readonly match?: {
      readonly context?: string;
      readonly waypoint?: {
        readonly filter?: {
          readonly name?: string;
          readonly subFilter?: { readonly name?: string };
        };
        readonly route?: object;
      };
    };
  }[];
  return patches.flatMap(({ applyTo, match }): string[] => {
    const { context, waypoint } = match ?? {};
    if ((context === "WAYPOINT") !== (waypoint !== undefined))
      return [`${applyTo}: a waypoint is matched by waypoint, and only a waypoint is`];
    if (waypoint === undefined) return [];
    const { filter, route } = waypoint;
    if (applyTo === "CLUSTER")
      return filter === undefined && route === undefined ? [] : ["CLUSTER: by port alone"];
    if (applyTo !== "HTTP_FILTER") return [`${applyTo} cannot be patched in a waypoint`];
    const isFull =
      filter?.name === "envoy.filters.network.http_connection_manager" &&
      (filter.subFilter?.name ?? "") !== "";
    return isFull ? [] : ["HTTP_FILTER: by connection manager and filter within"];
  });
}

const schemaOf = ({ apiVersion, kind }: KubernetesObject): string => {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
  if (group!.endsWith(".istio.io")) {
    const words = group!.split(".").map(capital).join("");
    const file = `_schemas/${words}${capital(version!)}${kind}.js`;
    return new URL(file, import.meta.resolve("@kubernetes-models/istio")).href;
  }
  const file = `_schemas/IoK8sApi${capital(group!.split(".")[0]!)}${capital(version!)}${kind}.js`;
  return new URL(file, import.meta.resolve("kubernetes-models")).href;
};

/** Fields below which anything may stand. */
const FREE = /^\/spec\/configPatches\/\d+\/patch\/value$/;

/**
 * The schemas are compiled, and let unknown fields pass: but whatever field one knows it reads. So what was never read is
 * no field of the schema.
 */
function watch(
  value: object,
  path: string,
  unread: string[],
): { proxy: object; close: () => void } {
  const read = new Set<string>();
  const children = new Map<string, { proxy: object; close: () => void }>();
  const proxy = new Proxy(value, {
    get: (target, key) => {
      const item = Reflect.get(target, key) as unknown;
      if (typeof key === "symbol") return item;
      read.add(key);
      if (typeof item !== "object" || item === null) return item;
      const child = children.get(key) ?? watch(item, `${path}/${key}`, unread);
      children.set(key, child);
      return child.proxy;
    },
  });
  const close = (): void => {
    if (FREE.test(path)) return;
    for (const key of Object.keys(value)) if (!read.has(key)) unread.push(`${path}/${key}`);
    for (const child of children.values()) child.close();
  };
  return { proxy, close };
}

const ajv = new Ajv({ strict: false, allErrors: true });
const strict = (
  properties: object,
  required: readonly string[] = Object.keys(properties),
): object => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});
const text = { type: "string" };
const texts = { type: "array", items: text };
const labels = { type: "object", additionalProperties: text };
const metadata = strict({ name: text, namespace: text, labels, annotations: labels }, [
  "name",
  "labels",
]);
const object = (spec: object): object => strict({ apiVersion: text, kind: text, metadata, spec });
const endpoints = { type: "array", items: strict({ port: text, path: text, interval: text }) };
const selector = strict({ matchLabels: labels });
const strategy = strict({ type: { enum: ["RunAsAny", "MustRunAs", "MustRunAsNonRoot"] } });
const flag = { type: "boolean" };

/** Types that no package here describes: the parts of them that the chart uses (Prometheus operator v1, CloudNativePG v1, OpenShift). */
const CUSTOM: Readonly<Record<string, object>> = {
  "monitoring.coreos.com/v1/ServiceMonitor": object(strict({ endpoints, selector })),
  "monitoring.coreos.com/v1/PodMonitor": object(
    strict({ podMetricsEndpoints: endpoints, selector }),
  ),
  "monitoring.coreos.com/v1/PrometheusRule": object(
    strict({
      groups: {
        type: "array",
        items: strict({
          name: text,
          rules: {
            type: "array",
            items: strict({ alert: text, expr: text, for: text, labels, annotations: labels }, [
              "alert",
              "expr",
              "labels",
              "annotations",
            ]),
          },
        }),
      },
    }),
  ),
  "postgresql.cnpg.io/v1/Cluster": object(
    strict(
      {
        instances: { type: "integer", minimum: 1 },
        imageName: text,
        bootstrap: strict({
          initdb: strict({
            database: text,
            owner: text,
            encoding: text,
            localeCollate: text,
            localeCType: text,
          }),
        }),
        storage: strict({ size: text, storageClass: text }, ["size"]),
        postgresql: strict(
          {
            synchronous: strict({
              method: { enum: ["any", "first"] },
              number: { type: "integer", minimum: 1 },
            }),
            parameters: labels,
          },
          [],
        ),
        resources: { type: "object" },
      },
      ["instances", "bootstrap", "storage"],
    ),
  ),
  "security.openshift.io/v1/SecurityContextConstraints": strict({
    apiVersion: text,
    kind: text,
    metadata,
    allowHostDirVolumePlugin: flag,
    allowHostIPC: flag,
    allowHostNetwork: flag,
    allowHostPID: flag,
    allowHostPorts: flag,
    allowPrivilegeEscalation: flag,
    allowPrivilegedContainer: flag,
    allowedCapabilities: texts,
    defaultAddCapabilities: texts,
    requiredDropCapabilities: texts,
    readOnlyRootFilesystem: flag,
    runAsUser: strategy,
    seLinuxContext: strategy,
    fsGroup: strategy,
    supplementalGroups: strategy,
    seccompProfiles: texts,
    volumes: texts,
    users: texts,
    groups: texts,
    priority: { type: ["integer", "null"] },
  }),
};
