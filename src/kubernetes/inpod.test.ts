import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { podOf } from "./facts.ts";
import type { FakeObject } from "./fakeapi.fixture.ts";
import { choosePods, type InPodRules } from "./inpod.ts";
import { pod } from "./objects.fixture.ts";
import { localIpv4, localIpv6, PodNamespaces } from "./podnamespaces.ts";
import { parseSelector } from "./selector.ts";

const rules: InPodRules = {
  mode: "mesh",
  selects: parseSelector(""),
  namespaces: { include: [], exclude: [] },
  podsMax: 10,
};
const facts = (object: FakeObject) => podOf(true)(object)!;
const pods = [
  pod({
    name: "sidecar",
    ip: "10.1.0.1",
    containers: ["app", "istio-proxy"],
    labels: { app: "cart" },
  }),
  pod({
    name: "ambient",
    ip: "10.1.0.2",
    annotations: { "ambient.istio.io/redirection": "enabled" },
  }),
  pod({ name: "plain", ip: "10.1.0.3", labels: { app: "cart" } }),
  pod({ name: "node", ip: "10.0.0.1", hostNetwork: true, containers: ["istio-proxy"] }),
  pod({ name: "starting", containers: ["istio-proxy"] }),
  pod({ name: "over", ip: "10.1.0.5", containers: ["istio-proxy"], phase: "Failed" }),
  pod({ name: "elsewhere", namespace: "billing", ip: "10.1.0.6", containers: ["linkerd-proxy"] }),
].map(facts);
const names = (changed: Partial<InPodRules>, before: readonly string[] = []): string[] =>
  choosePods(pods, { ...rules, ...changed }, new Set(before))
    .pods.map(({ name }) => name)
    .sort();

test("pods of the mesh, by label and namespace", () => {
  assert.deepEqual(names({ mode: "off" }), []);
  assert.deepEqual(names({}), ["ambient", "elsewhere", "sidecar"]);
  assert.deepEqual(names({ mode: "all" }), ["ambient", "elsewhere", "plain", "sidecar"]);
  assert.deepEqual(names({ selects: parseSelector("app=cart") }), ["sidecar"]);
  assert.deepEqual(names({ namespaces: { include: ["billing"], exclude: [] } }), ["elsewhere"]);
  assert.deepEqual(names({ namespaces: { include: [], exclude: ["billing"] } }), [
    "ambient",
    "sidecar",
  ]);
});

test("the limit leaves out, and swaps none that is listened to", () => {
  const [first] = names({ podsMax: 1 });
  assert.equal(choosePods(pods, { ...rules, podsMax: 1 }, new Set()).leftOut, 2);
  for (const { uid, name } of pods.filter((each) =>
    ["ambient", "sidecar", "elsewhere"].includes(each.name),
  )) {
    assert.deepEqual(names({ podsMax: 1 }, [uid]), [name]);
  }
  assert.ok(first !== undefined);
});

test("addresses of a namespace, as the kernel tells them", () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.1.0.0/24 2 0 2
        |-- 10.1.0.0
           /24 link UNICAST
        |-- 10.1.0.7
           /32 host LOCAL
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
Local:
        |-- 10.1.0.7
           /32 host LOCAL
        |-- 10.1.0.255
           /32 link BROADCAST
`;
  assert.deepEqual(localIpv4(trie), ["10.1.0.7"]);
  const table = `00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000007 02 40 00 00     eth0
fe80000000000000000000fffe000001 02 40 20 80     eth0
`;
  assert.deepEqual(localIpv6(table), ["fd00::7"]);
});

test("each namespace is entered once, and forgotten when it goes", () => {
  const folder = mkdtempSync(join(tmpdir(), "nta-netns-"));
  try {
    const entered: string[] = [];
    const addresses: Record<string, string[]> = {
      "cni-a": ["10.1.0.1", "fd00::1"],
      "cni-b": ["10.1.0.2"],
    };
    const namespaces = new PodNamespaces(folder, (path) => {
      entered.push(path);
      const found = addresses[path.split("/").at(-1)!];
      if (found === undefined) throw new Error("EPERM");
      return found;
    });
    assert.deepEqual(namespaces.byAddress(), new Map());
    writeFileSync(join(folder, "cni-a"), "");
    writeFileSync(join(folder, "broken"), "");
    const path = join(folder, "cni-a");
    assert.deepEqual(
      namespaces.byAddress(),
      new Map([
        ["10.1.0.1", path],
        ["fd00::1", path],
      ]),
    );
    writeFileSync(join(folder, "cni-b"), "");
    assert.equal(namespaces.byAddress().get("10.1.0.2"), join(folder, "cni-b"));
    assert.equal(entered.filter((each) => each === path).length, 1);
    rmSync(path);
    assert.deepEqual([...namespaces.byAddress().keys()], ["10.1.0.2"]);
    mkdirSync(join(folder, "folder"));
    namespaces.byAddress();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
