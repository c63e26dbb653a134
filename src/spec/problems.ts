/** What can be wrong with a description from outside. Codes are stable: others match on them. */
export const importProblems = {
  "not-parsed": "the text is neither JSON nor YAML",
  "not-openapi": "the document is no OpenAPI 2.0, 3.0 or 3.1",
  "no-paths": "the document describes no operation",
  "path-ignored": "a path is no template such as /users/{userId}",
  "operation-ignored": "an operation is no object",
  "reference-outside": "a reference leads out of the document",
  "reference-dangling": "a reference leads nowhere in the document",
  "too-large": "a part of the document passes a limit",
} as const;

export type ImportProblemCode = keyof typeof importProblems;

export interface ImportProblem {
  readonly code: ImportProblemCode;
  /** Where in the document, as a JSON pointer or a line. */
  readonly place: string;
  readonly text: string;
}

/** Problems as they are found: each code and place once, and no more of them than anyone reads. */
export class ProblemList {
  readonly #problems = new Map<string, ImportProblem>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(code: ImportProblemCode, place: string, text: string = importProblems[code]): void {
    const key = `${code} ${place}`;
    if (this.#problems.size < this.#max && !this.#problems.has(key))
      this.#problems.set(key, { code, place, text });
  }

  get all(): readonly ImportProblem[] {
    return [...this.#problems.values()];
  }
}
