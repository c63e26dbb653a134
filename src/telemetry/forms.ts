/**
 * Predicates over bytes for the forms that `lexical.ts` tells apart. Each reads only `[start, end)`, runs once
 * over it, and allocates nothing.
 */
export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
export const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;
export const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
const isHexByte = (byte: number): boolean =>
  isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

export function startsWith(bytes: Uint8Array, start: number, end: number, prefix: string): boolean {
  if (end - start < prefix.length) return false;
  for (let index = 0; index < prefix.length; index += 1) {
    if (bytes[start + index] !== prefix.charCodeAt(index)) return false;
  }
  return true;
}

/** 36 bytes of hexadecimal digits and dashes: are the dashes where RFC 9562, section 4 has them? */
export function isUuid(bytes: Uint8Array, start: number): boolean {
  if (
    bytes[start + 8] !== 0x2d ||
    bytes[start + 13] !== 0x2d ||
    bytes[start + 18] !== 0x2d ||
    bytes[start + 23] !== 0x2d
  ) {
    return false;
  }
  return bytes[start] !== 0x2d && bytes[start + 35] !== 0x2d;
}

/** Crockford's base 32, 26 digits, the first at most 7. Lower case is accepted too where it is all lower. */
export function isUlid(bytes: Uint8Array, start: number, end: number): boolean {
  let digits = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (isDigit(byte)) {
      digits += 1;
      continue;
    }
    const upper = byte & 0xdf;
    if (!isLetter(byte) || upper === 0x49 || upper === 0x4c || upper === 0x4f || upper === 0x55) {
      return false;
    }
  }
  return digits >= 3;
}

export function isHexRun(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (!isHexByte(bytes[at]!)) return false;
  return end > start;
}

/** Digits in groups, 13 to 19 of them, an issuer's first digit, and the Luhn check. */
export function isCard(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!;
  // American Express and Diners 3, Visa 4, Mastercard 5 and 2, Discover and Maestro 6.
  if (first < 0x32 || first > 0x36) return false;
  let sum = 0;
  let digits = 0;
  for (let at = end - 1; at >= start; at -= 1) {
    const byte = bytes[at]!;
    if (!isDigit(byte)) {
      if (byte !== 0x20 && byte !== 0x2d) return false;
      continue;
    }
    let digit = byte - 0x30;
    if ((digits & 1) === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
    digits += 1;
  }
  if (digits < 13 || digits > 19 || sum % 10 !== 0) return false;
  const second = bytes[start + 1]! - 0x30;
  if (first === 0x33) return digits === 15 || digits === 14;
  if (first === 0x32) return digits === 16 && second >= 2 && second <= 7;
  if (first === 0x35) return digits === 16 && second >= 1 && second <= 5;
  return digits === 16 || digits === 13 || digits === 19;
}

/** ISO 13616: two letters, two check digits, the rest, remainder 1 modulo 97; blanks are skipped. */
export function isIban(bytes: Uint8Array, start: number, end: number): boolean {
  if (!isUpper(bytes[start + 1]!) || !isDigit(bytes[start + 2]!) || !isDigit(bytes[start + 3]!)) {
    return false;
  }
  let rest = 0;
  let count = 0;
  const add = (byte: number): boolean => {
    if (isDigit(byte)) rest = (rest * 10 + byte - 0x30) % 97;
    else if (isUpper(byte)) rest = (rest * 100 + byte - 0x37) % 97;
    else return byte === 0x20;
    count += 1;
    return true;
  };
  for (let at = start + 4; at < end; at += 1) if (!add(bytes[at]!)) return false;
  for (let at = start; at < start + 4; at += 1) if (!add(bytes[at]!)) return false;
  return count >= 15 && count <= 34 && rest === 1;
}

/** RFC 3339 full-date at `start`; at least 10 bytes must follow in the array. */
export function isDateAt(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return false;
  for (let at = start; at < start + 4; at += 1) if (!isDigit(bytes[at]!)) return false;
  return isTwoDigits(bytes, start + 5, 12) && isTwoDigits(bytes, start + 8, 31);
}

/** `HH:MM`, optional seconds with fraction, optional zone, to the end. */
export function isTimeAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 5 || bytes[start + 2] !== 0x3a) return false;
  if (!isTwoDigits(bytes, start, 24) || !isTwoDigits(bytes, start + 3, 59)) return false;
  let at = start + 5;
  if (at < end && bytes[at] === 0x3a) {
    if (end - at < 3 || !isTwoDigits(bytes, at + 1, 60)) return false;
    at += 3;
    if (at < end && (bytes[at] === 0x2e || bytes[at] === 0x2c)) {
      at += 1;
      while (at < end && isDigit(bytes[at]!)) at += 1;
    }
  }
  if (at < end && bytes[at] === 0x20) at += 1;
  if (at === end) return true;
  const byte = bytes[at]!;
  if ((byte | 0x20) === 0x7a) return at + 1 === end;
  if (byte !== 0x2b && byte !== 0x2d) return startsWith(bytes, at, end, "UTC") && at + 3 === end;
  const left = end - at - 1;
  if (left === 5) {
    return (
      bytes[at + 3] === 0x3a && isTwoDigits(bytes, at + 1, 23) && isTwoDigits(bytes, at + 4, 59)
    );
  }
  return (left === 4 || left === 2) && isTwoDigits(bytes, at + 1, 23);
}

