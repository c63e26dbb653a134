import { LineCounter, parseDocument } from "yaml";
import { type Hints, noHints } from "../infer/hints.ts";

/** What a file of hints may say, and that there is a word for it. */
const LISTS = ["pins", "vetoes", "renames", "merges", "splits", "ignores", "ownHeaders"] as const;
type ListName = (typeof LISTS)[number];

/**
 * Hints as YAML 1.2 (so JSON too): an object of lists, each of texts; `merges` is a list of lists. Never throws;
 * where there are problems, each is a sentence, and the value is what could be read.
 */
export function parseHints(text: string): { value: Hints; problems: string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    return { value: noHints, problems: [`line ${line}: ${error.message.split("\n")[0]}`] };
  }
  const content: unknown = document.toJS({ maxAliasCount: 0 });
  if (content === null) return { value: noHints, problems: [] };
  if (typeof content !== "object" || Array.isArray(content)) {
    return { value: noHints, problems: [`an object is expected, with ${LISTS.join(", ")}`] };
  }
  const problems: string[] = [];
  const found = new Map<string, unknown>(Object.entries(content));
  for (const key of found.keys()) {
    if (!LISTS.some((name) => name === key)) {
      problems.push(`'${key}' is not known; allowed are ${LISTS.join(", ")}`);
    }
  }
  const read = (name: ListName): readonly unknown[] => {
    const list = found.get(name) ?? [];
    if (Array.isArray(list)) return list;
    problems.push(`'${name}' must be a list`);
    return [];
  };
  const texts = (name: ListName): string[] => textsOf(read(name), name, problems);
  const value: Hints = {
    pins: templatesOf(texts("pins"), "pins", problems),
    vetoes: templatesOf(texts("vetoes"), "vetoes", problems),
    renames: renamesOf(read("renames"), problems),
    merges: read("merges").map((hosts) =>
      textsOf(Array.isArray(hosts) ? hosts : [], "merges", problems, 2),
    ),
    splits: texts("splits"),
    ignores: texts("ignores"),
    ownHeaders: texts("ownHeaders").map((name) => name.toLowerCase()),
  };
  return { value, problems };
}

function textsOf(
  list: readonly unknown[],
  name: ListName,
  problems: string[],
  countMin = 0,
): string[] {
  const texts = list.filter((each): each is string => typeof each === "string" && each !== "");
  if (texts.length < list.length) problems.push(`'${name}' may hold texts alone`);
  if (texts.length < countMin) problems.push(`each of '${name}' is a list of two hosts or more`);
  return texts;
}

/** Path templates: from the root on, with braces that match. */
function templatesOf(list: readonly string[], name: string, problems: string[]): string[] {
  return list.filter((template) => {
    if (/^\/[^{}]*(\{[^{}/]*\}[^{}]*)*$/.test(template)) return true;
    problems.push(`'${template}' of '${name}' is no template such as /users/{userId}`);
    return false;
  });
}

function renamesOf(list: readonly unknown[], problems: string[]): Hints["renames"] {
  return list.flatMap((each) => {
    const { path, from, to } = (each ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof path === "string" && typeof from === "string" && typeof to === "string")
      if (path.startsWith("/") && /^[^{}/]+$/.test(to)) return [{ path, from, to }];
    problems.push("each of 'renames' has a path (a template), from and to");
    return [];
  });
}
