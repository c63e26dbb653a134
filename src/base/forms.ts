/** The forms that values of settings have as text, on the command line and in the environment. */
import { nearest } from "./spelling.ts";

/** `wrong` is the part of the text that does not fit, `meant` the right spelling that is nearest to it. */
export type Parsed<Value> =
  | { readonly value: Value }
  | { readonly wrong: string; readonly meant: string | null };

export interface Form<Value> {
  /** Stands for the value in help texts; null for a switch, which has none on the command line. */
  readonly placeholder: string | null;
  /** Completes "allowed: ". */
  readonly allowed: string;
  /** Whether a flag that is repeated adds to the list. */
  readonly isList: boolean;
  parse(text: string): Parsed<Value>;
}

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const anyText = (placeholder: string, allowed: string): Form<string> => ({
  placeholder,
  allowed,
  isList: false,
  parse: (text) => ({ value: text }),
});

/** Text that `isAllowed` takes; as with every form, an empty one is none. */
const textThat = (
  placeholder: string,
  allowed: string,
  isAllowed: (text: string) => boolean,
): Form<string> => ({
  ...anyText(placeholder, allowed),
  parse: (text) =>
    text === "" || isAllowed(text) ? { value: text } : { wrong: text, meant: null },
});

const isUrlOf = (schemes: RegExp, text: string): boolean =>
  schemes.test(text) && URL.canParse(text);

export const webUrl = (allowed: string): Form<string> =>
  textThat("URL", allowed, (text) => isUrlOf(/^https?:\/\/[^\s/]/i, text));

export const natsUrls = (allowed: string): Form<string> =>
  textThat("URL", allowed, (text) =>
    text.split(",").every((part) => isUrlOf(/^(?:nats|tls):\/\/[^\s/]/, part)),
  );

export const name = (charactersMax: number): Form<string> =>
  textThat(
    "NAME",
    `a name of up to ${charactersMax} characters`,
    (text) => text.length <= charactersMax && !/\p{C}/u.test(text),
  );

export const oneOf = <const Word extends string>(words: readonly Word[]): Form<Word> => ({
  placeholder: words.join("|"),
  allowed: words.join(" or "),
  isList: false,
  parse: (text) => {
    const value = words.find((word) => word === text.toLowerCase());
    return value === undefined ? { wrong: text, meant: nearest(text, words) } : { value };
  },
});

const ON = ["true", "1", "yes", "on"];
const OFF = ["false", "0", "no", "off"];

export const onOrOff: Form<boolean> = {
  placeholder: null,
  allowed: "true or false",
  isList: false,
  parse: (text) => {
    if (ON.includes(text.toLowerCase())) return { value: true };
    if (OFF.includes(text.toLowerCase())) return { value: false };
    return { wrong: text, meant: nearest(text, ["true", "false", "yes", "no"]) };
  },
};

const listOf = <Item>(
  placeholder: string,
  allowed: string,
  parseItem: (item: string) => Item | null,
  suggest: (item: string) => string | null,
): Form<readonly Item[]> => ({
  placeholder,
  allowed,
  isList: true,
  parse: (text) => {
    const value: Item[] = [];
    for (const part of text.split(",")) {
      const item = part.trim();
      if (item === "") continue;
      const parsed = parseItem(item);
      if (parsed === null) return { wrong: item, meant: suggest(item) };
      value.push(parsed);
    }
    return value.length === 0 && text !== "" ? { wrong: text, meant: null } : { value };
  },
});

const PORT_MAX = 65535;

const parsePorts = (item: string): PortRange | null => {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(item);
  if (match === null) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && first <= last && last <= PORT_MAX ? { first, last } : null;
};

const suggestPorts = (item: string): string | null => {
  const [first, last, ...more] = item.match(/\d{1,5}/g) ?? [];
  if (first === undefined || more.length > 0) return null;
  if (last === undefined) return parsePorts(first) && first;
  const ascending = Number(first) <= Number(last) ? `${first}-${last}` : `${last}-${first}`;
  return parsePorts(ascending) && ascending;
};

export const ports: Form<readonly PortRange[]> = listOf(
  "LIST",
  `a comma list of ports and ranges from 1 to ${PORT_MAX}, such as 80,443,5005-6000`,
  parsePorts,
  suggestPorts,
);

const parseStatus = (item: string): string | null =>
  /^[1-9x][0-9x]{2}$/i.test(item) ? item.toLowerCase() : null;

const suggestStatus = (item: string): string | null => {
  const digits = item
    .toLowerCase()
    .replaceAll(/[*?_]/g, "x")
    .replaceAll(/[^0-9x]/g, "");
  return digits === "" ? null : parseStatus(digits.slice(0, 3).padEnd(3, "x"));
};

/** Status codes, `x` standing for any digit: three lower-case characters each. */
export const statusCodes: Form<readonly string[]> = listOf(
  "LIST",
  "a comma list of status codes in which x stands for any digit, such as 200,20x,4xx",
  parseStatus,
  suggestStatus,
);

/** A field name of HTTP is a token (RFC 9110, section 5.6.2). */
const parseFieldName = (item: string): string | null =>
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(item) ? item.toLowerCase() : null;

const suggestFieldName = (item: string): string | null =>
  parseFieldName(item.split(/[:=]/)[0]!.trim().replaceAll(/\s+/g, "-"));

/** Header names, in lower case. */
export const headerNames: Form<readonly string[]> = listOf(
  "LIST",
  "a comma list of header names, such as X-Internal,X-Health-Check",
  parseFieldName,
  suggestFieldName,
);

/** Parts names by slashes, so it has none. */
const CLUSTER_NAME = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,62})?$/;

export const clusterName: Form<string> = {
  placeholder: "NAME",
  allowed: "up to 63 letters, digits, '.', '_' and '-', a letter or digit first",
  isList: false,
  parse: (text) => {
    if (CLUSTER_NAME.test(text)) return { value: text };
    const meant = text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
    return { wrong: text, meant: meant === "" ? null : meant.slice(0, 63) };
  },
};

/** `things` completes "a comma list of". */
export const names = (things: string): Form<readonly string[]> =>
  listOf(
    "LIST",
    `a comma list of ${things}`,
    (item) => (/\s/.test(item) ? null : item),
    (item) => item.split(/\s+/).join(","),
  );

/** Some of the words; `none` is the empty list. */
export const someOf = <const Word extends string>(
  words: readonly Word[],
): Form<readonly Word[]> => {
  const form = listOf<Word>(
    "LIST",
    `none, or a comma list of ${words.join(", ")}`,
    (item) => words.find((word) => word === item.toLowerCase()) ?? null,
    (item) => nearest(item, words),
  );
  const parse = (text: string) =>
    text.toLowerCase() === "none" ? { value: [] } : form.parse(text);
  return { ...form, parse };
};

/** `from` is an alias of `to`: what was heard for the first belongs to the second. */
export interface HostAlias {
  readonly from: string;
  readonly to: string;
}

const parseAlias = (item: string): HostAlias | null => {
  const match = /^([^\s=]+)=([^\s=]+)$/.exec(item);
  return match === null ? null : { from: match[1]!.toLowerCase(), to: match[2]!.toLowerCase() };
};

export const hostAliases: Form<readonly HostAlias[]> = listOf(
  "A=B",
  "host=host, host:port=host:port or a comma list of these, such as 10.0.0.7:8080=shop.example:80",
  parseAlias,
  (item) => {
    const parts = item.split(/\s*(?:=+>?|->|\s)\s*/).filter((part) => part !== "");
    return parts.length === 2 ? parts.join("=") : null;
  },
);