function isTwoDigits(bytes: Uint8Array, at: number, max: number): boolean {
  const tens = bytes[at]!;
  const ones = bytes[at + 1]!;
  return isDigit(tens) && isDigit(ones) && (tens - 0x30) * 10 + ones - 0x30 <= max;
}

/** Does a date-time end in `Z` or `+hh:mm`, as RFC 3339 wants it? */
export function hasZone(bytes: Uint8Array, end: number): boolean {
  if ((bytes[end - 1]! | 0x20) === 0x7a) return true;
  const sign = bytes[end - 6]!;
  return bytes[end - 3] === 0x3a && (sign === 0x2b || sign === 0x2d);
}

/** `20240102T030405Z` and `20240102T030405`. */
export function isCompactDateTime(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length !== 15 && length !== 16) return false;
  if (bytes[start + 8] !== 0x54 || (length === 16 && bytes[end - 1] !== 0x5a)) return false;
  for (let index = 0; index < 15; index += 1) {
    if (index !== 8 && !isDigit(bytes[start + index]!)) return false;
  }
  return true;
}

/** ISO 8601 duration behind its `P`: numbers each followed by a designator. */
export function isDuration(bytes: Uint8Array, start: number, end: number): boolean {
  let pending = false;
  let parts = 0;
  for (let at = start + 1; at < end; at += 1) {
    const byte = bytes[at]!;
    if (isDigit(byte)) pending = true;
    else if (byte === 0x54) {
      if (pending) return false;
    } else {
      const known =
        byte === 0x59 ||
        byte === 0x4d ||
        byte === 0x57 ||
        byte === 0x44 ||
        byte === 0x48 ||
        byte === 0x53;
      if (!known || !pending) return false;
      pending = false;
      parts += 1;
    }
  }
  return parts > 0 && !pending;
}

/** A decimal number with an exponent, `1.5e10`, `2E-3`. */
export function isExponent(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  if (bytes[at] === 0x2d || bytes[at] === 0x2b) at += 1;
  const whole = at;
  while (at < end && isDigit(bytes[at]!)) at += 1;
  if (at === whole) return false;
  if (bytes[at] === 0x2e) {
    at += 1;
    while (at < end && isDigit(bytes[at]!)) at += 1;
  }
  if (at >= end || (bytes[at]! | 0x20) !== 0x65) return false;
  at += 1;
  if (bytes[at] === 0x2d || bytes[at] === 0x2b) at += 1;
  if (at >= end || end - at > 3) return false;
  while (at < end && isDigit(bytes[at]!)) at += 1;
  return at === end;
}

export function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let parts = 0;
  let value = -1;
  for (let at = start; at <= end; at += 1) {
    const byte = at < end ? bytes[at]! : 0x2e;
    if (isDigit(byte)) {
      value = Math.max(0, value) * 10 + byte - 0x30;
      if (value > 255) return false;
    } else if (byte === 0x2e) {
      if (value < 0) return false;
      parts += 1;
      value = -1;
    } else return false;
  }
  return parts === 4;
}

