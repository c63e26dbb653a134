import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, LexicalClass } from "./lexical.ts";

const check = (text: string, expected: LexicalClass): void => {
  const bytes = Buffer.from(text);
  assert.equal(classify(bytes, 0, bytes.length), expected, text);
};

test("values by what they look like", () => {
  check("", LexicalClass.Empty);
  check("true", LexicalClass.Boolean);
  check("-42", LexicalClass.Integer);
  check("3.25", LexicalClass.Decimal);
  check("123e4567-e89b-42d3-a456-426614174000", LexicalClass.Uuid);
  check("01ARZ3NDEKTSV4RRFFQ69G5FAV", LexicalClass.Ulid);
  check("507f1f77bcf86cd799439011", LexicalClass.Hex);
  check("2026-01-31", LexicalClass.Date);
  check("2026-01-31T10:00:00Z", LexicalClass.DateTime);
  check("someone@example.com", LexicalClass.Email);
  check("https://example.com/a?b=c", LexicalClass.Uri);
  check("192.0.2.7", LexicalClass.Ipv4);
  check("2001:db8::1", LexicalClass.Ipv6);
  check("active", LexicalClass.Word);
  check("in-progress", LexicalClass.Slug);
  check("A sentence, with a comma.", LexicalClass.Text);
});

test("a URI has only characters that RFC 3986 allows", () => {
  check("https://api.example.com/users{/login}", LexicalClass.Text);
  check("https://example.com/<a>", LexicalClass.Text);
  check("https://example.com/caf\u00e9", LexicalClass.Text);
  check("https://example.com/caf%C3%A9", LexicalClass.Uri);
});
