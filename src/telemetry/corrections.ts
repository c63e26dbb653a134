/**
 * What people corrected, as far as it can be obeyed where traffic is heard (docs/hints.md). Inference obeys the same hints in any
 * case; obeyed here, what is ignored is not learned, and what was named by a person is no value.
 */
import type { Target } from "./target.ts";

/** Hints of one API, with the servers that it has. */
export interface Correction {
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** Templates, whose words are literal. */
  readonly pins: readonly string[];
  /** `*` is one segment, `**` at the end the rest. */
  readonly ignores: readonly string[];
  /** Names of headers whose values are the API's own, in lower case. */
  readonly ownHeaders: readonly string[];
}

export class Corrections {
  readonly #byServer = new Map<string, ApiCorrections>();

  constructor(given: readonly Correction[]) {
    for (const each of given) {
      const corrections = new ApiCorrections(each);
      for (const host of each.hosts) {
        for (const port of each.ports) this.#byServer.set(`${host} ${port}`, corrections);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#byServer.size === 0;
  }

  of(host: string, port: number): ApiCorrections | null {
    return this.#byServer.get(`${host} ${port}`) ?? null;
  }
}

export class ApiCorrections {
  readonly ownHeaders: ReadonlySet<string>;
  readonly pins: PathWords | null;
  readonly #ignored: PathWords | null;

  constructor({ pins, ignores, ownHeaders }: Correction) {
    this.ownHeaders = new Set(ownHeaders);
    this.pins = pathWords(pins, (segment) => segment.includes("{"));
    // What a parameter is, inference concludes: where a template has one, only inference can tell.
    const plain = ignores.filter((pattern) => !pattern.includes("{"));
    this.#ignored = pathWords(plain, (segment) => segment === "*");
  }

  /** Whether a path is no part of the API. */
  ignores({ text, pathStart, pathEnd }: Target): boolean {
    if (this.#ignored === null || pathStart < 0) return false;
    const walk = new PathWalk(this.#ignored);
    if (walk.isOpen) return true;
    for (let start = pathStart; start <= pathEnd; ) {
      const slash = text.indexOf("/", start);
      const end = slash < 0 || slash > pathEnd ? pathEnd : slash;
      walk.step(text.slice(start, end));
      if (walk.isOpen) return true;
      start = end + 1;
    }
    return walk.isEnd;
  }
}

/** The segments at one place of some templates. */
export interface PathWords {
  readonly words: Map<string, PathWords>;
  /** Behind a segment that may be anything. */
  any: PathWords | null;
  isEnd: boolean;
  /** Whatever follows belongs to it. */
  isOpen: boolean;
}

const emptyPlace = (): PathWords => ({ words: new Map(), any: null, isEnd: false, isOpen: false });

const pathWords = (
  templates: readonly string[],
  isAny: (segment: string) => boolean,
): PathWords | null => {
  if (templates.length === 0) return null;
  const root = emptyPlace();
  for (const template of templates) {
    let place = root;
    const segments = template.replace(/^\//, "").split("/");
    const isOpen = segments.at(-1) === "**";
    for (const segment of isOpen ? segments.slice(0, -1) : segments) {
      if (isAny(segment)) {
        place.any ??= emptyPlace();
        place = place.any;
        continue;
      }
      let next = place.words.get(segment);
      if (next === undefined) {
        next = emptyPlace();
        place.words.set(segment, next);
      }
      place = next;
    }
    if (isOpen) place.isOpen = true;
    else place.isEnd = true;
  }
  return root;
};

/** Templates that agree on few segments and differ behind them are few: beyond that inference alone obeys. */
const PLACES_MAX = 8;

/** Goes along a path, in all templates at once. */
export class PathWalk {
  #places: PathWords[];

  constructor(root: PathWords) {
    this.#places = [root];
  }

  /** The next segment, as sent. Whether some template has it as a word. */
  step(segment: string): boolean {
    const places: PathWords[] = [];
    let isWord = false;
    for (const { words, any } of this.#places) {
      const next = words.get(segment);
      if (next !== undefined) {
        isWord = true;
        places.push(next);
      }
      if (any !== null) places.push(any);
    }
    places.length = Math.min(places.length, PLACES_MAX);
    this.#places = places;
    return isWord;
  }

  get isEnd(): boolean {
    return this.#places.some(({ isEnd }) => isEnd);
  }

  get isOpen(): boolean {
    return this.#places.some(({ isOpen }) => isOpen);
  }
}
