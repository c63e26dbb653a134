import { frameOf } from "./frame.ts";
import type { PathTemplate } from "./model.ts";
import { templateText } from "./names.ts";

/** What an imported description says of an API's paths. It comes before hints, and before all evidence. */
export interface Authority {
  /** Templates from the root on, with names of their parameters; base paths included. */
  readonly templates: readonly string[];
  readonly operations: readonly AuthorityOperation[];
}

/** What the description calls an operation, as far as it does. */
export interface AuthorityOperation {
  /** In capitals. */
  readonly method: string;
  readonly template: string;
  readonly id: string | null;
  readonly summary: string | null;
  readonly tag: string | null;
}

/** Looks up what an imported description says of an endpoint; nothing where there is none. */
export class Authorities {
  readonly #operations = new Map<string, AuthorityOperation>();
  readonly #templates = new Map<string, string>();

  constructor(authority: Authority | null) {
    for (const template of authority?.templates ?? [])
      this.#templates.set(frameOf(template), template);
    for (const operation of authority?.operations ?? [])
      this.#operations.set(`${operation.method} ${frameOf(operation.template)}`, operation);
  }

  operation(method: string, path: PathTemplate): AuthorityOperation | null {
    return this.#operations.get(`${method} ${frameOf(path.text)}`) ?? null;
  }

  /** The path with the names of its parameters that the description gives, which may differ from path to path. */
  named(path: PathTemplate): PathTemplate {
    const template = this.#templates.get(frameOf(path.text));
    if (template === undefined || template === path.text) return path;
    const names = [...template.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]!);
    if (new Set(names).size < names.length || names.includes("")) return path;
    const next = names.values();
    const segments = path.segments.map(({ parts }) => ({
      parts: parts.map((part) =>
        part.kind === "parameter" ? { ...part, name: next.next().value ?? part.name } : part,
      ),
    }));
    return { segments, text: templateText(segments) };
  }
}
