import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { serverLimits } from "../../base/limits.ts";
import type { IngestOptions, Inventory } from "../../inventory/inventory.ts";
import { readSensorAgent } from "../../sensor/agent.ts";
import { readJson } from "../body.ts";
import { DeltaAnswer, SensorPage } from "../contract.ts";
import type { Ingest } from "../ingest.ts";
import { operation, scoped } from "../operation.ts";
import { notFound } from "../problem.ts";

const SensorParams = Type.Object({ sensor: Type.String({ minLength: 1, maxLength: 128 }) });
const tag = "sensors";

export function addSensorRoutes(app: FastifyInstance, inventory: Inventory, ingest: Ingest): void {
  const { sensors } = inventory;
  operation(
    app,
    {
      method: "GET",
      path: "/sensors",
      id: "listSensors",
      summary: "What each sensor hears and loses",
      tag,
      answer: SensorPage,
    },
    async () => {
      const items = await sensors.list();
      return { items, next: null, total: items.length };
    },
  );
  operation(
    app,
    {
      method: "PUT",
      path: "/sensors/:sensor/status",
      id: "putSensorStatus",
      summary: "What a sensor says about itself",
      tag,
      params: SensorParams,
      body: Type.Record(Type.String(), Type.Unknown()),
      answer: null,
      bodyBytesMax: serverLimits.statusBytesMax,
      needs: "sensor",
    },
    async ({ params, body }) => {
      await ingest.admitSensor(params.sensor);
      await sensors.report(params.sensor, body);
    },
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/sensors/:sensor",
      id: "removeSensor",
      summary: "Forgets a sensor, not what it learned",
      tag,
      params: SensorParams,
      answer: null,
    },
    async ({ params, who }) => {
      const known = await sensors.list();
      if (!known.some(({ name }) => name === params.sensor)) throw notFound("sensor");
      await sensors.remove(params.sensor, who);
      ingest.forgetSensors();
    },
  );
  scoped(app, (scope) => addDeltas(scope, ingest));
}

function addDeltas(app: FastifyInstance, ingest: Ingest): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  operation(
    app,
    {
      method: "POST",
      path: "/deltas",
      id: "postDeltas",
      summary: "What a sensor learned: deltas as src/sensor/delta.ts has them",
      tag,
      answer: DeltaAnswer,
      needs: "sensor",
      bodyBytesMax: serverLimits.deltaWireBytesMax,
      readsBody: true,
    },
    async ({ request }) => {
      const bytes =
        Number(request.headers["content-length"] ?? 0) || serverLimits.deltaWireBytesMax;
      return await ingest.admit(Math.min(bytes, serverLimits.deltaWireBytesMax), async () => {
        const value = await readJson(request.raw, {
          wireBytesMax: serverLimits.deltaWireBytesMax,
          bytesMax: serverLimits.deltaBytesMax,
          timeoutMs: serverLimits.bodyTimeoutMs,
        });
        return await ingest.take(value, senderOf(request));
      });
    },
  );
}

const senderOf = (request: FastifyRequest): IngestOptions =>
  readSensorAgent(request.headers["user-agent"] ?? "") ?? {};
