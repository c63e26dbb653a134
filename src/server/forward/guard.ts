/**
 * Where forwarders may send to. Their targets are typed in by whoever may edit, so that without this the server could be
 * made to ask what only it can reach (SSRF). Names are looked up by us, and the connection goes to an address that was
 * checked: a name that answers differently the second time wins nothing. Redirects are not followed.
 */
import { lookup as lookUp } from "node:dns";
import { type IncomingMessage, type RequestOptions, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { UsageError } from "../../base/errors.ts";
import { serverLimits } from "../../base/limits.ts";

/** Not on the public internet (IANA's special-purpose registries), and those that embed such an address. */
const PRIVATE: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 127, "ipv6"],
  ["::ffff:0:0", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["100::", 64, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

export class Guard {
  readonly #private = new BlockList();
  readonly #allowed = new BlockList();
  readonly #allowedNames = new Set<string>();

  /** `allow`: host names, addresses and networks (`10.1.0.0/16`). Throws a `UsageError` on what is none. */
  constructor(allow: readonly string[]) {
    for (const [network, prefix, family] of PRIVATE) {
      this.#private.addSubnet(network, prefix, family);
    }
    for (const entry of allow) this.#allow(entry);
  }

  #allow(entry: string): void {
    const [address = "", prefix, ...more] = entry.split("/");
    const family = isIP(address);
    if (family === 0) {
      if (prefix !== undefined || !/^[\w.-]{1,253}$/.test(address)) throw wrong(entry);
      this.#allowedNames.add(address.toLowerCase());
      return;
    }
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (more.length > 0 || !Number.isInteger(length) || length < 0 || length > bits) {
      throw wrong(entry);
    }
    this.#allowed.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
  }

  isAllowedName(name: string): boolean {
    return this.#allowedNames.has(name.toLowerCase());
  }

  isAllowedAddress(address: string): boolean {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    return this.#allowed.check(address, family) || !this.#private.check(address, family);
  }

  /** For `net.connect`: gives only addresses that may be asked. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [], 0);
      const isNamed = this.isAllowedName(hostname);
      const usable = addresses.filter(({ address }) => isNamed || this.isAllowedAddress(address));
      const [first] = usable;
      if (first === undefined) return callback(new NotAllowed(hostname), [], 0);
      if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };

  /** What is wrong with a URL as the target of a forwarder; null for nothing. Names are looked up later. */
  problemOf(text: string): string | null {
    if (!URL.canParse(text)) return `"${text.slice(0, 100)}" is no URL`;
    const { protocol, hostname, username } = new URL(text);
    if (protocol !== "https:" && protocol !== "http:")
      return "only https:// and http:// are sent to";
    if (username !== "")
      return "a URL with a user in it is not used; put credentials into a header";
    const host = hostname.replaceAll(/[[\]]/g, "");
    if (isIP(host) !== 0) return this.isAllowedAddress(host) ? null : new NotAllowed(host).message;
    const isLocal = host === "localhost" || host.endsWith(".localhost");
    return isLocal && !this.isAllowedName(host) ? new NotAllowed(host).message : null;
  }
}

const wrong = (entry: string): UsageError =>
  new UsageError(
    `--forward-allow: "${entry}" is not allowed; allowed: host names, addresses and networks such as 10.1.0.0/16`,
  );

class NotAllowed extends Error {
  constructor(host: string) {
    super(`${host} is in the server's own network; --forward-allow ${host} allows it`);
  }
}

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const TIMEOUT_MS = 20_000;

/** Sends one request. Rejects where it is not answered with 2xx; the message is for people. */
export async function send(guard: Guard, { method, url, headers, body }: Sent): Promise<void> {
  const problem = guard.problemOf(url);
  if (problem !== null) throw new Error(problem);
  const options: RequestOptions = {
    method,
    headers: { "user-agent": "nta", ...headers, "content-length": Buffer.byteLength(body) },
    lookup: guard.lookup,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const { status, text } = await new Promise<{ status: number; text: string }>(
    (resolve, reject) => {
      const request = (url.startsWith("https:") ? requestTls : requestPlain)(url, options);
      request.once("response", (response) => readAnswer(response).then(resolve, reject));
      request.once("error", (error) => reject(new Error(reasonOf(error))));
      request.end(body);
    },
  );
  if (status < 200 || status > 299) throw new Error(`answered with ${status}${text}`);
}

function readAnswer(response: IncomingMessage): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let byteCount = 0;
    const finish = (): void => {
      const text = Buffer.concat(chunks)
        .toString()
        .replaceAll(/[\p{C}\s]+/gu, " ")
        .trim();
      resolve({
        status: response.statusCode ?? 0,
        text: text === "" ? "" : `: ${text.slice(0, 200)}`,
      });
    };
    response.on("data", (chunk: Buffer) => {
      byteCount += chunk.length;
      if (byteCount <= serverLimits.forwardAnswerBytesMax) chunks.push(chunk);
      else response.destroy();
    });
    response.once("end", finish);
    response.once("close", finish);
    response.once("error", finish);
  });
}

function reasonOf(error: Error): string {
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { code } = error as NodeJS.ErrnoException;
  return error.message === "" ? (code ?? "it cannot be reached") : error.message;
}
