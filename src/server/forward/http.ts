/** Documents and changes as requests: S3, any HTTP API by template, signed webhooks. */
import { createHmac } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { ForwarderTarget } from "../../inventory/administration.ts";
import { type Guard, send } from "./guard.ts";
import type { DocumentItem, Item } from "./item.ts";

type Target<Kind extends ForwarderTarget["kind"]> = Extract<ForwarderTarget, { kind: Kind }>;

/** `PUT endpoint/bucket/prefix/file`, signed (AWS Signature Version 4); path style, which all compatible stores know. */
export async function putToS3(
  guard: Guard,
  target: Target<"s3">,
  item: DocumentItem,
): Promise<void> {
  const { endpoint, bucket, prefix, accessKeyId, secretAccessKey = "", region } = target;
  const path = [bucket, ...prefix.split("/"), item.fileName]
    .filter((part) => part !== "")
    .map(encodeURIComponent)
    .join("/");
  const url = `${endpoint.replace(/\/+$/, "")}/${path}`;
  const problem = guard.problemOf(url);
  if (problem !== null) throw new Error(problem);
  const aws = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
  const signed = await aws.sign(url, {
    method: "PUT",
    body: item.yaml,
    headers: { "content-type": "application/yaml" },
  });
  const headers = Object.fromEntries(signed.headers);
  await send(guard, { method: "PUT", url, headers, body: item.yaml });
}

/** Fields that say where a message ends and what becomes of the connection (RFC 9110, section 7.6.1): ours to set. */
const OWN_HEADERS = new Set([
  ...["connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade"],
]);

/** What is wrong with the headers of a template; null for nothing. */
export function headersProblem(headers: Readonly<Record<string, string>>): string | null {
  for (const [name, value] of Object.entries(headers)) {
    const shown = JSON.stringify(name);
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return `${shown} is no name of a header`;
    if (OWN_HEADERS.has(name.toLowerCase()))
      return `the header ${shown} is set by the server itself`;
    if (!/^[\t\u0020-\u007e]*$/.test(value)) {
      return `the header ${shown} has line breaks or letters beyond ASCII in it`;
    }
  }
  return null;
}

/** Fills the template in and sends it. */
export async function sendByTemplate(
  guard: Guard,
  target: Target<"http">,
  item: DocumentItem,
): Promise<void> {
  const values = valuesOf(item);
  const headers = Object.entries(target.headers).map(([name, value]) => {
    const filled = fill(value, values, (text) => text.replaceAll(/[^\t\u0020-\u007e]/g, " "));
    return [name.toLowerCase(), filled] as const;
  });
  await send(guard, {
    method: target.method,
    url: fill(target.url, values, encodeURIComponent),
    headers: { "content-type": "application/json", ...Object.fromEntries(headers) },
    body: fillBody(target.body, values),
  });
}

const valuesOf = ({ api, name, version, json }: DocumentItem): ReadonlyMap<string, string> =>
  new Map([
    ["api", api],
    ["name", name],
    ["version", String(version)],
    ["document", json],
  ]);

const PLACEHOLDER = /\{(api|name|version|document)\}/g;

const fill = (
  template: string,
  values: ReadonlyMap<string, string>,
  encode: (text: string) => string,
): string => template.replaceAll(PLACEHOLDER, (_, name: string) => encode(values.get(name)!));

/** Within a JSON string (a quote on either side or somewhere before) a value is escaped; bare, it stands as it is. */
export function fillBody(template: string, values: ReadonlyMap<string, string>): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string, at: number) => {
    const text = values.get(name)!;
    return isWithinString(template, at) ? JSON.stringify(text).slice(1, -1) : text;
  });
}

function isWithinString(template: string, end: number): boolean {
  let isWithin = false;
  for (let at = 0; at < end; at++) {
    if (template[at] === "\\") at++;
    else if (template[at] === '"') isWithin = !isWithin;
  }
  return isWithin;
}

/** One request with all changes, signed as standardwebhooks.com says, which libraries of many languages check. */
export async function callWebhook(
  guard: Guard,
  target: Target<"webhook">,
  item: Extract<Item, { kind: "changes" }>,
  nowMs: number,
): Promise<void> {
  const kinds = new Set(target.kinds);
  const changes = item.changes.filter(({ kind }) => kinds.size === 0 || kinds.has(kind));
  if (changes.length === 0 && item.changes.length > 0) return;
  const body = JSON.stringify({
    type: "api.changed",
    timestamp: new Date(nowMs),
    data: { api: item.api, changes },
  });
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = {
    "content-type": "application/json",
    "webhook-id": item.id,
    "webhook-timestamp": timestamp,
    ...(target.secret === undefined
      ? {}
      : { "webhook-signature": signatureOf(target.secret, item.id, timestamp, body) }),
  };
  await send(guard, { method: "POST", url: target.url, headers, body });
}

export function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
