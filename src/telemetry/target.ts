import { telemetryLimits } from "../base/limits.ts";
import { isDigit, isIpv4, isIpv6 } from "./forms.ts";

/** A request target (RFC 9112, section 3.2) taken apart. Reused from request to request. */
export class Target {
  /** The target's bytes (UTF-8), cut at `targetBytesMax`. */
  readonly bytes = new Uint8Array(telemetryLimits.targetBytesMax);
  byteCount = 0;
  /** The same as text. */
  text = "";
  /** Whether `text.charCodeAt(i) === bytes[i]` throughout. */
  ascii = true;
  /** Path without its leading slash: `[pathStart, pathEnd)`; `pathStart` is -1 where there is no path (`*`, authority). */
  pathStart = -1;
  pathEnd = 0;
  /** Query without its question mark; empty where there is none. */
  queryStart = 0;
  queryEnd = 0;
  /** Of an absolute-form target; empty otherwise. */
  scheme = "";
  authority = "";

  read(text: string): void {
    this.#copy(text);
    const bytes = this.bytes;
    this.scheme = "";
    this.authority = "";
    let at = 0;
    if (bytes[0] !== 0x2f || this.byteCount === 0) {
      at = this.#absoluteForm(text);
      if (at < 0) {
        this.pathStart = -1;
        this.pathEnd = 0;
        this.queryStart = 0;
        this.queryEnd = 0;
        return;
      }
    }
    let end = at;
    while (end < this.byteCount && bytes[end] !== 0x3f && bytes[end] !== 0x23) end += 1;
    this.pathStart = at < end && bytes[at] === 0x2f ? at + 1 : at;
    this.pathEnd = end;
    this.queryStart = end;
    this.queryEnd = end;
    if (bytes[end] !== 0x3f || end >= this.byteCount) return;
    this.queryStart = end + 1;
    let stop = end + 1;
    while (stop < this.byteCount && bytes[stop] !== 0x23) stop += 1;
    this.queryEnd = stop;
  }

  #copy(text: string): void {
    this.text = text;
    const bytes = this.bytes;
    const length = Math.min(text.length, bytes.length);
    let union = 0;
    for (let at = 0; at < length; at += 1) {
      const code = text.charCodeAt(at);
      union |= code;
      bytes[at] = code;
    }
    this.ascii = union < 0x80;
    this.byteCount = length;
    if (union < 0x100) return;
    this.byteCount = new TextEncoder().encodeInto(text, bytes).written;
  }

  /** Where the path of `http://host:port/path` begins, or -1 where the target is of another form. */
  #absoluteForm(text: string): number {
    const colon = text.indexOf("://");
    if (colon <= 0 || colon > 8) return -1;
    const scheme = text.slice(0, colon).toLowerCase();
    if (scheme !== "http" && scheme !== "https") return -1;
    let end = colon + 3;
    while (end < this.byteCount) {
      const byte = this.bytes[end]!;
      if (byte === 0x2f || byte === 0x3f || byte === 0x23) break;
      end += 1;
    }
    this.scheme = scheme;
    this.authority = text.slice(colon + 3, end);
    return end;
  }
}

/** Host and port of an authority (RFC 3986, section 3.2); `host` is null where it is malformed. */
export interface Authority {
  readonly host: string | null;
  /** 0 where none is named. */
  readonly port: number;
}

const cache = new Map<string, Authority>();
const cachedMax = 1_024;

/** Parses and normalises: lower case, no user information, no trailing dot, IPv6 literals without brackets. */
export function parseAuthority(text: string): Authority {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parsed = parse(text);
  if (cache.size >= cachedMax) cache.clear();
  cache.set(text, parsed);
  return parsed;
}

const MALFORMED: Authority = { host: null, port: 0 };

function parse(text: string): Authority {
  let rest = text.trim().toLowerCase();
  const at = rest.lastIndexOf("@");
  if (at >= 0) rest = rest.slice(at + 1);
  let host = rest;
  let portText = "";
  if (rest.startsWith("[")) {
    const close = rest.indexOf("]");
    if (close < 0) return MALFORMED;
    host = rest.slice(1, close);
    const behind = rest.slice(close + 1);
    if (behind !== "" && !behind.startsWith(":")) return MALFORMED;
    portText = behind.slice(1);
    const bytes = Buffer.from(host);
    if (!isIpv6(bytes, 0, bytes.length)) return MALFORMED;
  } else {
    const colon = rest.indexOf(":");
    if (colon >= 0) {
      host = rest.slice(0, colon);
      portText = rest.slice(colon + 1);
    }
    if (host.endsWith(".")) host = host.slice(0, -1);
    if (!isHost(host)) return MALFORMED;
  }
  let port = 0;
  if (portText !== "") {
    if (portText.length > 5 || !isDigits(portText)) return MALFORMED;
    port = Number(portText);
    if (port > 65_535) return MALFORMED;
  }
  return { host, port };
}

function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!isDigit(text.charCodeAt(at))) return false;
  return true;
}

/** A name of RFC 1123 (underscores allowed, as in service names) or an IPv4 address. */
function isHost(host: string): boolean {
  if (host.length === 0 || host.length > 253) return false;
  const bytes = Buffer.from(host);
  let label = 0;
  let letters = false;
  for (let at = 0; at <= bytes.length; at += 1) {
    const byte = at < bytes.length ? bytes[at]! : 0x2e;
    if (byte === 0x2e) {
      if (at === label || at - label > 63) return false;
      if (bytes[label] === 0x2d || bytes[at - 1] === 0x2d) return false;
      label = at + 1;
    } else if ((byte >= 0x61 && byte <= 0x7a) || byte === 0x5f) letters = true;
    else if (!isDigit(byte) && byte !== 0x2d) return false;
  }
  return letters || isIpv4(bytes, 0, bytes.length) || !host.includes(".");
}

const privateCache = new Map<string, boolean>();

/** RFC 1918, RFC 4193, RFC 6598, loopback and link local: is an address one of those? */
export function isPrivateAddress(ip: string): boolean {
  const known = privateCache.get(ip);
  if (known !== undefined) return known;
  const isPrivate = judgeAddress(ip);
  if (privateCache.size >= cachedMax) privateCache.clear();
  privateCache.set(ip, isPrivate);
  return isPrivate;
}

function judgeAddress(ip: string): boolean {
  if (ip.includes(":")) {
    const lower = ip.toLowerCase();
    if (lower.startsWith("::ffff:")) return judgeAddress(lower.slice(7));
    return (
      lower === "::1" || lower.startsWith("fc") || lower.startsWith("fd") || /^fe[89ab]/.test(lower)
    );
  }
  if (ip.startsWith("10.") || ip.startsWith("127.") || ip.startsWith("192.168.")) return true;
  if (ip.startsWith("169.254.")) return true;
  const second = Number.parseInt(ip.slice(4), 10);
  if (ip.startsWith("172.")) return second >= 16 && second <= 31;
  return ip.startsWith("100.") && second >= 64 && second <= 127;
}
