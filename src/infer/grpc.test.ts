import assert from "node:assert/strict";
import { test } from "node:test";
import { play } from "../telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { infer } from "./infer.ts";

const pathsOf = (contentType: string): string[] => {
  const telemetry = new Telemetry({
    selection: defaultSelection,
    privacy: defaultPrivacy,
    hashKey: Buffer.from("a key of tests"),
  });
  for (const service of SERVICES) {
    for (const procedure of PROCEDURES) {
      play(telemetry, {
        method: "POST",
        target: `/acme.v1.${service}/${procedure}`,
        requestHeaders: { "content-type": contentType },
        requestBody: "\0\0\0\0\u0002ab",
        responseHeaders: { "content-type": contentType },
        responseBody: "\0\0\0\0\u0002ab",
      });
    }
  }
  return infer(telemetry.summaries()).apis.flatMap(({ endpoints }) =>
    endpoints.map(({ path }) => path.text),
  );
};

/** As little like fixed parts of a path as names get. */
const SERVICES = "Alice Bob Carol Dave Erin Frank Grace Heidi Ivan Judy Mallory Niaj".split(" ");
const PROCEDURES = SERVICES.map((name) => name.toLowerCase());

test("services and procedures of gRPC are names, however like values they look", () => {
  const paths = pathsOf("application/grpc+proto");
  assert.equal(paths.length, SERVICES.length * PROCEDURES.length);
  assert.ok(paths.includes("/acme.v1.Alice/bob"), paths[0]);
  assert.ok(pathsOf("application/octet-stream").length < paths.length, "of another protocol");
});
