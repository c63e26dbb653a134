import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";
import type { SelectorText } from "./jsonscanner.ts";
import { mediaTypeOfHead } from "./mediatype.ts";
import { segmentPattern } from "./segment.ts";

/**
 * What tells operations on one path apart: `graphql:query:GetUser`, `jsonrpc:user.get`, `soap:GetPrice`; empty
 * where the path alone does. `texts` are the values of the members at the request's top that may name it, `head` is the
 * request's.
 */
export function operationSelector(texts: readonly SelectorText[], head: Head): string {
  if (texts.length === 0) return "";
  let method = "";
  let version = "";
  let query = "";
  let operationName = "";
  for (const { name, text } of texts) {
    if (name === "method") method = text;
    else if (name === "jsonrpc") version = text;
    else if (name === "query") query = text;
    else if (name === "operationName") operationName = text;
    else if (name === "soap") return `soap:${safeName(text === "" ? soapAction(head) : text)}`;
  }
  if (version !== "" && method !== "") return `jsonrpc:${safeName(method)}`;
  return query === "" ? "" : graphqlSelector(query, operationName);
}

/**
 * The last part of the URI that says what is wanted: a field of its own in SOAP 1.1 (section 6.1.1), a parameter of the media
 * type in SOAP 1.2 (RFC 3902).
 */
function soapAction(head: Head): string {
  const { parameters } = mediaTypeOfHead(head);
  const action = head.value(HeaderName.SoapAction) ?? ACTION.exec(parameters)?.[1] ?? "";
  const parts = action.replaceAll('"', "").trim().split(/[/#:]/);
  return parts.findLast((part) => part !== "") ?? "";
}

const ACTION = /;\s{0,8}action="?([^";]*)/i;

/** GraphQL specification (October 2021), section 2.3: the first operation of the document. */
function graphqlSelector(query: string, operationName: string): string {
  const text = query.trimStart();
  if (text.startsWith("{")) return `graphql:query:${safeName(operationName)}`;
  const found = /^(query|mutation|subscription)(?:\s+([A-Za-z_]\w{0,63}))?\s*[({@]/.exec(text);
  if (found !== null) {
    return `graphql:${found[1]!}:${safeName(operationName === "" ? (found[2] ?? "") : operationName)}`;
  }
  if (!text.startsWith("fragment ") && !text.startsWith("#")) return "";
  const later = /\b(query|mutation|subscription)\b/.exec(text);
  return later === null ? "" : `graphql:${later[1]!}:${safeName(operationName)}`;
}

const nameCharactersMax = 64;

/** A name is kept as a path word is: what looks like a value in it becomes its class. */
function safeName(name: string): string {
  if (name === "") return "-";
  const kept = name.slice(0, nameCharactersMax);
  return /^[A-Za-z_][\w.:/-]*$/.test(kept) ? segmentPattern(kept) : "{text}";
}
