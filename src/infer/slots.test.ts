import assert from "node:assert/strict";
import { test } from "node:test";
import { play } from "../telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { infer } from "./infer.ts";
import { endpoint, learn } from "./learn.fixture.ts";

test("what was only ever refused changes no parameter, though a delta tells of it", () => {
  const telemetry = new Telemetry({
    selection: defaultSelection,
    privacy: defaultPrivacy,
    hashKey: Buffer.from("a key of tests"),
  });
  for (const id of [1, 2, 3, 4, 5])
    play(telemetry, { target: `/items/${id}/parts/${id}`, responseBody: "{}" });
  for (const wrong of ["undefined", "all", "4f6c1c9e-5d3a-4b57-9d0e-0a3f5a1b2c3d", "x-17"])
    for (const target of [`/items/${wrong}/parts/1`, `/items/1/parts/${wrong}`])
      play(telemetry, { target, status: 404, responseBody: "{}" });
  const parameters = infer(telemetry.take()).apis.flatMap(({ endpoints }) =>
    endpoints.map(({ path, operation }) => [
      path.text,
      ...operation.parameters.map(({ schema }) => schema.kind),
    ]),
  );
  assert.deepEqual(parameters, [["/items/{itemId}/parts/{partId}", "integer", "integer"]]);
});

test("a parameter below another keeps its type, whatever the other's values are", () => {
  const users = ["alice", "bob", "carol", "17", "4f6c1c9e-5d3a-4b57-9d0e-0a3f5a1b2c3d"];
  const api = learn(users.map((user, post) => [`GET /users/${user}/posts/${post}`, { post }]));
  assert.deepEqual(
    endpoint(api, "GET /users/{userId}/posts/{postId}").operation.parameters.map(
      ({ schema }) => schema.kind,
    ),
    ["string", "integer"],
  );
});
