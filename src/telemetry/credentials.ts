/**
 * Which credentials a call bore: kind, place and name of each, as `summary.ts` writes them; never a value.
 */
import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";
import { lowerText, startsWith } from "./forms.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Names of headers, query parameters and cookies whose value opens doors, in lower case. */
const CREDENTIAL_NAMES = words(
  "x-api-key api-key apikey api_key x-apikey x-api-token x-auth-token auth-token auth_token x-access-token access-token " +
    "access_token private-token private_token job-token x-amz-security-token x-functions-key ocp-apim-subscription-key " +
    "subscription-key subscription_key x-rapidapi-key x-goog-api-key x-token authtoken x-session-token x-vault-token " +
    "x-consul-token x-shopify-access-token x-figma-token x-auth-key x-auth x-authorization x-secret-key x-client-secret " +
    "dd-api-key dd-application-key x-gitlab-token circle-token x-honeycomb-team x-algolia-api-key x-admin-token " +
    "x-admin-api-key hapikey x-jwt-assertion x-id-token id_token client_secret app_key appkey x-app-key x-apitoken apitoken",
);

/** Names that are credentials only where the value looks random. */
const WEAK_NAMES = words("key token jwt sig signature auth appid code_verifier");

const SESSION_NAMES = words(
  "sid sess session sessionid session_id sessid jsessionid phpsessid asp.net_sessionid aspsessionid connect.sid " +
    "laravel_session _session ci_session cfid cftoken auth authtoken remember_token user_session",
);

export const isCredentialName = (name: string): boolean => CREDENTIAL_NAMES.has(name);
export const isWeakCredentialName = (name: string): boolean => WEAK_NAMES.has(name);

/** The credential that a cookie with this name is, or null. */
export function cookieCredential(name: string): string | null {
  const lower = name.toLowerCase();
  if (CREDENTIAL_NAMES.has(lower) || lower === "jwt" || lower === "token") {
    return `apikey:cookie:${safeName(name)}`;
  }
  if (SESSION_NAMES.has(lower) || lower.includes("session") || lower.endsWith("sessid")) {
    return `session:cookie:${safeName(name)}`;
  }
  return null;
}

export const queryCredential = (name: string): string => `apikey:query:${safeName(name)}`;
export const headerCredential = (name: string): string => `apikey:header:${safeName(name)}`;

/** A set of credentials is joined by spaces. */
const safeName = (name: string): string => name.replaceAll(" ", "%20");

/** Schemes of RFC 9110, section 11 that are no keys in disguise. */
const OTHER_SCHEMES = words(
  "negotiate ntlm kerberos hawk oauth signature mac gnap dpop hoba mutual scram-sha-1 scram-sha-256 vapid " +
    "privatetoken concealed aws4-hmac-sha256 aws4-hmac-sha1 aws4-ecdsa-p256-sha256 sharedkey sharedkeylite acs2-hmac-sha256",
);

/** What an Authorization field says, or null where there is none. Its value is read in place. */
export function authorizationCredential(head: Head): string | null {
  for (let index = 0; index < head.fieldCount; index += 1) {
    if (head.nameIdAt(index) !== HeaderName.Authorization) continue;
    const start = head.fields[index * 5 + 3]!;
    const end = head.fields[index * 5 + 4]!;
    return credentialOf(head.bytes, start, end);
  }
  return null;
}

function credentialOf(bytes: Uint8Array, start: number, end: number): string {
  let space = start;
  while (space < end && bytes[space] !== 0x20 && space - start < schemeBytesMax) space += 1;
  if (space === end || bytes[space] !== 0x20) return "apikey:header:authorization";
  const scheme = lowerText(bytes, start, space);
  switch (scheme) {
    case "bearer":
      return isJwtAt(bytes, space + 1, end)
        ? "bearer-jwt:header:authorization"
        : "bearer:header:authorization";
    case "basic":
      return "basic:header:authorization";
    case "digest":
      return "digest:header:authorization";
    default:
      return OTHER_SCHEMES.has(scheme) ? `other:header:${scheme}` : "apikey:header:authorization";
  }
}

/** The longest of `OTHER_SCHEMES`. */
const schemeBytesMax = 24;

function isJwtAt(bytes: Uint8Array, start: number, end: number): boolean {
  let dots = 0;
  if (!startsWith(bytes, start, end, "eyJ")) return false;
  for (let at = start; at < end; at += 1) if (bytes[at] === 0x2e) dots += 1;
  return dots === 2 || dots === 4;
}

const GRANTS = words("authorization_code client_credentials password refresh_token implicit");

/** A form with `grant_type` asks an OAuth 2 token endpoint (RFC 6749, section 4). */
export function grantCredential(grant: string): string {
  if (GRANTS.has(grant)) return `oauth2:body:${grant}`;
  const known = "urn:ietf:params:oauth:grant-type:";
  if (!grant.startsWith(known)) return "oauth2:body:other";
  const kind = grant.slice(known.length);
  return /^[a-z0-9_-]{1,24}$/.test(kind) ? `oauth2:body:${kind}` : "oauth2:body:other";
}

/** The key of a set: sorted, without repetition, `-` for none. */
export function credentialSet(found: readonly string[]): string {
  if (found.length === 0) return "-";
  const first = found[0]!;
  if (found.length === 1) return first;
  const second = found[1]!;
  if (found.length === 2 && first !== second)
    return first < second ? `${first} ${second}` : `${second} ${first}`;
  return [...new Set(found)].sort().join(" ");
}
