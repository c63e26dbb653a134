//! Our readers of Envoy's messages against Envoy's own definitions: what those write, ours read.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readAccessLog } from "../../src/collect/envoy/accesslog.ts";
import { Part, readProcessing } from "../../src/collect/envoy/processing.ts";
import { EnvoyWays } from "../../src/collect/envoy/ways.ts";
import type { Exchange } from "../../src/http/exchange.ts";

const require = createRequire(import.meta.url);
const deps = join(dirname(require.resolve("@grpc/grpc-js-xds/package.json")), "deps");
const buf = join(dirname(require.resolve("@bufbuild/buf/package.json")), "bin", "buf");
const FILES = [
  "envoy/service/ext_proc/v3/external_processor.proto",
  "envoy/service/accesslog/v3/als.proto",
];

let registry: FileRegistry;
before(() => {
  const modules = ["envoy-api", "googleapis", "protoc-gen-validate", "xds"].map((name) => ({
    path: name,
  }));
  const config = JSON.stringify({ version: "v2", modules });
  const words = ["build", "--config", config, "--as-file-descriptor-set", "-o", "-"];
  for (const file of FILES) words.push("--path", join(deps, "envoy-api", file));
  const image = execFileSync(process.execPath, [buf, ...words], {
    cwd: deps,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
});

const messageType = (name: string): DescMessage => {
  const found = registry.getMessage(name);
  assert.ok(found, name);
  return found;
};
const write = (name: string, json: unknown): Uint8Array =>
  toBinary(messageType(name), fromJson(messageType(name), json as never, { registry }));
const raw = (text: string): string => Buffer.from(text).toString("base64");

test("external processing", () => {
  const name = "envoy.service.ext_proc.v3.ProcessingRequest";
  const request = readProcessing(
    write(name, {
      requestHeaders: {
        headers: {
          headers: [
            { key: ":method", rawValue: raw("GET") },
            { key: ":path", value: "/a" },
          ],
        },
        endOfStream: true,
      },
      attributes: {
        "envoy.filters.http.ext_proc": {
          "source.address": "10.1.0.9:4711",
          "upstream.port": 8080,
          "connection.mtls": true,
        },
      },
      metadataContext: { filterMetadata: { other: { a: "b" } } },
      observabilityMode: true,
    }),
  )!;
  assert.equal(request.part, Part.RequestHeaders);
  assert.ok(request.isLast);
  assert.deepEqual(
    request.fields.map(({ name: key, value }) => [key, Buffer.from(value).toString()]),
    [
      [":method", "GET"],
      [":path", "/a"],
    ],
  );
  assert.deepEqual(
    [...request.attributes],
    [
      ["source.address", "10.1.0.9:4711"],
      ["upstream.port", 8080],
    ],
  );
  const parts = [
    ["requestBody", Part.RequestBody],
    ["responseBody", Part.ResponseBody],
  ] as const;
  for (const [field, part] of parts) {
    const body = readProcessing(write(name, { [field]: { body: raw("{}"), endOfStream: true } }))!;
    assert.deepEqual(
      [body.part, Buffer.from(body.body).toString(), body.isLast],
      [part, "{}", true],
    );
  }
  const trailers = readProcessing(
    write(name, { responseTrailers: { trailers: { headers: [{ key: "a", value: "b" }] } } }),
  )!;
  assert.deepEqual([trailers.part, trailers.isLast], [Part.ResponseTrailers, true]);
  assert.equal(readProcessing(toBinary(messageType(name), create(messageType(name))))!.part, 0);
});

test("access logs", () => {
  const at = (address: string, portValue: number): object => ({
    socketAddress: { address, portValue },
  });
  const lines: string[] = [];
  const result = readAccessLog(
    write("envoy.service.accesslog.v3.StreamAccessLogsMessage", {
      identifier: { logName: "nta", node: { id: "edge" } },
      httpLogs: {
        logEntry: [
          {
            commonProperties: {
              downstreamRemoteAddress: at("203.0.113.9", 4711),
              downstreamLocalAddress: at("10.1.0.1", 8443),
              upstreamRemoteAddress: at("fd00::7", 8080),
              startTime: "2026-01-01T00:00:00.250Z",
              timeToLastRxByte: "0.010s",
              timeToFirstUpstreamRxByte: "0.030s",
              duration: "0.040s",
            },
            protocolVersion: "HTTP2",
            request: {
              requestMethod: "PATCH",
              scheme: "https",
              authority: "shop.test",
              path: "/orders/7?x=1",
              userAgent: "curl",
              requestBodyBytes: "12",
              requestHeaders: { "content-type": "application/json" },
            },
            response: { responseCode: 204, responseHeaders: { "x-a": "1" } },
          },
        ],
      },
    }),
    {
      requestHead: () => null,
      responseHead: () => null,
      exchange: ({
        method,
        target,
        status,
        connection: { client, server },
        request,
        response,
      }: Exchange) => {
        lines.push(
          `${method} ${target} ${status} ${client.ip} ${server.ip} ${server.port} ${request!.bodyBytes} ${request!.head.fieldCount} ${response!.startTimeMs - request!.endTimeMs} ${new Date(request!.startTimeMs).toISOString()}`,
        );
      },
    },
    new EnvoyWays(),
  );
  assert.deepEqual(result, { exchanges: 1, refused: 0 });
  assert.deepEqual(lines, [
    "PATCH /orders/7?x=1 204 203.0.113.9 fd00::7 8080 12 3 20 2026-01-01T00:00:00.250Z",
  ]);
});
