/**
 * What a segment's text alone says about whether it names a thing (a user's login, a slug) or a part of the
 * API. Weak by design: ids are made of the same words as resources.
 */

import type { Reason } from "./model.ts";
import { isPlural, isVersion, splitWords } from "./words.ts";

/** Segments that stand where an id could, and mean something else. */
const FIXED = new Set(
  `me self current mine my own all any none new latest default search find query count total stats statistics status
health info version versions batch bulk export import login logout signin signup register token authorize callback
list create update delete edit add remove get set reset refresh verify validate confirm cancel approve reject submit
start stop restart pause resume enable disable activate deactivate archive restore publish unpublish send sync test
preview download upload copy move merge clone lock unlock close open settings config configuration permissions schema
metadata history events`.split(/\s+/),
);

export function lookOf(word: string): Reason[] {
  const reasons: Reason[] = [];
  const say = (text: string, weight: number) => reasons.push({ text, weight });
  if (isVersion(word)) say("is a version", -4);
  if (FIXED.has(word.toLowerCase())) say("is a word that APIs use for fixed parts", -1.5);
  if (/^[_$.~-]/.test(word) && !/^_.*_$/.test(word)) say("begins with a sign", -2);
  if (/%[0-9A-Fa-f]{2}|[@:,;=+!*'()]/.test(word))
    say("has signs that names of parts have not", 0.8);
  const words = splitWords(word);
  const digits = word.replace(/[^0-9]/g, "").length;
  if (digits > 0 && !isVersion(word)) say("has digits", 0.8);
  else if (words.length === 1 && isPlural(words[0]!)) say("is a plural", -0.7);
  if (words.length > 1 && word.includes("-")) say("is words with hyphens", 0.3);
  return reasons;
}

export function weightOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, reason) => sum + reason.weight, 0);
}
