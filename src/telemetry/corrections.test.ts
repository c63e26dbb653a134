import assert from "node:assert/strict";
import { test } from "node:test";
import { type Correction, Corrections } from "./corrections.ts";
import { play } from "./exchange.fixture.ts";
import { defaultPrivacy, type PrivacyRules } from "./privacy.ts";
import { defaultSelection } from "./selection.ts";
import { Target } from "./target.ts";
import { Telemetry } from "./telemetry.ts";

const correction = (given: Partial<Correction>): Correction => ({
  ...{ hosts: ["api.test"], ports: [80], pins: [], ignores: [], ownHeaders: [] },
  ...given,
});

const corrected = (given: Partial<Correction>, privacy: PrivacyRules = defaultPrivacy) => {
  const telemetry = new Telemetry({
    ...{ selection: defaultSelection, privacy, hashKey: new Uint8Array(8).fill(3) },
  });
  telemetry.correct([correction(given)]);
  return telemetry;
};

test("ignored paths, as they are sent", () => {
  const rows: readonly (readonly [path: string, ignores: string[], expected: boolean])[] = [
    ["/admin", ["/admin"], true],
    ["/admin?x=/y", ["/admin"], true],
    ["/admin/", ["/admin"], false],
    ["/admin/", ["/admin/"], true],
    ["/admin/users", ["/admin"], false],
    ["/admin/users", ["/admin/**"], true],
    ["/admin", ["/admin/**"], true],
    ["/administration", ["/admin/**"], false],
    ["/users/17/keys", ["/users/*/keys"], true],
    ["/users/17/keys", ["/users/*"], false],
    ["/users/17", ["/users/{id}"], false],
    ["/users/me", ["/users/*/keys", "/users/me"], true],
    ["/users/me/keys", ["/users/me", "/users/*/keys"], true],
    ["/users", ["/a", "/**"], true],
    ["/", ["/"], true],
    ["/", ["/**"], true],
    ["/users", [], false],
    ["http://api.test/users", ["/users"], true],
  ];
  const target = new Target();
  for (const [path, ignores, expected] of rows) {
    target.read(path);
    const found = new Corrections([correction({ ignores })]).of("api.test", 80)!.ignores(target);
    assert.equal(found, expected, `${path} ${ignores.join(" ")}`);
  }
});

test("what is ignored counts as that, at its server alone, until it is taken back", () => {
  const telemetry = corrected({ ignores: ["/internal/**"] });
  const hear = (): string[] => {
    play(telemetry, { target: "/internal/x", responseBody: '{"a":1}' });
    play(telemetry, { target: "/things" });
    play(telemetry, { target: "/internal/x", port: 81 });
    return telemetry
      .take()
      .map(({ key, root }) => `${key.port} ${[...root.children.keys()].sort()}`);
  };
  assert.deepEqual(hear(), ["80 things", "81 internal"]);
  assert.equal(telemetry.reasons.entries().find(({ name }) => name === "ignored")?.count, 1);
  telemetry.correct([]);
  assert.deepEqual(hear(), ["80 internal,things", "81 internal"]);
});

test("a pinned word is one, whatever it looks like and whatever is kept", () => {
  const none = { enumWords: false, pathWords: false, hashes: false, callers: false };
  const pins = ["/repos/{owner}/zqxjk", "/batches/2024-06"];
  for (const privacy of [defaultPrivacy, none]) {
    const telemetry = corrected({ pins }, privacy);
    for (const target of ["/repos/17/zqxjk", "/batches/2024-06", "/batches/2024-07"])
      play(telemetry, { target });
    const { children } = telemetry.take()[0]!.root;
    assert.ok(children.get("repos")!.children.get("{int}")!.children.has("zqxjk"));
    const batches = [...children.get("batches")!.children.keys()];
    assert.equal(batches.length, 2);
    assert.ok(batches.includes("2024-06") && !batches.includes("2024-07"), batches.join());
  }
});

test("values of a header that is the API's own are looked at, but never those of a credential", () => {
  const names = ["priority", "authorization", "x-api-key", "cookie"];
  const telemetry = corrected({ ownHeaders: names });
  const requestHeaders = {
    priority: "high",
    via: "1.1 proxy",
    authorization: "Bearer abc",
    "x-api-key": "abc",
  };
  play(telemetry, { target: "/things", requestHeaders });
  const operation = telemetry.take()[0]!.root.children.get("things")!.operations.get("GET")!;
  const counts = [...operation.request.headers].map(([name, { text }]) => [name, text.count]);
  assert.deepEqual(Object.fromEntries(counts), {
    ...{ host: 0, priority: 1, via: 0, authorization: 0, "x-api-key": 0 },
  });
});