/** RFC 4291, section 2.2, without zone; an IPv4 tail is accepted. */
export function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 45 || end - start < 2) return false;
  let groups = 0;
  let digits = 0;
  let doubles = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (isHexByte(byte)) {
      digits += 1;
      if (digits > 4) return false;
      if (digits === 1) groups += 1;
    } else if (byte === 0x3a) {
      if (bytes[at + 1] === 0x3a && at + 1 < end) {
        doubles += 1;
        at += 1;
      } else if (digits === 0 || at + 1 === end) return false;
      digits = 0;
    } else if (byte === 0x2e) {
      const tail = at - digits;
      if (!isIpv4(bytes, tail, end)) return false;
      groups += 1;
      break;
    } else return false;
    at += 1;
  }
  return doubles === 1 ? groups <= 7 : doubles === 0 && groups === 8;
}

/** Six pairs of hexadecimal digits joined by `:` or `-`. */
export function isMac(bytes: Uint8Array, start: number, end: number): boolean {
  const joiner = bytes[start + 2]!;
  if (joiner !== 0x3a && joiner !== 0x2d) return false;
  for (let at = start; at < end; at += 1) {
    if ((at - start) % 3 === 2 ? bytes[at] !== joiner : !isHexByte(bytes[at]!)) return false;
  }
  return true;
}

/**
 * A number as people write telephone numbers: `+` and 8 to 15 digits (E.164), or 7 to 15 digits in at least
 * three groups.
 */
export function isPhone(
  bytes: Uint8Array,
  start: number,
  end: number,
  digits: number,
  gaps: number,
): boolean {
  if (digits < 7 || digits > 15) return false;
  let at = start;
  const plus = bytes[at] === 0x2b;
  if (plus) at += 1;
  let groups = 0;
  let run = 0;
  for (; at < end; at += 1) {
    const byte = bytes[at]!;
    if (isDigit(byte)) {
      run += 1;
      if (run === 1) groups += 1;
      if (run > 4 && !plus && gaps > 0) return false;
    } else if (byte === 0x20 || byte === 0x2d || byte === 0x2e || byte === 0x28 || byte === 0x29) {
      run = 0;
    } else return false;
  }
  return plus ? digits >= 8 : groups >= 3;
}

/** One `@`, something before it, a host with a dot behind it. */
export function isEmail(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at] !== 0x40) {
    const byte = bytes[at]!;
    if (byte === 0x2f || byte === 0x3a || byte === 0x2c || byte === 0x3b) return false;
    at += 1;
  }
  if (at === start || at - start > 64 || end - at < 4) return false;
  let dot = -1;
  for (let index = at + 1; index < end; index += 1) {
    const byte = bytes[index]!;
    if (byte === 0x2e) {
      if (index === at + 1 || bytes[index - 1] === 0x2e) return false;
      dot = index;
    } else if (!isDigit(byte) && !isLetter(byte) && byte !== 0x2d) return false;
  }
  return dot > 0 && end - dot > 2 && isLetter(bytes[end - 1]!);
}

const HIERARCHY = "//";
const OPAQUE_SCHEMES = ["mailto:", "urn:", "tel:", "data:", "spiffe:", "did:", "jdbc:"] as const;

/** 1 for what RFC 3986 lets stand only encoded. */
const NOT_IN_URI: Uint8Array = new Uint8Array(256).fill(1, 0x7f).fill(1, 0, 0x21);
for (const character of '"<>\\^`{|}') NOT_IN_URI[character.charCodeAt(0)] = 1;

/** Where the scheme of a URI ends (behind `://`, or behind the scheme of one without), or 0. */
export function uriSchemeEnd(bytes: Uint8Array, start: number, end: number): number {
  if (!isLetter(bytes[start]!)) return 0;
  let at = start + 1;
  while (at < end && at - start < 24) {
    const byte = bytes[at]!;
    if (byte === 0x3a) break;
    if (!isLetter(byte) && !isDigit(byte) && byte !== 0x2b && byte !== 0x2d && byte !== 0x2e) {
      return 0;
    }
    at += 1;
  }
  if (at >= end || bytes[at] !== 0x3a) return 0;
  if (startsWith(bytes, at + 1, end, HIERARCHY)) return end - at > 3 ? at + 3 : 0;
  for (const scheme of OPAQUE_SCHEMES) {
    if (startsWith(bytes, start, end, scheme) && end - start > scheme.length) return at + 1;
  }
  return 0;
}

