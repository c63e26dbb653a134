/**
 * What kind of text a value is. One table for path segments, names, parameters, headers and JSON strings.
 * The numbers are on the wire and in stores: append, never renumber.
 */
export const LexicalClass = {
  Empty: 0,
  Boolean: 1,
  Integer: 2,
  Decimal: 3,
  Uuid: 4,
  Ulid: 5,
  /** At least 8 hexadecimal digits, some of them decimal: digests, object ids. */
  Hex: 6,
  Base64: 7,
  Base64Url: 8,
  /** A token that looks random and is none of the others. */
  Opaque: 9,
  Jwt: 10,
  /** RFC 3339 full-date. */
  Date: 11,
  /** RFC 3339 date-time. */
  DateTime: 12,
  Time: 13,
  /** ISO 8601 duration. */
  Duration: 14,
  Email: 15,
  Uri: 16,
  UriPath: 17,
  Ipv4: 18,
  Ipv6: 19,
  Mac: 20,
  Hostname: 21,
  Phone: 22,
  /** Passes the Luhn check and has an issuer's prefix. */
  Card: 23,
  Iban: 24,
  /** A known form of a credential (`ghp_`, `AKIA`, `sk_live_`, a PEM block). */
  Secret: 25,
  Semver: 26,
  Locale: 27,
  FileName: 28,
  /** One word: letters, perhaps with a few digits behind, camelCase and UPPER_CASE included. */
  Word: 29,
  /** Several words joined by `-`, `_`, `.` or `:`. */
  Slug: 30,
  /** Anything with white space or punctuation of prose. */
  Text: 31,
  /** Bytes that are no text, or a file in a multipart body. */
  Binary: 32,
  /** A date-time that is not RFC 3339: RFC 9110 dates, `2024-01-02 03:04:05`, no zone. */
  DateTimeOther: 33,
} as const;
export type LexicalClass = (typeof LexicalClass)[keyof typeof LexicalClass];
