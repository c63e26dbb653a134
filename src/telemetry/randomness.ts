/** Does a token look random, or is it made of words? Letters are judged by which of them follow which. */
import { isDigit, isLetter, isUpper, lowerText } from "./forms.ts";
import { isKnownWord, surpriseOf } from "./vocabulary.ts";

/** Is any part between joiners a random token? */
export function hasRandomPart(bytes: Uint8Array, start: number, end: number): boolean {
  let part = start;
  for (let at = start; at <= end; at += 1) {
    const byte = at < end ? bytes[at]! : 0;
    if (at < end && (isLetter(byte) || isDigit(byte) || byte >= 0x80)) continue;
    if (at > part && isRandomPart(bytes, part, at)) return true;
    part = at + 1;
  }
  return false;
}

/**
 * Does a run of letters and digits look random rather than made of words? Runs of digits alone are numbers, not
 * random. The rules, from weak to strong: short runs are words; a word with up to four digits behind it or
 * three before it is a word; letters that change case or turn into digits too often are random; letters that
 * hardly ever follow each other are random.
 */
export function isRandomPart(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length <= 4) return false;
  let digits = 0;
  let changes = 0;
  let humps = 0;
  let upper = 0;
  let before = 0;
  let run = start;
  let longestStart = start;
  let longestEnd = start;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    let kind = 2;
    if (byte <= 0x39) {
      kind = 1;
      digits += 1;
      if (before > 1) {
        changes += 1;
        if (at - run > longestEnd - longestStart) {
          longestStart = run;
          longestEnd = at;
        }
      }
    } else {
      if (byte <= 0x5a) {
        kind = 3;
        upper += 1;
        if (before === 2) humps += 1;
      }
      if (before === 1) {
        changes += 1;
        run = at;
      }
    }
    before = kind;
  }
  if (before > 1 && end - run > longestEnd - longestStart) {
    longestStart = run;
    longestEnd = end;
  }
  if (digits > 0) {
    const byDigits = judgeDigits(bytes, start, end, digits, changes);
    if (byDigits !== 0) return byDigits > 0;
  }
  // Camel case has long humps: a capital at every second or third letter is chance.
  const letters = length - digits;
  if (humps >= 3 && humps * 3 > letters && upper * 5 < letters * 4) {
    return !isCamelOfWords(bytes, longestStart, longestEnd);
  }
  return isGibberish(bytes, longestStart, longestEnd);
}

/** What the digits of a run say: 1 it is random, -1 it is not, 0 its letters decide. */
function judgeDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
  digits: number,
  changes: number,
): number {
  const length = end - start;
  if (digits === length) return -1;
  if (length >= 40) return 1;
  if (changes >= 2 && !isVersionLike(bytes, start, end)) {
    if (changes >= 3) return length > 5 ? 1 : -1;
    return digits > 2 || !isWordAroundDigits(bytes, start, end) ? 1 : -1;
  }
  if (digits >= (isDigit(bytes[start]!) ? 4 : 5)) return 1;
  return digits * 2 >= length && length >= 8 ? 1 : 0;
}

/** `position2crossings`, `last6Months`, `k8s`: every run of letters reads like a word, one is known. */
function isWordAroundDigits(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= 6) return true;
  let run = start;
  let known = false;
  for (let at = start; at <= end; at += 1) {
    if (at < end && !isDigit(bytes[at]!)) continue;
    const length = at - run;
    if (length > 0) {
      if (length < 3 || isGibberish(bytes, run, at)) return false;
      known ||= isCamelOfWords(bytes, run, at);
    }
    run = at + 1;
  }
  return known;
}

/** `v1`, `v2beta1`, `1alpha2`. */
function isVersionLike(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  if ((bytes[at]! | 0x20) === 0x76) at += 1;
  const from = at;
  while (at < end && isDigit(bytes[at]!)) at += 1;
  if (at === from || at - from > 3) return false;
  const word = at;
  while (at < end && isLetter(bytes[at]!)) at += 1;
  const text = lowerText(bytes, word, at);
  if (text !== "beta" && text !== "alpha" && text !== "rc" && text !== "p" && text !== "preview") {
    return at === end && word === end;
  }
  while (at < end && isDigit(bytes[at]!)) at += 1;
  return at === end;
}

export function isVersion(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= 12 && (bytes[start]! | 0x20) === 0x76 && isVersionLike(bytes, start, end);
}

function isCamelOfWords(bytes: Uint8Array, start: number, end: number): boolean {
  let known = 0;
  let hump = start;
  for (let at = start + 1; at <= end; at += 1) {
    if (at < end && !isUpper(bytes[at]!)) continue;
    if (isKnownWord(bytes, hump, at)) known += at - hump;
    hump = at;
  }
  return known * 2 >= end - start;
}

/**
 * Letters only. The thresholds are eighths of a bit of mean surprise (`vocabulary.ts`), measured: at most 1 %
 * of words that the table never saw lie above, and 80 to 97 % of random letters do, more with length.
 */
export function isGibberish(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 5) return false;
  const surprise = surpriseOf(bytes, start, end);
  const threshold = length < 7 ? 52 : length < 10 ? 43.5 : length < 20 ? 41 : 38;
  if (surprise <= threshold) return false;
  return !isKnownWord(bytes, start, end) && !isCamelOfWords(bytes, start, end);
}
