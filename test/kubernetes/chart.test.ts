//! The chart, rendered by Helm 3 and Helm 4 over a matrix of values: every object is what the cluster takes, and keeps
//! the rules of security that docs/kubernetes.md promises.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { type Program, type Setting, settingNames, settings } from "../../src/base/config.ts";
import { CHART, nested, renderChart, type Values } from "./chart.ts";
import { FakeCluster } from "./cluster.ts";
import { envoyOffences } from "./envoylaw.ts";
import { type KubernetesObject, problemsOf } from "./objects.ts";
import { HELM_MAJORS, helmProgram } from "./tools.ts";

const MONITORING = ["monitoring.coreos.com/v1"];
const gateway = {
  name: "edge",
  namespace: "istio-ingress",
  matchLabels: { istio: "ingressgateway" },
};

const MATRIX: Readonly<Record<string, Values>> = {
  defaults: {},
  everything: {
    commonLabels: { team: "platform" },
    clusterName: "prod.eu-1",
    "trust.existingSecret": "company-ca",
    "trust.key": "root.pem",
    "global.imageRegistry": "registry.example:5000",
    "global.imagePullSecrets": ["regcred"],
    "image.digest": `sha256:${"a".repeat(64)}`,
    "namespaces.include": ["shop", "billing"],
    "tap.inPod.mode": "mesh",
    "tap.inPod.selector": "tier!=test",
    "tap.settings": {
      INVICTI_TAP_INTERFACES: "eth0",
      INVICTI_TAP_PORTS: "80,443,5005-6000",
      INVICTI_TAP_HTTP_STATUS_CODES: "2xx,404",
      INVICTI_TAP_EXCLUDE_TRAFFIC_WITH_HEADERS: "X-Internal",
      NTA_FLUSH_INTERVAL: 30,
    },
    "tap.status.open": true,
    "tap.state.hostPath": "/var/lib/nta",
    "tap.priorityClassName": "system-node-critical",
    "tap.nodeSelector": { "kubernetes.io/os": "linux" },
    "tap.podAnnotations": { "example.com/a": "1" },
    "tap.podLabels": { "example.com/b": "2" },
    "tap.appArmorProfile": { type: "RuntimeDefault" },
    "tap.seLinuxOptions": { type: "spc_t" },
    "server.ingress.enabled": true,
    "server.ingress.className": "nginx",
    "server.ingress.tlsSecret": "nta-tls",
    "server.ingress.annotations": { "example.com/c": "3" },
    "server.service.type": "LoadBalancer",
    "server.service.annotations": { "example.com/d": "4" },
    "server.store.persistence.storageClass": "fast",
    "collector.enabled": true,
    "collector.autoscaling.enabled": true,
    "envoy.sidecars.enabled": true,
    "envoy.sidecars.namespaces": ["shop", "billing"],
    "envoy.sidecars.matchLabels": { app: "cart" },
    "envoy.gateways": [gateway],
    "envoy.waypoints": [{ name: "waypoint", namespace: "shop" }],
    "envoy.accessLog.enabled": true,
    "envoy.sampleOneIn": 20,
    "monitoring.serviceMonitor.enabled": true,
    "monitoring.serviceMonitor.labels": { release: "prometheus" },
    "monitoring.rules.enabled": true,
    "monitoring.dashboard.enabled": true,
    "networkPolicy.server.from": [{ namespaceSelector: {} }],
    "networkPolicy.server.egress": [{ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }],
    "networkPolicy.collector.from": [{ podSelector: {} }],
    "openshift.scc": true,
  },
  "PostgreSQL and several servers": {
    "server.store.kind": "postgres",
    "server.store.postgres.existingSecret": "nta-postgres",
    "server.replicas": 3,
    "server.autoscaling.enabled": true,
    "ingest.existingSecret": "nta-ingest-token",
    "ingest.tokenKey": "sensor",
    "server.auth.existingSecret": "nta-admin-token",
    "server.auth.key": "admin",
  },
  "PostgreSQL of its operator": {
    "server.store.kind": "postgres",
    "server.store.postgres.cluster": {
      ...{ enabled: true, imageName: "registry.example/postgresql:17", storageClass: "fast" },
      ...{ annotations: { "example.com/e": "5" } },
      ...{ parameters: { max_connections: 200 }, resources: { requests: { cpu: "1" } } },
    },
    "server.replicas": 3,
  },
  "one PostgreSQL of its operator": {
    "server.store.kind": "postgres",
    "server.store.postgres.cluster.enabled": true,
    "server.store.postgres.cluster.instances": 1,
  },
  "three servers that do not scale": {
    "server.store.kind": "postgres",
    "server.store.postgres.existingSecret": "nta-postgres",
    "server.replicas": 3,
  },
  "taps only, the server elsewhere": {
    "server.enabled": false,
    "server.url": "https://nta.example.com",
    "ingest.existingSecret": "nta-ingest-token",
  },
  "server only": { "tap.enabled": false, "networkPolicy.enabled": false, "tests.enabled": false },
  OpenShift: {
    "openshift.scc": true,
    "server.podSecurityContext": { runAsUser: null, runAsGroup: null, fsGroup: null },
    "collector.enabled": true,
    "collector.podSecurityContext": { runAsUser: null, runAsGroup: null, fsGroup: null },
  },
  "own accounts, no roles": {
    "rbac.create": false,
    "tap.serviceAccount": { create: false, name: "tap" },
    "server.serviceAccount": { create: false, name: "server" },
    fullnameOverride: "listener",
  },
  "a volume that exists": { "server.store.persistence.existingClaim": "inventory" },
  "no volume": { "server.store.persistence.enabled": false, "tap.inPod.mode": "all" },
};

