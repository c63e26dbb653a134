/** Models for tests: exchanges written as text, heard by telemetry, concluded by inference. */

import { KeyedHash } from "../base/hash.ts";
import { play, type Written } from "../telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { type Hints, noHints } from "./hints.ts";
import { infer } from "./infer.ts";
import type { Api, Endpoint } from "./model.ts";

const KEY = Buffer.from("test key");

/** `GET /users/1 200` with a response body as JSON, or a whole exchange. */
export type Line = Written | readonly [line: string, response?: unknown, request?: unknown];

export function summarize(lines: readonly Line[]): ApiSummary[] {
  const telemetry = new Telemetry({
    selection: { ...defaultSelection, statuses: ["xxx"], noise: false },
    privacy: defaultPrivacy,
    hashKey: KEY,
  });
  for (const line of lines) play(telemetry, writtenOf(line));
  return telemetry.summaries();
}

/** The only API of some exchanges. */
export function learn(lines: readonly Line[], hints: Partial<Hints> = {}): Api {
  const hash = new KeyedHash(KEY);
  const { apis } = infer(summarize(lines), {
    hints: { ...noHints, ...hints },
    hashOf: (text) => hash.number(Buffer.from(text), 0, Buffer.byteLength(text)),
  });
  if (apis.length !== 1) throw new Error(`${apis.length} APIs`);
  return apis[0]!;
}

/** `GET /users/{userId}`, one an endpoint, sorted. */
export function endpointsOf(lines: readonly Line[], hints: Partial<Hints> = {}): string[] {
  return learn(lines, hints).endpoints.map(({ method, path }) => `${method} ${path.text}`);
}

export function endpoint(api: Api, text: string): Endpoint {
  const found = api.endpoints.find(({ method, path }) => `${method} ${path.text}` === text);
  if (found === undefined)
    throw new Error(`no ${text} among ${api.endpoints.map((each) => each.path.text).join(" ")}`);
  return found;
}

function writtenOf(line: Line): Written {
  if (!("0" in line)) return line as Written;
  const [text, response, request] = line;
  const [method, target, status] = text.split(" ");
  return {
    method: method!,
    target: target!,
    status: Number(status ?? 200),
    ...(response !== undefined && { responseBody: JSON.stringify(response) }),
    ...(request !== undefined && {
      requestBody: JSON.stringify(request),
      requestHeaders: { "content-type": "application/json" },
    }),
  };
}
