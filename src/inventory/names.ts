/** Ids: short, URL-safe, and where they can be, the same wherever the same traffic is heard. */

import { createHash, randomBytes } from "node:crypto";
import { inventoryLimits } from "../base/limits.ts";
import { frameOf } from "../infer/frame.ts";
import { hostItself } from "../infer/group.ts";
import type { ApiKey } from "../telemetry/summary.ts";

export const ALL_SOURCES = "*";
export const WHOLE_SOURCE = "*";

const digest = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("base64url").slice(0, length);

/** People name these on the command line, where a dash begins a flag. */
const nameable = (id: string): string => id.replace(/^-/, "_");

export const sourceId = (key: ApiKey): string =>
  digest(`${key.workload}\n${key.scheme}\n${key.host}\n${key.port}`, 12);

/** The API of a source by the rule of `infer/group.ts`: its workload and port, else its host and port. */
export const homeApi = ({ workload, host, port }: ApiKey): string =>
  nameable(
    digest(
      workload === "" ? `host\n${hostItself(host)}\n${port}` : `workload\n${workload}\n${port}`,
      12,
    ),
  );

/** Stays when a parameter of the path gets another name. */
export const endpointId = (api: string, method: string, path: string): string =>
  digest(`${api}\n${method}\n${frameOf(path)}`, 14);

export const findingId = (rule: string, api: string, endpoint: string | null): string =>
  digest(`${rule}\n${api}\n${endpoint ?? ""}`, 14);

export const nodeName = (path: string): string =>
  path.length <= inventoryLimits.nodeNameMax ? path : `${path.slice(0, 80)}~${digest(path, 24)}`;

export const hashOf = (text: string): string => digest(text, 22);

export const randomId = (): string => nameable(randomBytes(9).toString("base64url"));

let lastTime = 0;
let lastCount = 0;

/** Greater than any that was made before, compared as text, and unlike those of other servers. */
export function growingId(nowMs: number): string {
  const time = Math.max(lastTime, Math.floor(nowMs));
  lastCount = time === lastTime ? lastCount + 1 : 0;
  lastTime = time;
  const count = lastCount.toString(36).padStart(4, "0");
  return `${time.toString(36).padStart(9, "0")}${count}${randomBytes(2).toString("hex")}`;
}

/** Less than any id that was made at this time or later, and greater than those of before. */
export const growingIdAt = (timeMs: number): string =>
  Math.max(0, Math.floor(timeMs)).toString(36).padStart(9, "0");

/** PostgreSQL keeps no NUL in a text, and names come from traffic. */
export const storable = (text: string): string => text.replaceAll("\0", "\u{fffd}");
