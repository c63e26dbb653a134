/** What a person corrected. `spec/hints.ts` reads it from YAML; inference obeys it before any evidence. */
export interface Hints {
  /** Templates such as `/repos/{owner}/{repo}`: their braces are parameters, with these names, and their words are literal. */
  readonly pins: readonly string[];
  /** Templates that must not be concluded: the last parameter's words stay literal, as far as they were kept. */
  readonly vetoes: readonly string[];
  readonly renames: readonly {
    /** Template in which the parameter stands, by its names or with `{}` for any. */
    readonly path: string;
    readonly from: string;
    readonly to: string;
  }[];
  /** Each list: hosts (`host` or `host:port`) that are one API, the first names it. */
  readonly merges: readonly (readonly string[])[];
  /** Hosts that stay APIs of their own although a rule would join them. */
  readonly splits: readonly string[];
  /** Path prefixes or templates that are no part of an API; `*` stands for one segment, `**` at the end for the rest. */
  readonly ignores: readonly string[];
  /** Header names, lower case, that are the API's own. */
  readonly ownHeaders: readonly string[];
}

export const noHints: Hints = {
  pins: [],
  vetoes: [],
  renames: [],
  merges: [],
  splits: [],
  ignores: [],
  ownHeaders: [],
};