/** Whether it is an absolute URI: a scheme, and no character that RFC 3986 lets stand only encoded (URI templates have braces). */
export function isUri(bytes: Uint8Array, start: number, end: number): boolean {
  if (uriSchemeEnd(bytes, start, end) === 0) return false;
  for (let at = start; at < end; at += 1) if (NOT_IN_URI[bytes[at]!] === 1) return false;
  return true;
}

/** Three runs of base64url joined by dots, the third perhaps empty (RFC 7519, section 3). */
export function isJwt(bytes: Uint8Array, start: number, end: number): boolean {
  let dots = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x2e) dots += 1;
    else if (!isLetter(byte) && !isDigit(byte) && byte !== 0x2d && byte !== 0x5f) return false;
  }
  return dots === 2 || dots === 4;
}

/** `1.2.3`, `v1.2.3`, `1.2.3-rc.1+build`; also `v1.2`. */
export function isSemver(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  const marked = (bytes[at]! | 0x20) === 0x76;
  if (marked) at += 1;
  let numbers = 0;
  for (;;) {
    const from = at;
    while (at < end && isDigit(bytes[at]!)) at += 1;
    if (at === from || at - from > 5) return false;
    numbers += 1;
    if (at < end && bytes[at] === 0x2e && numbers < 3) at += 1;
    else break;
  }
  if (numbers < (marked ? 2 : 3)) return false;
  if (at === end) return true;
  if (bytes[at] !== 0x2d && bytes[at] !== 0x2b) return false;
  for (at += 1; at < end; at += 1) {
    const byte = bytes[at]!;
    const allowed =
      isLetter(byte) || isDigit(byte) || byte === 0x2e || byte === 0x2d || byte === 0x2b;
    if (!allowed) return false;
  }
  return end - start <= 40;
}

/** `de-AT`, `pt_BR`, `zh-Hant-TW`. */
export function isLocale(bytes: Uint8Array, start: number, end: number): boolean {
  if (!isLower(bytes[start]!) || !isLower(bytes[start + 1]!)) return false;
  const joiner = bytes[start + 2]!;
  if (joiner !== 0x2d && joiner !== 0x5f) return false;
  const upper = (at: number): boolean => isUpper(bytes[at]!) && isUpper(bytes[at + 1]!);
  if (end - start === 5) return upper(start + 3);
  if (bytes[start + 7] !== joiner || end - start !== 10) return false;
  return isUpper(bytes[start + 3]!) && isLower(bytes[start + 4]!) && upper(start + 8);
}

const EXTENSIONS: ReadonlySet<string> = new Set(
  (
    "json xml csv tsv txt html htm xhtml md pdf doc docx xls xlsx ppt pptx odt ods rtf yaml yml toml ini conf log " +
    "png jpg jpeg gif svg webp bmp ico tif tiff avif heic mp3 mp4 m4a wav ogg webm avi mov mkv flac " +
    "zip tar gz tgz bz2 xz 7z rar zst jar war deb rpm apk dmg iso exe dll bin dat so whl gem nupkg crate " +
    "js mjs cjs ts jsx tsx css scss less map wasm php asp aspx jsp do action cgi pl py rb go rs java kt sh bat sql " +
    "ttf otf woff woff2 eot ics vcf eml pem crt key cer p12 parquet avro proto pbf ndjson jsonl geojson atom rss bak"
  ).split(" "),
);

/** Where the known extension of a file name begins (behind its last dot), or -1. */
export function fileExtensionAt(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  while (at > start && bytes[at] !== 0x2e && end - at <= 8) at -= 1;
  if (at <= start || bytes[at] !== 0x2e || end - at < 3) return -1;
  return EXTENSIONS.has(lowerText(bytes, at + 1, end)) ? at + 1 : -1;
}