const REFUSED: Readonly<Record<string, { values: Values; says: RegExp }>> = {
  "two servers on SQLite": {
    values: { "server.replicas": 2 },
    says: /needs server\.store\.kind: postgres/,
  },
  "PostgreSQL without its Secret": {
    values: { "server.store.kind": "postgres" },
    says: /needs server\.store\.postgres\.existingSecret/,
  },
  "a database that nobody uses": {
    values: { "server.store.postgres.cluster.enabled": true },
    says: /needs server\.store\.kind: postgres/,
  },
  "two databases": {
    values: {
      "server.store.kind": "postgres",
      "server.store.postgres.cluster.enabled": true,
      "server.store.postgres.existingSecret": "url",
    },
    says: /and no server\.store\.postgres\.existingSecret/,
  },
  "no server at all": { values: { "server.enabled": false }, says: /server\.url must say where/ },
  "Envoy without a collector": {
    values: { "envoy.gateways": [gateway] },
    says: /needs collector\.enabled/,
  },
  "all sidecars": {
    values: { "collector.enabled": true, "envoy.sidecars.enabled": true },
    says: /name the namespaces/,
  },
  "a cluster's name with a slash": { values: { clusterName: "eu/prod" }, says: /clusterName/ },
  "a value that is none": { values: { "tap.hostNetwork": false }, says: /hostNetwork/ },
  "a setting that is none": {
    values: { "tap.settings": { INVICTI_TAP_PORT: "80" } },
    says: /INVICTI_TAP_PORT\b/,
  },
  "a secret among the values": {
    values: { "tap.settings": { NTA_TOKEN: "0123456789abcdef" } },
    says: /NTA_TOKEN/,
  },
  "a store that is none": { values: { "server.store.kind": "mysql" }, says: /kind/ },
  "a token that is too short": { values: { "ingest.token": "abc" }, says: /token/ },
  "a digest that is none": { values: { "image.digest": "latest" }, says: /digest/ },
  "a gateway without labels": {
    values: { "collector.enabled": true, "envoy.gateways": [{ ...gateway, matchLabels: {} }] },
    says: /matchLabels|minProperties/,
  },
};

const VALUES_BEFORE = JSON.parse(
  readFileSync(new URL("values-0.1.0.json", import.meta.url), "utf8"),
) as Values;
const PROGRAMS: Readonly<Record<string, Program>> = {
  tap: "tap",
  server: "serve",
  collector: "collect",
};

