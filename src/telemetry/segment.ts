/**
 * Patterns of path segments (and of names that look like identifiers): literal text, with `{class}` where a
 * value was, such as `users`, `{uuid}`, `report-{int}.pdf`, `v1.users:batchGet`. Class names are those of
 * `SEGMENT_CLASSES`. Braces that came from traffic are percent-encoded, so a `{` always opens a class.
 * Literal text is percent-decoded where that is safe (RFC 3986, section 6.2.2.2), so one resource has one key.
 */
import { LexicalClass } from "./lexical.ts";

/** Class names of the pattern notation, by lexical class. What is not here stays literal. */
export const SEGMENT_CLASSES: ReadonlyMap<LexicalClass, string> = new Map([
  [LexicalClass.Integer, "int"],
  [LexicalClass.Decimal, "decimal"],
  [LexicalClass.Uuid, "uuid"],
  [LexicalClass.Ulid, "ulid"],
  [LexicalClass.Hex, "hex"],
  [LexicalClass.Base64, "base64"],
  [LexicalClass.Base64Url, "base64url"],
  [LexicalClass.Opaque, "opaque"],
  [LexicalClass.Jwt, "jwt"],
  [LexicalClass.Date, "date"],
  [LexicalClass.DateTime, "datetime"],
  [LexicalClass.Time, "time"],
  [LexicalClass.Email, "email"],
  [LexicalClass.Uri, "uri"],
  [LexicalClass.Ipv4, "ipv4"],
  [LexicalClass.Ipv6, "ipv6"],
  [LexicalClass.Mac, "mac"],
  [LexicalClass.Hostname, "hostname"],
  [LexicalClass.Phone, "phone"],
  [LexicalClass.Card, "card"],
  [LexicalClass.Iban, "iban"],
  [LexicalClass.Secret, "secret"],
  [LexicalClass.Text, "text"],
  [LexicalClass.Binary, "binary"],
]);

/** The class that stands for words whose text was dropped because a node had too many children. */
export const WORD_CLASS = "word";
