import assert from "node:assert/strict";
import { test } from "node:test";
import { readSensorAgent, sensorAgent } from "./agent.ts";

test("a sensor is known by what it calls itself", () => {
  assert.deepEqual(readSensorAgent(sensorAgent("collect", "1.2.0-rc.1")), {
    kind: "collect",
    version: "1.2.0-rc.1",
  });
  assert.equal(readSensorAgent(sensorAgent("tap", "0.1.0"))?.kind, "tap");
  for (const text of ["", "curl/8.0", "nta-serve/0.1.0", "nta-tap/", "x nta-tap/1"])
    assert.equal(readSensorAgent(text), null, text);
});
