import { KeyedHash } from "../base/hash.ts";
import { Course } from "./course.ts";
import { HeaderNames } from "./headers.ts";
import { Judge } from "./judge.ts";
import { NameTable } from "./names.ts";
import type { PrivacyRules } from "./privacy.ts";
import { Tracer } from "./traces.ts";
import { ValueCache } from "./valuecache.ts";
import { WordTable } from "./words.ts";

/** What scanners and tallies share: names and words by number, and the judgement of values. */
export class Tables {
  readonly names = new NameTable();
  readonly words = new WordTable();
  #course = new Course(this.names);
  readonly values = new ValueCache();
  readonly hash: KeyedHash;
  readonly judge: Judge;
  readonly tracer: Tracer;
  readonly headers = new HeaderNames(this.names);
  #message = 0;

  /** Serial number of a message whose parameters are counted: tells repeated ones from new ones. */
  nextMessage(): number {
    this.#message = (this.#message + 1) | 0;
    return this.#message;
  }

  /** For a body that begins: where there is no room left, all is learned anew. */
  get course(): Course {
    if (this.#course.isFull) this.#course = new Course(this.names);
    return this.#course;
  }

  constructor(hashKey: Uint8Array, privacy: PrivacyRules) {
    this.hash = new KeyedHash(hashKey);
    this.tracer = new Tracer(this.hash);
    this.judge = new Judge(this.hash, privacy, this.words);
  }
}