for (const helm of HELM_MAJORS) {
  describe(`Helm ${helm}`, () => {
    test("lint", () => {
      execFileSync(helmProgram(helm), ["lint", "--strict", CHART], { stdio: "pipe" });
    });

    for (const [name, flat] of Object.entries(MATRIX)) {
      describe(name, () => {
        let objects: KubernetesObject[] = [];
        before(async () => {
          objects = await renderChart({ helm, values: nested(flat), apis: MONITORING });
        });
        test("every object is valid, strictly", async () => {
          assert.ok(objects.length > 3, `${objects.length} objects`);
          assert.deepEqual((await Promise.all(objects.map(problemsOf))).flat(), []);
        });
        test("names and labels", () => checkNames(objects));
        test("containers have no more rights than they need", () => checkSecurity(objects, flat));
        test("roles read, and read no secrets", () => checkRoles(objects));
        test("references lead somewhere", () => checkReferences(objects));
        test("every variable is a setting of the program that gets it", () =>
          checkVariables(objects));
        test("Envoy never waits, and never fails with us", () => {
          assert.deepEqual(objects.flatMap(envoyOffences), []);
        });
        test("uninstalling leaves nothing", () => {
          for (const { metadata } of objects) {
            assert.equal(metadata.annotations?.["helm.sh/resource-policy"], undefined);
            if (metadata.annotations?.["helm.sh/hook"] !== undefined) {
              assert.match(
                metadata.annotations["helm.sh/hook-delete-policy"] ?? "",
                /hook-succeeded/,
              );
            }
          }
        });
      });
    }

    for (const [name, { values, says }] of Object.entries(REFUSED)) {
      test(`refused: ${name}`, async () => {
        await assert.rejects(renderChart({ helm, values: nested(values) }), (error: Error) => {
          assert.match(error.message, says);
          return true;
        });
      });
    }

    test("monitors are made only where the cluster has them", async () => {
      const values = nested({
        "monitoring.serviceMonitor.enabled": true,
        "monitoring.rules.enabled": true,
      });
      const without = await renderChart({ helm, values });
      assert.deepEqual(
        without.filter(({ apiVersion }) => apiVersion.startsWith("monitoring")),
        [],
      );
      const by = await renderChart({ helm, values, apis: MONITORING });
      assert.equal(by.filter(({ apiVersion }) => apiVersion.startsWith("monitoring")).length, 2);
    });

    test("what upgrades may not change is as it was", async () => {
      const objects = await renderChart({
        helm,
        values: nested(MATRIX["everything"]!),
        apis: MONITORING,
      });
      const fixed = objects
        .filter(({ kind }) =>
          ["DaemonSet", "Deployment", "PersistentVolumeClaim", "Service", "Secret"].includes(kind),
        )
        .map(({ kind, metadata, spec }) => ({
          kind,
          name: metadata.name,
          selector: spec?.selector ?? null,
        }));
      const path = new URL("fixed.json", import.meta.url);
      assert.deepEqual(
        fixed.sort((a, b) => `${a.kind}${a.name}`.localeCompare(`${b.kind}${b.name}`)),
        JSON.parse(readFileSync(path, "utf8")),
      );
    });

    test("several servers use the brokers and the database of the examples", async () => {
      const [nats, nta] = ["nats", "nta-many-servers"].map(
        (name) => parse(readFileSync(join(CHART, "examples", `${name}.yaml`), "utf8")) as Values,
      );
      const objects = await renderChart({ helm, values: nta! });
      assert.deepEqual((await Promise.all(objects.map(problemsOf))).flat(), []);
      const database = objects.find(({ kind }) => kind === "Cluster")!;
      assert.equal(database["spec"].instances, 3);
      assert.deepEqual(database["spec"].postgresql.synchronous, { method: "any", number: 1 });
      const server = objects.find(
        ({ kind, metadata }) => kind === "Deployment" && metadata.name.endsWith("server"),
      )!;
      assert.equal(server["spec"].replicas, 3);
      const environment = new Map(
        (
          server["spec"].template.spec.containers[0].env as {
            name: string;
            value?: string;
            valueFrom?: { secretKeyRef: object };
          }[]
        ).map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.secretKeyRef]),
      );
      // The operator names its Secret after the Cluster.
      assert.deepEqual(environment.get("NTA_STORE"), {
        name: `${database.metadata.name}-app`,
        key: "uri",
      });
      assert.equal(environment.get("NTA_NATS"), "nats://nats.nats.svc:4222");
      assert.equal(environment.get("NTA_NATS_MONITOR"), "http://nats-headless.nats.svc:8222");
      // What `server/jetstream/stream.ts` asks of brokers.
      const { cluster, jetstream, monitor } = nats!["config"] as Record<string, Values>;
      assert.deepEqual(cluster, { enabled: true, replicas: 3 });
      assert.deepEqual(jetstream!["merge"], { sync_interval: "always" });
      assert.equal(monitor!["enabled"], true);
    });

    test("values of the version before still render", async () => {
      const objects = await renderChart({ helm, values: VALUES_BEFORE });
      assert.deepEqual((await Promise.all(objects.map(problemsOf))).flat(), []);
    });

    test("install, upgrade, roll back, uninstall", async () => {
      const cluster = new FakeCluster();
      const server = await cluster.open();
      const folder = mkdtempSync(join(tmpdir(), "nta-helm-"));
      const run = async (...words: string[]): Promise<void> => {
        const options = ["--namespace", "watch", "--kube-apiserver", server];
        await promisify(execFile)(helmProgram(helm), [...words, ...options], {
          env: { PATH: process.env["PATH"], HOME: folder },
        });
      };
      const install = [CHART, "--disable-openapi-validation"];
      const secrets = (): unknown[] =>
        cluster
          .installed()
          .filter(({ kind }) => kind === "Secret")
          .map(({ data }) => data);
      try {
        const before = join(folder, "before.json");
        writeFileSync(before, JSON.stringify({ ...VALUES_BEFORE, ingest: {} }));
        await run("install", "shop", ...install, "--values", before);
        const first = secrets();
        assert.equal(first.length, 2);
        assert.ok(cluster.installed().length > 15);
        await run(
          "upgrade",
          "shop",
          ...install,
          "--values",
          before,
          "--set",
          "collector.enabled=false,envoy.sidecars.enabled=false",
        );
        assert.deepEqual(secrets(), first, "the secrets changed");
        assert.deepEqual(
          cluster.installed().filter(({ kind }) => kind === "EnvoyFilter"),
          [],
        );
        await run("rollback", "shop", "1");
        assert.equal(cluster.installed().filter(({ kind }) => kind === "EnvoyFilter").length, 1);
        assert.deepEqual(secrets(), first, "the secrets changed");
        await run("uninstall", "shop");
        assert.deepEqual([...cluster.objects.keys()], []);
      } finally {
        await cluster.close();
        rmSync(folder, { recursive: true });
      }
    });
  });
}

