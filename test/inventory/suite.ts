/** What every store must do; each engine runs all of it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { bearer, call, FixtureSensor, learn, NOW_MS } from "../../src/inventory/deltas.fixture.ts";
import {
  type Inventory,
  type InventoryEvent,
  openInventory,
} from "../../src/inventory/inventory.ts";
import { unpack } from "../../src/inventory/packing.ts";
import { InventoryProblem } from "../../src/inventory/problem.ts";
import { openStore } from "../../src/inventory/store.ts";
import type { Delta } from "../../src/sensor/delta.ts";
import { keyIdOf } from "../../src/sensor/hashkey.ts";
import type { PathNode } from "../../src/telemetry/summary.ts";

export const problemOf = (kind: string) => (error: unknown) =>
  error instanceof InventoryProblem && error.kind === kind;

/** `makeStore` gives the URL of an empty store; `reopen` opens the same one again. */
export function inventorySuite(engine: string, makeStore: () => Promise<string>): void {
  describe(`inventory on ${engine}`, () => {
    let url: string;
    let inventory: Inventory;
    let sensor: FixtureSensor;
    let nowMs: number;
    const newSensor = (name: string, keyId = keyIdOf(inventory.hashKey)) =>
      new FixtureSensor(name, { keyId });
    const openAgain = () => openInventory({ url, now: () => nowMs, inferAfterMs: 0 });

    beforeEach(async () => {
      url = await makeStore();
      nowMs = NOW_MS;
      inventory = await openAgain();
      sensor = newSensor("tap-1");
    });
    afterEach(() => inventory.close());

    const hear = async (...exchanges: Parameters<FixtureSensor["hear"]>[0]): Promise<void> => {
      await inventory.ingest(sensor.hear(exchanges));
      await inventory.settled();
    };
    const onlyApi = async () => {
      const { items } = await inventory.apis.list({});
      assert.equal(items.length, 1);
      return items[0]!;
    };
    const paths = async (api: string) =>
      (await inventory.endpoints.list({ api })).items.map(
        ({ method, path }) => `${method} ${path}`,
      );

    test("calls, errors and latency of all endpoints are told over time at once", async () => {
      const hourMs = 3_600_000;
      const at = (hour: number) => ({ timeMs: NOW_MS - hour * hourMs });
      await hear(
        call("GET /users/17", at(30)),
        call("GET /users/18", at(2)),
        call("GET /users/19", at(2)),
        call("GET /users/20 500", at(2)),
        call("GET /users/21", at(0)),
        call("POST /orders 201", at(0)),
        call("GET /invoices", at(30)),
      );
      const { id } = await onlyApi();
      const { items } = await inventory.endpoints.list({ api: id });
      const idOf = (path: string) => items.find((row) => row.path === path)!.id;
      const day = await inventory.endpoints.series(id, NOW_MS - 24 * hourMs, NOW_MS + 1);
      assert.deepEqual([day.widthMs, day.count], [hourMs, 25]);
      assert.equal(day.startMs, Math.floor(NOW_MS / hourMs) * hourMs - 24 * hourMs);
      assert.deepEqual(
        day.endpoints.map((one) => one.id).sort(),
        [idOf("/users/{userId}"), idOf("/orders")].sort(),
      );
      const users = day.endpoints.find((one) => one.id === idOf("/users/{userId}"))!;
      const zeros = new Array<number>(22).fill(0);
      assert.deepEqual(users.calls, [...zeros, 3, 0, 1]);
      assert.deepEqual(users.errors, [...zeros, 1, 0, 0]);
      assert.equal(users.p95Ms[23], null);
      assert.ok((users.p95Ms[24] ?? 0) > 4 && (users.p95Ms[24] ?? 0) < 6);
      const longer = await inventory.endpoints.series(id, NOW_MS - 4 * 24 * hourMs, NOW_MS + 1);
      assert.deepEqual([longer.widthMs, longer.count], [6 * hourMs, 17]);
      assert.equal(longer.endpoints.length, 3);
      const ever = await inventory.endpoints.series(id, 0, NOW_MS + 1);
      assert.ok(ever.count <= 32);
      assert.equal(
        ever.endpoints.flatMap(({ calls }) => calls).reduce((a, b) => a + b),
        7,
      );
      await assert.rejects(inventory.endpoints.series("nobody", 0, 1), problemOf("not-found"));
    });

    test("what is heard becomes an API with endpoints and a document", async () => {
      await hear(
        call("GET /users/17"),
        call("GET /users/18"),
        call("POST /orders 201"),
        call("GET /users/19 404"),
      );
      const api = await onlyApi();
      assert.equal(api.name, "shop.test");
      assert.equal(api.endpoints, 2);
      assert.equal(api.calls, 4);
      assert.equal(api.errorShare, 0.25);
      assert.equal(api.version, 1);
      assert.equal(api.status, "new");
      assert.equal(api.recent.at(-1), 4);
      assert.deepEqual(await paths(api.id), ["POST /orders", "GET /users/{userId}"]);
      const { items } = await inventory.endpoints.list({ api: api.id, sort: "-calls" });
      assert.deepEqual(items[0]!.statusClasses, [0, 2, 0, 1, 0]);
      assert.equal(items[0]!.recent.at(-1), 3);
      for (const format of ["yaml", "json"] as const) {
        for (const openapi of ["3.0", "3.1"] as const) {
          const { text, version } = await inventory.documents.text(api.id, {
            openapi,
            format,
            evidence: true,
          });
          assert.equal(version, 1);
          assert.match(text, openapi === "3.0" ? /3\.0\.3/ : /3\.1\.0/);
          assert.match(text, /x-nta/);
        }
      }
      const plain = await inventory.documents.text(api.id, {
        openapi: "3.1",
        format: "json",
        evidence: false,
      });
      assert.doesNotMatch(plain.text, /x-nta/);
      const detail = await inventory.apis.detail(api.id);
      assert.deepEqual(detail.servers, ["http://shop.test"]);
      assert.equal(detail.sources.length, 1);
    });

    test("a delta counts once, whoever repeats it, also after a restart", async () => {
      const first = sensor.hear([call("GET /a")]);
      const again = structuredClone(first);
      const third = structuredClone(first);
      assert.deepEqual(await inventory.ingest(first), { accepted: 1, duplicates: 0, refused: 0 });
      assert.deepEqual(await inventory.ingest(again), { accepted: 0, duplicates: 1, refused: 0 });
      await inventory.close();
      inventory = await openAgain();
      assert.deepEqual(await inventory.ingest(third), { accepted: 0, duplicates: 1, refused: 0 });
      await inventory.settled();
      assert.equal((await onlyApi()).calls, 1);
      const [row] = await inventory.sensors.list();
      assert.deepEqual([row!.calls, row!.deltas, row!.duplicates], [1, 1, 2]);
    });

    test("counts beyond all measure end where they can still be read", async () => {
      const delta = (): Delta[] => {
        const [heard] = sensor.hear([call("GET /a")]);
        for (const { root } of heard!.summaries) exaggerate(root);
        return [{ ...heard!, calls: Number.MAX_SAFE_INTEGER }];
      };
      for (let turn = 0; turn < 3; turn += 1) await inventory.ingest(delta());
      await inventory.ingest(sensor.hear([call("GET /a"), call("GET /b")]));
      await inventory.settled();
      const { calls } = await onlyApi();
      assert.equal(calls, Number.MAX_SAFE_INTEGER);
      assert.ok((await inventory.figures())["calls"]! >= calls);
      assert.equal((await inventory.figures())["inferences_failed_total"], 0);
      const overview = await inventory.apis.overview();
      assert.ok(overview.calls >= calls);
      assert.equal((await inventory.sensors.list())[0]!.calls, Number.MAX_SAFE_INTEGER);
    });

    test("deltas that overtake each other are all merged", async () => {
      const deltas = Array.from({ length: 6 }, () => sensor.hear([call("GET /a")])[0]!);
      const order = [2, 0, 5, 1, 4, 3, 3, 0];
      const copies = order.map((index) => structuredClone(deltas[index]!));
      let accepted = 0;
      for (const delta of copies) accepted += (await inventory.ingest([delta])).accepted;
      await inventory.settled();
      assert.equal(accepted, 6);
      assert.equal((await onlyApi()).calls, 6);
    });

    test("the names of loopback are one API, whichever is heard first", async () => {
      const names = ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"];
      const calls = names.map((host) => call("GET /users/17", { host, port: 3000 }));
      for (const one of calls) await hear(one);
      const { id, hosts, calls: count } = await onlyApi();
      assert.deepEqual([[...hosts].sort(), count], [["127.0.0.1", "::1", "localhost"], 3]);
      await inventory.close();
      url = await makeStore();
      inventory = await openAgain();
      await hear(...[...calls].reverse());
      assert.equal((await onlyApi()).id, id);
    });

    test("deltas in one batch and in many give the same document", async () => {
      const lines = Array.from({ length: 30 }, (_, index) =>
        call(`GET /items/${index % 7}/parts/${index} 200`),
      );
      for (const line of lines) await inventory.ingest(sensor.hear([line]));
      await inventory.ingest(
        newSensor("tap-2").hear(lines.map((line) => ({ ...line, target: `/v2${line.target}` }))),
      );
      await inventory.settled();
      const one = await onlyApi();
      const text = async (of: Inventory, api: string) =>
        (await of.documents.text(api, { openapi: "3.0", format: "yaml", evidence: true })).text;
      const pieces = await text(inventory, one.id);
      const other = await openInventory({
        url: "sqlite::memory:",
        now: () => nowMs,
        inferAfterMs: 0,
      });
      await other.ingest(
        newSensor("tap-3").hear([
          ...lines,
          ...lines.map((line) => ({ ...line, target: `/v2${line.target}` })),
        ]),
      );
      await other.settled();
      const whole = await text(other, one.id);
      await other.close();
      assert.ok(pieces === whole, "documents differ");
    });

    test("versions, changes and differences follow what is heard", async () => {
      const events: InventoryEvent[] = [];
      inventory.onEvent((event) => events.push(event));
      await hear(...[17, 18, 19, 20].map((id) => call(`GET /users/${id}`)));
      await hear(call("GET /users/17"));
      const api = await onlyApi();
      assert.equal(api.version, 1, "the same again is no new version");
      nowMs += 1000;
      await hear(call("DELETE /users/17 204"));
      const versions = await inventory.documents.versions(api.id);
      assert.deepEqual(
        versions.items.map(({ version }) => version),
        [2, 1],
      );
      const changes = await inventory.feed.changes({});
      assert.deepEqual(
        changes.items.map(({ kind }) => kind),
        ["endpoint-new", "api-new"],
      );
      assert.equal(events.filter(({ kind }) => kind === "change").length, 2);
      const diff = await inventory.documents.diff(api.id, 1, 2);
      assert.deepEqual(
        diff.differences.map(({ code, method }) => [code, method]),
        [["operation.added", "DELETE"]],
      );
      assert.notEqual(diff.fromText, diff.toText);
      const old = await inventory.documents.text(api.id, {
        openapi: "3.0",
        format: "yaml",
        version: 1,
        evidence: true,
      });
      assert.doesNotMatch(old.text, /delete:/);
      const after = await inventory.feed.changesAfter(changes.items[1]!.id, 10);
      assert.deepEqual(
        after.map(({ kind }) => kind),
        ["endpoint-new"],
      );
      await assert.rejects(inventory.documents.diff(api.id, 1, 9), problemOf("not-found"));
    });

    test("lists are filtered, sorted and paged", async () => {
      const hosts = Array.from(
        { length: 25 },
        (_, index) => `api${String(index).padStart(2, "0")}.test`,
      );
      for (const [index, host] of hosts.entries()) {
        const exchanges = Array.from({ length: index + 1 }, () =>
          call("GET /a", { host, ...(index % 2 === 0 ? { requestHeaders: bearer } : {}) }),
        );
        await inventory.ingest(sensor.hear(exchanges));
      }
      await inventory.settled();
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await inventory.apis.list({
          sort: "-calls",
          limit: 7,
          ...(cursor === undefined ? {} : { cursor }),
        });
        assert.equal(page.total, 25);
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      assert.deepEqual(seen, [...hosts].reverse());
      const names = async (query: Parameters<Inventory["apis"]["list"]>[0]) =>
        (await inventory.apis.list(query)).items.map(({ name }) => name);
      assert.deepEqual(await names({ q: "API07" }), ["api07.test"]);
      assert.deepEqual(await names({ q: "50%" }), []);
      assert.deepEqual(await names({ host: "api03.test,api04.test", sort: "name" }), [
        "api03.test",
        "api04.test",
      ]);
      assert.equal((await names({ auth: "bearer-jwt" })).length, 13);
      const facets = await inventory.apis.facets({ auth: "bearer-jwt" });
      assert.deepEqual(facets.auth, [{ value: "bearer-jwt", count: 13 }]);
      assert.deepEqual(facets.status, [{ value: "new", count: 13 }]);
      const endpoints = await inventory.endpoints.list({ sort: "-calls", limit: 2 });
      assert.deepEqual(
        endpoints.items.map(({ calls }) => calls),
        [25, 24],
      );
      const more = await inventory.endpoints.list({
        sort: "-calls",
        limit: 2,
        cursor: endpoints.next!,
      });
      assert.deepEqual(
        more.items.map(({ calls }) => calls),
        [23, 22],
      );
      await assert.rejects(inventory.apis.list({ cursor: "x" }), problemOf("invalid"));
      await assert.rejects(inventory.apis.list({ sort: "colour" }), problemOf("invalid"));
    });

    test("a search finds all endpoints with its words, and no others, in any order and size of pages", async () => {
      const things = ["users", "orders", "carts", "user-groups", "Files"];
      for (const [index, host] of ["a.test", "b.test", "c.test", "d.test"].entries()) {
        const own = things.slice(0, index + 2);
        const exchanges = own.flatMap((name, at) => [
          ...Array.from({ length: at + index + 1 }, () => call(`GET /v1/${name}`, { host })),
          call(`POST /v1/${name} 201`, { host }),
        ]);
        await inventory.ingest(sensor.hear(exchanges));
      }
      await inventory.settled();
      const keyOf = (row: { api: string; method: string; path: string }): string =>
        `${row.api} ${row.method} ${row.path}`;
      const { items: all } = await inventory.endpoints.list({ limit: 1000 });
      assert.ok(all.length > 20);
      const searches = ["user", "get users", "POST  /v1/Users", "files", "post files", "v1", "x"];
      for (const q of [...searches, "get post", "_", "100%"]) {
        const wanted = all.filter(({ method, path, operationId }) => {
          const text = `${method} ${path} ${operationId}`.toLowerCase();
          return q
            .toLowerCase()
            .split(/ +/)
            .every((word) => text.includes(word));
        });
        for (const sort of ["path", "-calls", "-lastMs"]) {
          for (const limit of [1, 7, 500]) {
            const found: string[] = [];
            let cursor: string | undefined;
            do {
              const page = await inventory.endpoints.list({
                ...{ q, sort, limit },
                ...(cursor === undefined ? {} : { cursor }),
              });
              found.push(...page.items.map(keyOf));
              cursor = page.next ?? undefined;
            } while (cursor !== undefined);
            assert.deepEqual(found.toSorted(), wanted.map(keyOf).toSorted(), `${q} ${sort}`);
          }
        }
      }
      // What an API says no more is found no more.
      const [files] = (await inventory.endpoints.list({ q: "get files" })).items;
      await inventory.hints.put(files!.api, { ignores: ["/v1/Files"] }, "ada");
      await inventory.settled();
      assert.deepEqual((await inventory.endpoints.list({ q: "files" })).items, []);
    });

    test("hashes under another key than all sensors are told to use join nothing", async () => {
      const stored = async (keyId?: string): Promise<string> => {
        const host = keyId ?? "own.test";
        const other = newSensor(`tap-${host}`, keyId);
        const deltas = other.deltas(
          learn([call("GET /users/8f14e45f-ea00-4f3c-9b1a-0a1b2c3d4e5f", { host })]),
        );
        await inventory.ingest(deltas);
        await inventory.settled();
        const store = await openStore(url);
        try {
          const rows = await store.db
            .selectFrom("nodes")
            .innerJoin("sources", "sources.id", "nodes.source")
            .select("data")
            .where("host", "=", host)
            .orderBy("node")
            .execute();
          return rows.map(({ data }) => unpack(data)).join("\n");
        } finally {
          await store.close();
        }
      };
      const hash = /\b\d{9,12}\b/;
      assert.match(await stored(), hash);
      const foreign = await stored("another.test");
      assert.doesNotMatch(foreign.replaceAll(String(NOW_MS), ""), hash);
      assert.match(foreign, /GET/, "all else was learned");
      assert.equal((await inventory.figures())["deltas_under_another_key_total"], 1);
      const sensors = await inventory.sensors.list();
      assert.deepEqual(
        sensors.map(({ coverage }) => coverage["foreign-key"]),
        [1, undefined],
      );
    });

    test("people correct, and take it back", async () => {
      await hear(call("GET /orders"), call("GET /baskets", { host: "other.test" }));
      const [one, two] = (await inventory.apis.list({ sort: "-name" })).items.map(({ id }) => id);
      await inventory.apis.patch(
        one!,
        { name: "Orders", owner: "team-a", labels: ["pci", "eu"], ignored: true },
        "ada",
      );
      let api = await inventory.apis.detail(one!);
      assert.deepEqual(
        [api.name, api.owner, api.labels, api.status],
        ["Orders", "team-a", ["pci", "eu"], "ignored"],
      );
      assert.deepEqual((await inventory.apis.list({ label: "pci" })).items.length, 1);
      const merged = await inventory.apis.merge(two!, [one!], "ada");
      assert.equal(merged.sources.length, 2);
      assert.deepEqual(await paths(two!), ["GET /baskets", "GET /orders"]);
      await assert.rejects(inventory.apis.detail(one!), problemOf("not-found"));
      await hear(call("GET /invoices"));
      assert.deepEqual(
        await paths(two!),
        ["GET /baskets", "GET /invoices", "GET /orders"],
        "its traffic follows the merge",
      );
      let log = (await inventory.audit.list({})).items;
      assert.deepEqual(
        log.map(({ what }) => what),
        ["api.merge", "api.change"],
      );
      await inventory.audit.undo(log[0]!.id, "ada");
      await inventory.settled();
      assert.deepEqual(await paths(one!), ["GET /invoices", "GET /orders"]);
      assert.deepEqual(await paths(two!), ["GET /baskets"]);
      await inventory.audit.undo(log[1]!.id, "ada");
      api = await inventory.apis.detail(one!);
      assert.deepEqual(
        [api.name, api.owner, api.labels, api.status],
        ["shop.test", null, [], "new"],
      );
      log = (await inventory.audit.list({})).items;
      assert.ok(log[2]!.undoneMs !== null);
      await assert.rejects(inventory.audit.undo(log[2]!.id, "ada"), problemOf("conflict"));
    });

    test("a split leaves, and comes back", async () => {
      await hear(call("GET /orders"), call("GET /baskets", { host: "other.test" }));
      const [one, two] = (await inventory.apis.list({ sort: "name" })).items.map(({ id }) => id);
      const merged = await inventory.apis.merge(one!, [two!], "ada");
      const made = await inventory.apis.split(
        one!,
        [merged.sources.find(({ host }) => host === "shop.test")!.id],
        "ada",
      );
      assert.deepEqual(await paths(made.id), ["GET /orders"]);
      await inventory.settled();
      assert.deepEqual(await paths(one!), ["GET /baskets"]);
      await assert.rejects(inventory.apis.split(one!, ["nope"], "ada"), problemOf("invalid"));
    });

    test("hints are tried, kept and obeyed", async () => {
      await hear(call("GET /users/ada/posts"), call("GET /users/bob/posts"));
      const { id } = await onlyApi();
      const before = await paths(id);
      const hints = {
        pins: ["/users/{name}/posts"],
        vetoes: [],
        renames: [],
        ignores: [],
        ownHeaders: [],
      };
      const preview = await inventory.hints.preview(id, hints);
      assert.deepEqual(preview.after, [{ method: "GET", path: "/users/{name}/posts", calls: 2 }]);
      assert.deepEqual(await paths(id), before);
      await inventory.hints.put(id, hints, "ada");
      assert.deepEqual(await paths(id), ["GET /users/{name}/posts"]);
      assert.deepEqual(await inventory.hints.get(id), hints);
      assert.deepEqual(await inventory.hints.all(), [
        { hosts: ["shop.test"], ports: [80], ...hints },
      ]);
      const [entry] = (await inventory.audit.list({ api: id })).items;
      await inventory.audit.undo(entry!.id, "ada");
      await inventory.settled();
      assert.deepEqual(await paths(id), before);
      await assert.rejects(
        inventory.hints.put(id, { pins: ["nonsense{"] }, "ada"),
        problemOf("invalid"),
      );
    });

    test("an imported description is compared", async () => {
      await hear(call("GET /users/17"), call("GET /hidden"));
      const description = {
        openapi: "3.0.3",
        info: { title: "Shop", version: "7" },
        servers: [{ url: "http://shop.test" }],
        paths: {
          "/users/{id}": {
            get: {
              deprecated: true,
              parameters: [{ name: "id", in: "path", required: true, schema: { type: "integer" } }],
              responses: { 200: { description: "ok" } },
            },
          },
          "/orders": { post: { responses: { 201: { description: "made" } } } },
        },
      };
      const result = await inventory.imports.put(null, JSON.stringify(description), "ada");
      assert.deepEqual([result.title, result.operations], ["Shop", 2]);
      await inventory.settled();
      const comparison = await inventory.imports.comparison(result.api);
      const found = comparison.rows.map(({ kind, method, path }) => `${kind} ${method} ${path}`);
      for (const row of ["shadow GET /hidden", "orphan POST /orders", "zombie GET /users/{id}"])
        assert.ok(found.includes(row), `${row} in ${found}`);
      const endpoints = (await inventory.endpoints.list({ api: result.api })).items;
      assert.deepEqual(
        endpoints.map(({ path, compared, deprecated }) => [path, compared, deprecated]),
        [
          ["/hidden", "shadow", false],
          ["/users/{id}", "zombie", true],
        ],
      );
      const findings = await inventory.feed.findings({ rule: "deprecated-in-use" });
      assert.equal(findings.items.length, 1);
      await inventory.imports.remove(result.api, "ada");
      await assert.rejects(inventory.imports.comparison(result.api), problemOf("not-found"));
      await assert.rejects(inventory.imports.put(null, "{}", "ada"), problemOf("invalid"));
      await assert.rejects(
        inventory.imports.put(
          null,
          JSON.stringify({ ...description, servers: [{ url: "http://no.test" }] }),
          "ada",
        ),
        problemOf("invalid"),
      );
    });

    test("findings are accepted, opened again and resolved", async () => {
      await hear(
        call("GET /users/17", { requestHeaders: bearer }),
        call("GET /orders", { requestHeaders: bearer }),
        call("POST /orders 201"),
      );
      const { id } = await onlyApi();
      const open = await inventory.feed.findings({ api: id, state: "open" });
      const write = open.items.find(({ rule }) => rule === "unauthenticated-write");
      assert.ok(write, JSON.stringify(open.items));
      assert.equal(write.severity, "high");
      const counted = (await onlyApi()).findings;
      const accepted = await inventory.feed.judge(write.id, "accepted", "it is a demo", "ada");
      assert.deepEqual([accepted.state, accepted.reason], ["accepted", "it is a demo"]);
      assert.equal((await onlyApi()).findings.high, counted.high - 1);
      await hear(call("POST /orders 201"));
      const after = (await inventory.feed.findings({ rule: "unauthenticated-write" })).items;
      assert.deepEqual(
        after.map(({ state }) => state),
        ["accepted"],
        "it stays accepted",
      );
    });

    test("the last hour is told by the minute, as long as it is known", async () => {
      const minute = 60_000;
      const at = (ago: number) => ({ timeMs: NOW_MS - ago * minute });
      const hour = async () => {
        const end = (Math.floor(nowMs / minute) + 1) * minute;
        return inventory.apis.traffic((await onlyApi()).id, end - 60 * minute, end);
      };
      await hear(call("GET /users/17", at(40)), call("GET /users/18 500", at(3)));
      const other = newSensor("tap-2");
      await inventory.ingest(other.hear([call("GET /orders", at(3)), call("POST /orders", at(0))]));
      const { widthMs, buckets } = await hour();
      assert.equal(widthMs, minute);
      assert.deepEqual(
        buckets.map(({ startMs, statusClasses }) => [
          Math.floor(NOW_MS / minute) - startMs / minute,
          ...statusClasses,
        ]),
        [
          [40, 0, 1, 0, 0, 0],
          [3, 0, 1, 0, 0, 1],
          [0, 0, 1, 0, 0, 0],
        ],
      );
      assert.deepEqual([buckets[0]!.p95Ms, buckets[0]!.requestBytes], [null, null]);
      const { lastHour } = await inventory.apis.overview();
      assert.equal(lastHour.length, 60);
      assert.deepEqual(
        [lastHour[19], lastHour[56], lastHour[59]].map((each) => [each!.calls, each!.errors]),
        [
          [1, 0],
          [2, 1],
          [1, 0],
        ],
      );
      nowMs = NOW_MS + 181 * minute;
      await hear(call("GET /users/19", { timeMs: nowMs }));
      assert.equal((await hour()).buckets.length, 1);
      assert.deepEqual((await inventory.apis.overview()).lastHour, [], "no longer all is new");
      const past = await inventory.apis.traffic((await onlyApi()).id, NOW_MS - 59 * minute, NOW_MS);
      assert.equal(past.widthMs, 3_600_000, "what is older is told by the hour");
      for (let turn = 0; turn < 3; turn += 1) await inventory.tick(nowMs + 4_000 * 86_400_000);
      assert.deepEqual((await hour()).buckets, [], "past its retention it is gone");
    });

    test("traffic adds up by the hour, also behind a merge of parameters", async () => {
      const hour = 3_600_000;
      await hear(
        ...[0, 1, 1].map((ago) => call("GET /users/17", { timeMs: NOW_MS - ago * hour })),
        call("GET /users/18 404", { timeMs: NOW_MS }),
      );
      const { id } = await onlyApi();
      const traffic = await inventory.apis.traffic(id, NOW_MS - 5 * hour, NOW_MS + hour);
      assert.deepEqual(
        traffic.buckets.map(({ calls, statusClasses }) => [calls, statusClasses[3]]),
        [
          [2, 0],
          [2, 1],
        ],
      );
      const [endpoint] = (await inventory.endpoints.list({ api: id })).items;
      const own = await inventory.endpoints.traffic(
        id,
        endpoint!.id,
        NOW_MS - 5 * hour,
        NOW_MS + hour,
      );
      assert.deepEqual(own, traffic);
      assert.ok(own.buckets[0]!.p95Ms !== null);
      await hear(call("GET /users/20", { timeMs: NOW_MS - hour }));
      const later = await inventory.apis.traffic(id, NOW_MS - 5 * hour, NOW_MS + hour);
      assert.deepEqual(
        later.buckets.map(({ calls }) => calls),
        [3, 2],
        "late calls join their hour",
      );
      const overview = await inventory.apis.overview();
      assert.equal(overview.calls, 5);
      assert.equal(
        overview.recent.reduce((sum, { calls }) => sum + calls, 0),
        5,
      );
    });

    test("the map joins callers to a service through the proxy that passed their calls on", async () => {
      const ids = Array.from(
        { length: 40 },
        (_, at) => `6f1c2d3e-0000-4000-8000-0000000000${at + 10}`,
      );
      const hop = (host: string, client: string, server: string, prefix: string) =>
        ids.map((id) =>
          call(`GET ${prefix}/orders`, {
            ...{ host, client, server, requestHeaders: { "x-request-id": id } },
          }),
        );
      // Two taps on two nodes.
      await hear(...hop("gateway.test", "203.0.113.7", "10.0.0.2", "/shop"));
      const other = newSensor("tap-2");
      await inventory.ingest(other.hear(hop("orders.test", "10.0.0.2", "10.0.0.3", "")));
      await inventory.settled();
      const { nodes, edges } = await inventory.apis.map();
      const label = (id: string | null) => nodes.find((node) => node.id === id)?.label ?? null;
      const via = edges.filter((edge) => edge.via !== null);
      assert.deepEqual(
        via.map((edge) => [label(edge.from), label(edge.via), label(edge.to), edge.calls]),
        [["Public addresses", "gateway.test", "orders.test", 40]],
      );
      assert.equal(edges.length, 3);
    });

    test("a host that refuses all that is asked of it is no API", async () => {
      await hear(call("GET /wp-admin 404", { host: "junk.test" }), call("GET /orders"));
      assert.equal((await onlyApi()).name, "shop.test");
    });

    test("texts that no store keeps find nothing, or are refused", async () => {
      await hear(call("GET /orders"));
      for (const q of ["a\0b", "%", "_", "'", "\ud800", "|", "x".repeat(200)]) {
        const found = await inventory.apis.list({ q, host: q }).catch((error: unknown) => error);
        if (found instanceof Error) assert.ok(problemOf("invalid")(found), String(found));
        else assert.deepEqual((found as { items: unknown[] }).items, []);
        await assert.rejects(inventory.apis.detail(q), InventoryProblem);
      }
    });

    test("time ages what is kept", async () => {
      const day = 86_400_000;
      await hear(call("GET /users/17"), call("GET /users/17", { timeMs: NOW_MS - 3 * 3_600_000 }));
      nowMs += 10 * day;
      await inventory.tick(nowMs);
      assert.equal((await onlyApi()).status, "active");
      const { id } = await onlyApi();
      const traffic = await inventory.apis.traffic(id, nowMs - 20 * day, nowMs);
      assert.deepEqual(
        traffic.buckets.map(({ calls }) => calls),
        [2],
      );
      assert.equal(traffic.widthMs, day);
      nowMs += 25 * day;
      await inventory.tick(nowMs);
      assert.equal((await onlyApi()).status, "unused");
      assert.deepEqual((await inventory.apis.traffic(id, 0, nowMs)).buckets, []);
      assert.deepEqual((await onlyApi()).recent, new Array(24).fill(0));
      const [row] = await inventory.sensors.list();
      assert.equal(row!.health, "silent");
    });

    test("tokens are known by their digest alone", async () => {
      const made = await inventory.tokens.create("ci", "viewer", "ada");
      assert.equal((await inventory.tokens.verify(made.token))?.name, "ci");
      for (const wrong of ["", "nta_", `${made.token}x`, made.token.slice(0, -1), "x\0y"])
        assert.equal(await inventory.tokens.verify(wrong), null);
      await inventory.tokens.remove(made.id, "ada");
      assert.equal(await inventory.tokens.verify(made.token), null);
    });

    test("sessions are rows: known after a restart, over with their time or their token", async () => {
      const { id } = await inventory.tokens.create("p", "editor", "test");
      const session = {
        name: "Ada\0",
        role: "editor",
        by: "token",
        token: id,
        basis: "b",
      } as const;
      await inventory.sessions.begin("one", session, nowMs + 1000);
      await inventory.sessions.begin("two", { ...session, token: null }, nowMs + 1000);
      await inventory.close();
      inventory = await openAgain();
      const known = { ...session, name: "Ada\u{fffd}" };
      assert.deepEqual(await inventory.sessions.find("one"), known);
      assert.equal(await inventory.sessions.find("other"), null);
      const heard: string[] = [];
      inventory.onEvent(({ kind }) => heard.push(kind));
      await inventory.tokens.remove(id, "test");
      assert.deepEqual(heard, ["anew"]);
      assert.equal(await inventory.sessions.find("one"), null);
      assert.deepEqual(await inventory.sessions.find("two"), { ...known, token: null });
      nowMs += 1000;
      assert.equal(await inventory.sessions.find("two"), null);
      await inventory.sessions.begin("three", session, nowMs + 1000);
      await inventory.sessions.end("three");
      assert.equal(await inventory.sessions.find("three"), null);

      const begun = { verifier: "v", nonce: "n" };
      await inventory.sessions.beginSignIn("state", begun, nowMs + 1000);
      assert.deepEqual(await inventory.sessions.takeSignIn("state"), begun);
      assert.equal(await inventory.sessions.takeSignIn("state"), null);
      await inventory.sessions.beginSignIn("late", begun, nowMs + 1000);
      nowMs += 1000;
      await inventory.tick(nowMs);
      assert.equal(await inventory.sessions.takeSignIn("late"), null);
    });

    test("a new version waits once for each forwarder, and secrets stay inside", async () => {
      const webhook = await inventory.forwarding.create(
        {
          name: "hook",
          enabled: true,
          target: {
            kind: "webhook",
            url: "https://x.test",
            secret: "s3cret",
            kinds: ["endpoint-new"],
          },
        },
        "ada",
      );
      await inventory.forwarding.create(
        { name: "folder", enabled: true, target: { kind: "directory", path: "documents" } },
        "ada",
      );
      assert.ok(!JSON.stringify(await inventory.forwarding.list()).includes("s3cret"));
      await inventory.forwarding.update(
        webhook.id,
        {
          name: "hook",
          enabled: true,
          target: { kind: "webhook", url: "https://y.test", kinds: ["endpoint-new"] },
        },
        "ada",
      );
      assert.deepEqual(await inventory.forwarding.target(webhook.id), {
        kind: "webhook",
        url: "https://y.test",
        kinds: ["endpoint-new"],
        secret: "s3cret",
      });
      await hear(call("GET /orders"));
      await hear(call("GET /baskets"));
      await hear(call("GET /invoices"));
      assert.equal((await inventory.forwarding.due(nowMs + 10_000, 10)).length, 3);
      assert.equal((await inventory.forwarding.due(nowMs + 10_000, 10)).length, 0, "claimed");
      const due = await inventory.forwarding.due(nowMs + 100_000, 10);
      const document = due.find(({ content }) => content.kind === "document")!;
      const changes = due.find(({ content }) => content.kind === "changes")!;
      assert.equal(
        changes.content.kind === "changes" &&
          (await inventory.forwarding.changes(changes.content.changes))[0]!.kind,
        "endpoint-new",
      );
      await inventory.forwarding.delivered(document.id);
      await inventory.forwarding.failed(changes.id, "refused", null);
      const list = await inventory.forwarding.list();
      assert.deepEqual(
        list.map(({ name, waiting, dead, lastProblem }) => [name, waiting, dead, lastProblem]),
        [
          ["folder", 0, 0, null],
          ["hook", 1, 1, "refused"],
        ],
      );
      const again = await inventory.forwarding.retry(changes.id, "ada");
      assert.deepEqual([again.state, again.attempts], ["waiting", 0]);
    });

    test("hostile names are kept and found", async () => {
      const [delta] = sensor.hear([call("GET /a")]);
      const api = delta!.summaries[0]!;
      const node = api.root.children.get("a")!;
      for (const key of [
        "__proto__",
        "constructor",
        "a\0b",
        "%2e%2e",
        "x".repeat(150),
        "{int}",
        "ü",
        "\ud800",
      ]) {
        api.root.children.set(key, structuredClone(node));
      }
      let deep = api.root;
      for (let depth = 0; depth < 30; depth += 1) {
        const child = { children: new Map(), operations: new Map(), slots: [] };
        deep.children.set(`segment-${depth}-${"y".repeat(60)}`, child);
        deep = child;
      }
      deep.operations.set("GET", structuredClone(node.operations.get("GET")!));
      await inventory.ingest([delta!]);
      await inventory.settled();
      const found = await onlyApi();
      assert.equal(found.calls, 10);
      for (const { id } of (await inventory.endpoints.list({ api: found.id })).items) {
        const detail = await inventory.endpoints.detail(found.id, id);
        assert.ok(detail.operation["responses"], `${detail.path} has an operation`);
      }
    });
  });
}

/** As no sensor of ours counts. */
function exaggerate({ operations, children }: PathNode): void {
  const huge = Number.MAX_SAFE_INTEGER;
  for (const operation of operations.values()) {
    Object.assign(operation, { calls: huge, requestBytes: huge, internalCalls: huge });
    operation.statusClasses[1] = huge;
    operation.callers.set("10.0.0.1", huge);
    operation.request.calls = huge;
  }
  for (const child of children.values()) exaggerate(child);
}
