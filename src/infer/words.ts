/** Words of an API's names: taken apart, put in the singular, put together. English, as API names are. */

/** `userAccounts`, `user_accounts` and `user-accounts` are `user`, `accounts`. */
export function splitWords(name: string): string[] {
  return name
    .replace(/%[0-9A-F]{2}/g, " ")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

/** Words that end like a plural and are none. */
const SINGULAR_ENDS = /(ss|us|is|ous|news|series|species)$/;
const SINGULAR = new Set(
  "alias canvas bias gas lens dns sms http https css js aws ios os gps sas tls rss cors chaos atlas always".split(
    " ",
  ),
);

export function isPlural(word: string): boolean {
  return word.length > 3 && word.endsWith("s") && !SINGULAR_ENDS.test(word) && !SINGULAR.has(word);
}

export function singular(word: string): string {
  if (/^(people|children|indices|vertices|matrices|data|media)$/.test(word))
    return IRREGULAR.get(word) ?? word;
  if (/(statuses|aliases|viruses|buses|bonuses)$/.test(word)) return word.slice(0, -2);
  if (!isPlural(word)) return word;
  if (word.endsWith("ies") && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(ss|sh|ch|x|zz)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ["people", "person"],
  ["children", "child"],
  ["indices", "index"],
  ["vertices", "vertex"],
  ["matrices", "matrix"],
]);

export function singularWords(words: readonly string[]): string[] {
  return words.map((word, index) => (index === words.length - 1 ? singular(word) : word));
}

export function camelCase(words: readonly string[]): string {
  const text = words.map((word, index) => (index === 0 ? word : capital(word))).join("");
  return /^[A-Za-z]/.test(text) ? text : text === "" ? "" : `_${text}`;
}

export function pascalCase(words: readonly string[]): string {
  const text = words.map(capital).join("");
  return /^[A-Za-z]/.test(text) ? text : text === "" ? "" : `_${text}`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** `v1`, `v2.1`, `v1beta1`, `2010-04-01`: a version, not a thing. */
export function isVersion(segment: string): boolean {
  return (
    /^v\d{1,3}(\.\d{1,3}){0,2}((alpha|beta|rc|p)\d{0,3})?$/i.test(segment) ||
    /^\d{4}-\d{2}-\d{2}$/.test(segment)
  );
}

/** A version where those of an API stand; elsewhere `2.0` may be a value. */
export function isVersionOfApi(segment: string): boolean {
  return isVersion(segment) || /^\d{1,2}(\.\d{1,2}){1,2}$/.test(segment);
}

/** The first of `base`, `base2`, `base3`, ... that is free. */
export function unique(base: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(base)) return base;
  for (let suffix = 2; ; suffix++) if (!isTaken(`${base}${suffix}`)) return `${base}${suffix}`;
}