test("the law of Envoy refuses what breaks it", async () => {
  const values = nested({ "collector.enabled": true, "envoy.gateways": [gateway] });
  const filter = (await renderChart({ helm: 4, values })).find(
    ({ kind }) => kind === "EnvoyFilter",
  )!;
  const text = JSON.stringify(filter);
  assert.deepEqual(envoyOffences(filter), []);
  const broken = (from: string | RegExp, to: string): string[] => {
    assert.notEqual(text.replace(from, to), text);
    return envoyOffences(JSON.parse(text.replace(from, to)));
  };
  assert.deepEqual(broken('"failure_mode_allow":true', '"failure_mode_allow":false'), [
    "ext_proc without failure_mode_allow",
  ]);
  assert.deepEqual(broken('"observability_mode":true,', ""), [
    "ext_proc without observability_mode",
  ]);
  assert.deepEqual(broken(/"circuit_breakers":\{.*?\]\},/, ""), [
    "the cluster of ext_proc has no circuit breakers",
  ]);
  assert.deepEqual(broken(/"close_connections_on_host_health_failure":true,/, ""), [
    "a collector that hangs would hold back bodies",
  ]);
  assert.deepEqual(broken('"deferred_close_timeout"', '"streaming_grpc"'), [
    "streaming_grpc makes Envoy abort",
  ]);
});

test("a patch that Istio refuses is found", async () => {
  const values = nested({
    "collector.enabled": true,
    "envoy.waypoints": [{ name: "waypoint", namespace: "shop" }],
  });
  const filter = (await renderChart({ helm: 4, values })).find(
    ({ kind }) => kind === "EnvoyFilter",
  )!;
  assert.deepEqual(await problemsOf(filter), []);
  assert.deepEqual(filter["spec"].targetRefs, [
    { group: "gateway.networking.k8s.io", kind: "Gateway", name: "waypoint" },
  ]);
  const broken = async (from: string, to: string): Promise<string[]> => {
    const text = JSON.stringify(filter);
    assert.ok(text.includes(from), from);
    const problems = await problemsOf(JSON.parse(text.replaceAll(from, to)));
    return problems.map((problem) => problem.replace(/^.*waypoint: /, ""));
  };
  assert.deepEqual(await broken('"waypoint":{}', '"cluster":{}'), [
    "CLUSTER: a waypoint is matched by waypoint, and only a waypoint is",
  ]);
  assert.deepEqual(await broken('"context":"WAYPOINT"', '"context":"GATEWAY"'), [
    "CLUSTER: a waypoint is matched by waypoint, and only a waypoint is",
    "HTTP_FILTER: a waypoint is matched by waypoint, and only a waypoint is",
  ]);
  assert.deepEqual(await broken(',"subFilter":{"name":"envoy.filters.http.router"}', ""), [
    "HTTP_FILTER: by connection manager and filter within",
  ]);
});

