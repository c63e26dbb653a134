//! Two real Envoys in a row, each with the filter that the chart renders: a call counts once, at the service, with who called.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { withFolder } from "../support/nta.ts";
import {
  type Collector,
  endCollectors,
  type Status,
  startCollector,
  statusOf,
} from "./collecting.ts";
import { freePort, http1Client, type RunningEnvoy, startEnvoy, startService } from "./mesh.ts";

const COUNT = 60;

afterEach(endCollectors);

type Exchanges = Status["exchanges"];

const passedOn = ({ refused }: Exchanges): number =>
  refused.find(({ name }) => name === "passed-on")?.count ?? 0;

async function until(
  collector: Collector,
  isDone: (exchanges: Exchanges) => boolean | Promise<boolean>,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { exchanges } = await statusOf(collector);
    if (await isDone(exchanges)) return;
    assert.ok(tries < 600, JSON.stringify(exchanges));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** When nothing more comes of what was called before: an access log is sent now and then. */
async function settled(collector: Collector): Promise<Exchanges> {
  let [last, same] = [(await statusOf(collector)).exchanges, 0];
  await until(collector, (exchanges) => {
    same = exchanges.seen === last.seen ? same + 1 : 0;
    last = exchanges;
    return same > 50;
  });
  return last;
}

for (const accessLog of [false, true]) {
  const by = accessLog ? "access logs" : "external processing";
  test(`a gateway before another Envoy: ${by}`, async () => {
    const service = await startService();
    const envoys: RunningEnvoy[] = [];
    try {
      const collectorPort = await freePort();
      const inner = await startEnvoy({
        ...{ servicePort: service.port, collectorPort, accessLog, isPlain: true },
      });
      envoys.push(inner);
      const gateway = await startEnvoy({ servicePort: inner.port, collectorPort, accessLog });
      envoys.push(gateway);
      await withFolder(async (folder) => {
        const collector = await startCollector(collectorPort, folder);
        const client = http1Client(gateway.port);
        // An Envoy needs a moment to find the collector; that the inner one tells has to be known first.
        const inside = `http://127.0.0.1:${inner.port}/items/1`;
        await until(collector, async ({ seen }) => {
          if (seen === 0) await (await fetch(inside)).arrayBuffer();
          return seen > 0;
        });
        await until(collector, async (exchanges) => {
          if (passedOn(exchanges) === 0) await client.call({ method: "GET", path: "/items/1" });
          return passedOn(exchanges) > 0;
        });
        const before = await settled(collector);
        for (let index = 0; index < COUNT; index += 1) {
          const { status } = await client.call({ method: "GET", path: `/items/${index}` });
          assert.equal(status, 200);
        }
        client.close();
        await until(collector, ({ seen }) => seen >= before.seen + 2 * COUNT);
        const { exchanges } = await statusOf(collector);
        assert.equal(exchanges.seen - before.seen, 2 * COUNT);
        assert.equal(exchanges.selected - before.selected, COUNT);
        assert.equal(passedOn(exchanges) - passedOn(before), COUNT);
        await collector.stop();
        const documents = readdirSync(folder);
        assert.ok(documents.length >= 1, "no document");
        for (const name of documents) assert.match(name, new RegExp(`_${service.port}\\.openapi`));
        const text = documents.map((name) => readFileSync(join(folder, name), "utf8")).join("");
        assert.match(text, /\/items\/\{/);
      });
    } finally {
      for (const envoy of envoys) await envoy.stop();
      service.server.closeAllConnections();
      service.server.close();
    }
  });
}

test("the chart's share of requests is shown", async () => {
  const service = await startService();
  const collectorPort = await freePort();
  const values = { "envoy.sampleOneIn": 4 };
  const envoy = await startEnvoy({ servicePort: service.port, collectorPort, values });
  try {
    await withFolder(async (folder) => {
      const collector = await startCollector(collectorPort, folder);
      const client = http1Client(envoy.port);
      const call = async (): Promise<void> => {
        const { status } = await client.call({ method: "GET", path: "/items/1" });
        assert.equal(status, 200);
      };
      await until(collector, async ({ seen }) => {
        if (seen === 0) await call();
        return seen > 0;
      });
      const before = await settled(collector);
      for (let index = 0; index < 800; index += 1) await call();
      client.close();
      const { seen } = await settled(collector);
      // By chance 200, and with a standard deviation of 12.
      const share = seen - before.seen;
      assert.ok(share > 100 && share < 300, `${share} of 800`);
      await collector.stop();
    });
  } finally {
    await envoy.stop();
    service.server.closeAllConnections();
    service.server.close();
  }
});
