import type { FastifyInstance, FastifyRequest } from "fastify";
import { serverLimits } from "../../base/limits.ts";
import { readTelemetry } from "../../collect/telemetryjson.ts";
import { readJson } from "../body.ts";
import type { Ingest } from "../ingest.ts";
import type { LocalSensor } from "../localsensor.ts";
import { Refusal } from "../problem.ts";

export interface TelemetryDoor {
  readonly ingest: Ingest;
  readonly sensor: LocalSensor;
}

/**
 * `POST /api/telemetry`, to which gateway plugins of APIClarity's family send whole exchanges. Such plugins often know no
 * tokens, so one may stand in the path: `/in/<token>/api/telemetry`. Values end here: the exchange is scanned and gone.
 */
export function addTelemetryDoor(app: FastifyInstance, door: TelemetryDoor): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  let reading = 0;
  const take = async (request: FastifyRequest): Promise<object> => {
    if (reading >= serverLimits.telemetryRequestsMax) {
      throw new Refusal(429, "too many records are being read", {
        headers: { "retry-after": "1" },
      });
    }
    reading += 1;
    try {
      const value = await readJson(request.raw, {
        wireBytesMax: serverLimits.telemetryBytesMax,
        bytesMax: serverLimits.telemetryBytesMax,
        timeoutMs: serverLimits.bodyTimeoutMs,
      });
      const problem = readTelemetry(value, door.sensor.telemetry, Date.now());
      if (problem !== null) throw new Refusal(422, `the record is no exchange: ${problem}`);
      return {};
    } finally {
      reading -= 1;
    }
  };
  const options = {
    config: { needs: "sensor", readsBody: true } as const,
    decompress: false as const,
    schema: { hide: true },
    bodyLimit: serverLimits.telemetryBytesMax,
  };
  app.post("/api/telemetry", options, take);
  app.post("/in/:token/api/telemetry", options, take);
}
