/**
 * What a segment's text alone says about whether it names a thing (a user's login, a slug) or a part of the
 * API. Weak by design: ids are made of the same words as resources.
 */

import { isKnownWord } from "../telemetry/vocabulary.ts";
import type { Reason } from "./model.ts";
import { isPlural, isVersion, singular, splitWords } from "./words.ts";

/** Segments that stand where an id could, and mean something else. */
const FIXED = new Set(
  `me self current mine my own all any none new latest default search find query count total stats statistics status
health info version versions batch bulk export import login logout signin signup register token authorize callback
list create update delete edit add remove get set reset refresh verify validate confirm cancel approve reject submit
start stop restart pause resume enable disable activate deactivate archive restore publish unpublish send sync test
preview download upload copy move merge clone lock unlock close open settings config configuration permissions schema
metadata history events`.split(/\s+/),
);

/** Whoever calls, and so never the name of anyone: strong enough to stand against siblings of one shape. */
const CALLER = new Set(["me", "self", "myself", "mine", "current", "whoami"]);

const VERBS = new Set(
  `find get create list update delete set add remove search import export upload download send check validate verify
convert generate calculate compute fetch read write start stop run execute apply enable disable make do is has can
reset refresh sync register login logout cancel confirm approve reject accept decline close open move copy merge clone
lookup query count batch bulk`.split(/\s+/),
);

export function lookOf(word: string): Reason[] {
  const reasons: Reason[] = [];
  const say = (text: string, weight: number) => reasons.push({ text, weight });
  if (isVersion(word)) say("is a version", -4);
  if (CALLER.has(word.toLowerCase())) say("stands for whoever calls", -8);
  if (FIXED.has(word.toLowerCase())) say("is a word that APIs use for fixed parts", -1.5);
  if (beginsWithVerb(word)) say("begins with a verb", -1.2);
  if (/^[_$.~-]/.test(word) && !/^_.*_$/.test(word)) say("begins with a sign", -2);
  if (/%[0-9A-Fa-f]{2}|[@:,;=+!*'()]/.test(word))
    say("has signs that names of parts have not", 0.8);
  const words = splitWords(word);
  const endsPlural = isPlural(words.at(-1) ?? "");
  if (/\d\d|\d$|\{/.test(word) && !isVersion(word)) say("has digits", 0.8);
  else if (/^[A-Z]{1,5}$/.test(word)) say("is a code in capitals", 0.5);
  else if (endsPlural) say("is a plural", -0.7);
  if (words.length > 1 && word.includes("-") && !endsPlural) say("is words with hyphens", 0.3);
  if (words.length > 1 && /^[A-Za-z_]+(\.[A-Za-z_]+)+$/.test(word)) say("is a dotted name", -0.6);
  return reasons;
}

/** Whether it is called as APIs call what is done: `createWithList`, `archive`. */
export function isAction(word: string): boolean {
  return beginsWithVerb(word) || VERBS.has(word.toLowerCase()) || FIXED.has(word.toLowerCase());
}

function beginsWithVerb(word: string): boolean {
  return /^[a-z]+[A-Z]/.test(word) && VERBS.has(splitWords(word)[0]!);
}

/** `1.0.0`, `2.4.1-beta.2`: the version of a thing. That of an API has no more than two numbers, or a letter. */
export function isRelease(word: string): boolean {
  return /^v?\d+\.\d+\.\d+([-+.][0-9A-Za-z.+-]*)?$/.test(word);
}

/** Whether a part of it is a word that APIs seldom use. */
export function isForeign(word: string): boolean {
  return splitWords(word).some((part) => /^[a-z]{3,}$/.test(part) && !isKnown(part));
}

function isKnown(word: string): boolean {
  const bytes = Buffer.from(word);
  return isKnownWord(bytes, 0, bytes.length) || (isPlural(word) && isKnown(singular(word)));
}

export function weightOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, reason) => sum + reason.weight, 0);
}