test("an unknown field is found", async () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "a" },
    spec: { ports: [{ port: 1, portName: "a" }] },
  };
  assert.deepEqual(await problemsOf(service), ["v1 Service a: /spec/ports/0/portName is no field"]);
});

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { name: string; value?: string }[];
  readonly ports?: readonly { name: string }[];
  readonly resources: { limits: { memory: string } };
  readonly securityContext: Readonly<Record<string, unknown>> & {
    capabilities: { drop: string[]; add?: string[] };
  };
  readonly volumeMounts?: readonly { name: string }[];
}

const podSpecs = (
  objects: readonly KubernetesObject[],
): { name: string; spec: Readonly<Record<string, unknown>> & { containers: Container[] } }[] =>
  objects.flatMap((object) => {
    if (object.kind === "Pod") return [{ name: "test", spec: object["spec"] }];
    if (!["DaemonSet", "Deployment"].includes(object.kind)) return [];
    return [{ name: object.metadata.name.split("-").at(-1)!, spec: object["spec"].template.spec }];
  });

function checkNames(objects: readonly KubernetesObject[]): void {
  const names = objects.map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""} ${metadata.name}`,
  );
  assert.equal(new Set(names).size, names.length, "two objects with one name");
  for (const { kind, metadata } of objects) {
    for (const label of ["name", "instance", "component", "version", "managed-by", "part-of"]) {
      assert.ok(
        metadata.labels?.[`app.kubernetes.io/${label}`],
        `${kind} ${metadata.name}: ${label}`,
      );
    }
    assert.ok(metadata.name.length <= 63);
  }
  for (const object of objects.filter(({ kind }) => ["DaemonSet", "Deployment"].includes(kind))) {
    const { matchLabels } = object["spec"].selector;
    assert.deepEqual(
      Object.keys(matchLabels),
      ["name", "instance", "component"].map((name) => `app.kubernetes.io/${name}`),
    );
    const template = object["spec"].template.metadata;
    for (const [label, value] of Object.entries(matchLabels))
      assert.equal(template.labels[label], value);
    assert.match(template.annotations["checksum/config"], /^[0-9a-f]{64}$/);
  }
}

function checkSecurity(objects: readonly KubernetesObject[], flat: Values): void {
  const isInPod = flat["tap.inPod.mode"] !== undefined;
  for (const { name, spec } of podSpecs(objects)) {
    const isTap = name === "tap";
    assert.equal(spec["hostPID"] ?? false, false);
    assert.equal(spec["hostIPC"] ?? false, false);
    assert.equal(spec["hostNetwork"] ?? false, isTap);
    const pod = spec["securityContext"] as { runAsNonRoot?: boolean; seccompProfile: object };
    assert.deepEqual(pod.seccompProfile, { type: "RuntimeDefault" });
    assert.equal(pod.runAsNonRoot ?? false, !isTap);
    const hostPaths =
      (spec["volumes"] as { hostPath?: object }[] | undefined)?.filter(
        ({ hostPath }) => hostPath,
      ) ?? [];
    assert.equal(
      hostPaths.length,
      isTap ? Number(isInPod) + Number("tap.state.hostPath" in flat) : 0,
    );
    for (const { securityContext, resources, env, image } of spec.containers) {
      assert.equal(securityContext["privileged"] ?? false, false);
      assert.equal(securityContext["allowPrivilegeEscalation"], false);
      assert.equal(securityContext["readOnlyRootFilesystem"], true);
      assert.deepEqual(securityContext.capabilities.drop, ["ALL"]);
      const wanted = isTap ? (isInPod ? ["NET_RAW", "SYS_ADMIN"] : ["NET_RAW"]) : [];
      assert.deepEqual(securityContext.capabilities.add ?? [], wanted);
      const heapMb = Number(
        /--max-old-space-size=(\d+)/.exec(
          env?.find((each) => each.name === "NODE_OPTIONS")?.value ?? "",
        )?.[1] ?? 0,
      );
      assert.ok(heapMb < megabytes(resources.limits.memory), `${name}: heap of ${heapMb}`);
      const memoryMax = env?.find((each) => each.name === "NTA_MEMORY_MAX")?.value;
      if (memoryMax !== undefined)
        assert.ok(megabytes(memoryMax) < megabytes(resources.limits.memory));
      assert.match(
        image,
        "global.imageRegistry" in flat ? /^registry\.example:5000\/nta@sha256:a{64}$/ : /^nta:\d/,
      );
    }
  }
}

const megabytes = (text: string): number =>
  Number.parseFloat(text) * (text.endsWith("Gi") ? 1024 : 1);

function checkRoles(objects: readonly KubernetesObject[]): void {
  for (const { rules, metadata } of objects.filter(
    ({ kind }) => kind === "ClusterRole",
  ) as (KubernetesObject & {
    rules: { resources: string[]; verbs: string[]; apiGroups: string[] }[];
  })[]) {
    for (const { resources, verbs, apiGroups } of rules) {
      assert.deepEqual(verbs, ["get", "list", "watch"]);
      for (const resource of resources)
        assert.doesNotMatch(resource, /secret|configmap|node|\*|\//);
      for (const group of apiGroups) assert.doesNotMatch(group, /\*/);
    }
    if (metadata.name.endsWith("-tap"))
      assert.deepEqual(
        rules.map(({ resources }) => resources),
        [["pods"]],
      );
  }
}

function checkReferences(objects: readonly KubernetesObject[]): void {
  const pods = podSpecs(objects);
  const portNames = new Set(
    pods.flatMap(({ spec }) =>
      spec.containers.flatMap(({ ports }) => ports ?? []).map(({ name }) => name),
    ),
  );
  for (const { name, spec } of pods) {
    const volumes = new Set(
      (spec["volumes"] as { name: string }[] | undefined)?.map((volume) => volume.name),
    );
    for (const { volumeMounts } of spec.containers)
      for (const mount of volumeMounts ?? [])
        assert.ok(volumes.has(mount.name), `${name}: ${mount.name}`);
  }
  for (const object of objects) {
    if (object.kind === "Service") {
      for (const { targetPort } of object["spec"].ports)
        assert.ok(portNames.has(targetPort), targetPort);
    }
    if (object.kind === "NetworkPolicy") {
      for (const { ports } of object["spec"].ingress)
        for (const { port } of ports) assert.ok(portNames.has(port), String(port));
    }
    if (object.kind === "ServiceMonitor") {
      const names = objects
        .filter(({ kind }) => kind === "Service")
        .flatMap(({ spec }) => spec.ports.map((port: { name: string }) => port.name));
      for (const { port } of object["spec"].endpoints) assert.ok(names.includes(port), port);
    }
    if (object.kind === "HorizontalPodAutoscaler") {
      const { name } = object["spec"].scaleTargetRef;
      const target = objects.find(
        ({ kind, metadata }) => kind === "Deployment" && metadata.name === name,
      );
      assert.equal(
        target?.["spec"].replicas,
        undefined,
        "replicas would fight with the autoscaler",
      );
    }
    if (object.kind === "EnvoyFilter") {
      const port =
        object["spec"].configPatches[0].patch.value.load_assignment.endpoints[0].lb_endpoints[0]
          .endpoint.address.socket_address;
      const service = objects.find(
        ({ kind, metadata }) => kind === "Service" && port.address.startsWith(`${metadata.name}.`),
      );
      assert.ok(
        service?.["spec"].ports.some((each: { port: number }) => each.port === port.port_value),
      );
    }
  }
}

function checkVariables(objects: readonly KubernetesObject[]): void {
  for (const { name, spec } of podSpecs(objects)) {
    const program = PROGRAMS[name];
    if (program === undefined) continue;
    for (const { name: variable, value } of spec.containers[0]!.env ?? []) {
      if (variable === "NODE_OPTIONS" || variable === "NODE_EXTRA_CA_CERTS") continue;
      const setting = settingNames
        .map((each): Setting<unknown> => settings[each])
        .find((each) => each.variable === variable);
      assert.ok(setting, `${name}: ${variable} is no setting`);
      assert.ok(setting.programs.includes(program), `${variable} is no setting of ${program}`);
      if (value !== undefined && value !== "")
        assert.ok("value" in setting.form.parse(value), `${variable}: ${value}`);
    }
  }
}
