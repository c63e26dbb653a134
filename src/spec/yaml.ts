/**
 * Documents as YAML 1.2, of which they need little: mappings, sequences and scalars of JSON. Written here, since the tree that a
 * general library makes of a document first takes ten times as long as the text. Whatever is not plain is
 * quoted as JSON does it, which YAML reads (section 1.3 of its specification).
 */
import type { Json, JsonObject, OpenApiDocument } from "./document.ts";

const EVIDENCE_KEY = "x-nta";
const STEP = "  ";
/** An implicit key is at most so long (YAML 1.2, section 7.4); a longer one is announced. */
const KEY_LENGTH_MAX = 1024;

/** No folding and no anchors: a line is a value, two equal parts are written twice, and evidence takes one line. */
export function toText(document: OpenApiDocument, format: "yaml" | "json"): string {
  if (format === "json") return `${JSON.stringify(document, null, 2)}\n`;
  return `${blockOf(document, "")}\n`;
}

/** A value on lines of its own, of which the first stands at `indent` already. */
function blockOf(value: Json, indent: string): string {
  if (!isCollection(value)) return scalarOf(value, indent);
  const parts = isList(value)
    ? value.map((item) => `- ${blockOf(item, indent + STEP)}`)
    : membersOf(value).map(([key, member]) => blockMember(key, member, indent));
  return parts.length === 0 ? emptyOf(value) : parts.join(`\n${indent}`);
}

function blockMember(key: string, value: Json, indent: string): string {
  const name = stringOf(key, false, null);
  const inner = indent + STEP;
  const isFlow = key === EVIDENCE_KEY && isCollection(value) && !isList(value);
  const text = isFlow ? flowOf(value) : blockOf(value, inner);
  if (name.length > KEY_LENGTH_MAX) return `? ${name}\n${indent}: ${text}`;
  return isFlow || !isCollection(value) || isEmpty(value)
    ? `${name}: ${text}`
    : `${name}:\n${inner}${text}`;
}

/** A value on one line. */
function flowOf(value: Json): string {
  if (typeof value === "string") return stringOf(value, true, null);
  if (!isCollection(value)) return scalarOf(value, "");
  if (isEmpty(value)) return emptyOf(value);
  if (isList(value)) return `[ ${value.map(flowOf).join(", ")} ]`;
  const members = membersOf(value).map(
    ([key, member]) => `${stringOf(key, true, null)}: ${flowOf(member)}`,
  );
  return `{ ${members.join(", ")} }`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isCollection = (value: Json): value is readonly Json[] | JsonObject =>
  typeof value === "object" && value !== null;

/** As JSON does, without members that have no value. */
const membersOf = (value: JsonObject): [string, Json][] =>
  Object.entries(value).filter(([, member]) => member !== undefined);

const isEmpty = (value: readonly Json[] | JsonObject): boolean =>
  isList(value) ? value.length === 0 : membersOf(value).length === 0;
const emptyOf = (value: Json): string => (isList(value) ? "[]" : "{}");

const scalarOf = (value: null | boolean | number | string, indent: string): string =>
  typeof value === "string" ? stringOf(value, false, indent) : JSON.stringify(value);

/** `indent` is where the lines of a string of several lines stand, null where it must be one line. */
function stringOf(value: string, inFlow: boolean, indent: string | null): string {
  if (isPlain(value) && !(inFlow && FLOW_INDICATOR.test(value))) return value;
  if (indent !== null && isLines(value)) return literalOf(value, indent);
  const apart = value.includes('"') && !value.includes("'") && !UNPRINTABLE.test(value);
  return apart ? `'${value}'` : JSON.stringify(value);
}

/** Several lines as they are (section 8.1.2): `|` with the last line end, `|-` where there is none. */
function literalOf(value: string, indent: string): string {
  const isEnded = value.endsWith("\n");
  const lines = isEnded ? value.slice(0, -1) : value;
  return `|${isEnded ? "" : "-"}\n${indent}${lines.replaceAll(/\n+/g, (breaks) => breaks + indent)}`;
}

/** Reads as this string and nothing else without quotes (sections 7.3.3 and 10.3.2). */
const isPlain = (value: string): boolean =>
  SIMPLE.test(value)
    ? !OTHER_TYPE.test(value)
    : !(NOT_PLAIN.test(value) || UNPRINTABLE.test(value) || OTHER_TYPE.test(value));

/** Lines of text that begin and end with more than white space, but for the last line end. */
const isLines = (value: string): boolean =>
  value.includes("\n") &&
  !UNPRINTABLE.test(value.replaceAll("\n", "")) &&
  !/^[\n\t ]|[\t ]\n?$|\n\n$/.test(value);

/** Most strings: names and words. Says nothing that the others do not say, in one pass. */
const SIMPLE = /^[A-Za-z_/][\w/.+ -]*[\w/]$/;
/** Indicators at the start, what ends a key or begins a comment, white space at either end, markers of documents. */
const NOT_PLAIN =
  /^$|^[\t ,[\]{}#&*!|>'"%@`]|^[?-](?:$|[\t ])|^(?:---|\.\.\.)|:[\t ]|[\t ]#|[\t :]$/;
/** Control characters but for the tab, and halves of characters. */
const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Cs}]/u;
const FLOW_INDICATOR = /[[\]{},]/;
/** Null, booleans, integers and floats. */
const OTHER_TYPE =
  /^(?:~|null|Null|NULL|[Tt]rue|TRUE|[Ff]alse|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/;