const TOP_LEVEL_DOMAINS: ReadonlySet<string> = new Set(
  (
    "com org net edu gov mil int info biz name pro io dev app ai co me tv cc ws cloud online site shop store tech " +
    "xyz local localhost internal intranet lan home corp svc cluster test example invalid arpa " +
    "ac ad ae af ar at au az ba be bg br by ca ch cl cn cz de dk ee es eu fi fr gr hk hr hu ie il in ir is it jp " +
    "ke kr kz lt lu lv mx my ng nl no nz pe ph pk pl pt ro rs ru sa se sg si sk th tr tw ua uk us uy vn za"
  ).split(" "),
);

/** At least two labels (RFC 1123, section 2.1), the last a known top-level domain; a port may follow. */
export function isHostname(bytes: Uint8Array, start: number, end: number): boolean {
  let stop = end;
  while (stop > start && isDigit(bytes[stop - 1]!)) stop -= 1;
  if (stop === end || bytes[stop - 1] !== 0x3a) stop = end;
  else stop -= 1;
  if (bytes[stop - 1] === 0x2e) stop -= 1;
  let label = start;
  let labels = 0;
  for (let at = start; at <= stop; at += 1) {
    const byte = at < stop ? bytes[at]! : 0x2e;
    if (byte === 0x3a) return false;
    if (byte !== 0x2e) continue;
    if (at === label || bytes[label] === 0x2d || bytes[at - 1] === 0x2d || at - label > 63) {
      return false;
    }
    labels += 1;
    if (at === stop) break;
    label = at + 1;
  }
  return labels >= 2 && TOP_LEVEL_DOMAINS.has(lowerText(bytes, label, stop));
}

/** Letters, digits, `+`, `/`, and `=` only at the end; padded to fours, or with marks of randomness. */
export function isBase64(bytes: Uint8Array, start: number, end: number, _mask: number): boolean {
  let stop = end;
  while (stop > start && bytes[stop - 1] === 0x3d && end - stop < 2) stop -= 1;
  const length = end - start;
  if (length < 8 || (length & 3) !== 0) return false;
  let upper = 0;
  let lower = 0;
  let digits = 0;
  let marks = 0;
  for (let at = start; at < stop; at += 1) {
    const byte = bytes[at]!;
    if (isUpper(byte)) upper += 1;
    else if (isLower(byte)) lower += 1;
    else if (isDigit(byte)) digits += 1;
    else if (byte === 0x2b || byte === 0x2f) marks += 1;
    else return false;
  }
  if (stop < end) return upper + digits > 0 && lower + digits > 0;
  return length >= 16 && upper > 2 && lower > 2 && digits > 0 && marks * 6 < length;
}

/** Known beginnings of credentials, with the fewest bytes that such a credential has. */
const SECRET_PREFIXES: readonly (readonly [string, number])[] = [
  ["AKIA", 20],
  ["ASIA", 20],
  ["AIza", 35],
  ["EAAC", 40],
  ["SG.", 40],
  ["ghp_", 36],
  ["gho_", 36],
  ["ghs_", 36],
  ["ghu_", 36],
  ["ghr_", 36],
  ["github_pat_", 40],
  ["glpat-", 20],
  ["hvs.", 24],
  ["npm_", 36],
  ["pk_live_", 20],
  ["pk_test_", 20],
  ["rk_live_", 20],
  ["rk_test_", 20],
  ["shpat_", 32],
  ["sk-", 32],
  ["sk_live_", 20],
  ["sk_test_", 20],
  ["whsec_", 24],
  ["xoxa-", 20],
  ["xoxb-", 20],
  ["xoxp-", 20],
  ["xapp-", 20],
  ["dop_v1_", 40],
  ["-----BEGIN", 20],
  ["ya29.", 20],
];

/** 1 for the first bytes of `SECRET_PREFIXES`. */
const SECRET_STARTS: Uint8Array = new Uint8Array(256);
for (const [prefix] of SECRET_PREFIXES) SECRET_STARTS[prefix.charCodeAt(0)] = 1;

export function isSecret(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  const first = bytes[start]!;
  if (length < 20 || SECRET_STARTS[first] === 0) return false;
  for (const [prefix, bytesMin] of SECRET_PREFIXES) {
    if (prefix.charCodeAt(0) !== first || length < bytesMin) continue;
    if (startsWith(bytes, start, end, prefix)) return true;
  }
  return false;
}

export function lowerText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    text += String.fromCharCode(isUpper(byte) ? byte | 0x20 : byte);
  }
  return text;
}
