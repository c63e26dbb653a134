import { KeyedHash } from "../base/hash.ts";
import { Judge } from "./judge.ts";
import { NameTable } from "./names.ts";
import type { PrivacyRules } from "./privacy.ts";
import { ValueCache } from "./valuecache.ts";
import { WordTable } from "./words.ts";

/** What scanners and tallies share: names and words by number, and the judgement of values. */
export class Tables {
  readonly names = new NameTable();
  readonly words = new WordTable();
  readonly values = new ValueCache();
  readonly hash: KeyedHash;
  readonly judge: Judge;

  constructor(hashKey: Uint8Array, privacy: PrivacyRules) {
    this.hash = new KeyedHash(hashKey);
    this.judge = new Judge(this.hash, privacy, this.words);
  }
}
