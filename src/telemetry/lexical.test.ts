import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { classify, LexicalClass } from "./lexical.ts";

type ClassName = keyof typeof LexicalClass;
const NAMES = new Map<number, ClassName>(
  Object.entries(LexicalClass).map(([name, value]) => [value, name as ClassName]),
);
const classOf = (text: string): ClassName => {
  const bytes = Buffer.from(text);
  return NAMES.get(classify(bytes, 0, bytes.length))!;
};

const CLASSES: Readonly<Partial<Record<ClassName, readonly string[]>>> = {
  Empty: [""],
  Boolean: ["true", "False"],
  Integer: ["0", "42", "-5", "4111111111111112"],
  PaddedInteger: ["00", "00123", "-01"],
  Decimal: ["1.5", "-0.25", "1e10", "1.5E-3"],
  Uuid: ["550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000"],
  Ulid: ["01HVNM3D5K3DNG4F1SEV5JXVDR"],
  Hex: ["507f1f77bcf86cd799439011", "D654447FF7", "0xdeadbeef01"],
  Base64: ["YTFiMmMzZDRlNWY2Nzg5MA==", "SGVsbG8gV29ybGQhIQ=="],
  Base64Url: ["d_fLLxlhzDilixeBEimaZ5"],
  Opaque: ["in71c4amph0vgo2qllky", "zqxjkvbwmpl", "i-0236530c66ed02200"],
  Jwt: ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123-_"],
  Date: ["2024-01-02"],
  DateTime: ["2024-01-02T03:04:05Z", "2024-01-02t03:04:05.123+02:00"],
  DateTimeOther: [
    "2024-01-02T03:04:05",
    "2024-01-02 03:04:05",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "20240102T030405Z",
  ],
  Time: ["12:30", "12:30:45Z"],
  Duration: ["P3D", "PT1H30M"],
  Email: ["a@b.co", "first.last+tag@sub.example.org"],
  Uri: ["https://a", "http://x.y/z?q=1", "urn:isbn:1", "mailto:a@b.c"],
  UriPath: ["/a/b", "/", "text/html"],
  Ipv4: ["1.2.3.4"],
  Ipv6: ["::1", "fe80::1", "2001:db8:0:0:0:0:0:1"],
  Mac: ["00:11:22:33:44:55", "aa-bb-cc-dd-ee-ff"],
  Hostname: ["example.com", "api.internal:8080"],
  Phone: ["+14155550100", "(415) 555-0100", "415-555-0100"],
  Card: ["4111111111111111", "4111 1111 1111 1111", "378282246310005"],
  Iban: ["GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32"],
  Secret: ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "AKIAIOSFODNN7EXAMPLE"],
  Semver: ["1.2.3", "v1.2.3-rc.1"],
  Locale: ["de-AT", "zh-Hant-TW"],
  FileName: ["report-2024.pdf", "index.html"],
  Word: [
    "active",
    "inProgress",
    "HTTPServerError",
    "sha256",
    "k8s",
    "v1",
    "USD",
    "alice42",
    "кошка",
  ],
  Slug: ["icy-subsidy", "user_account", "core.devices.view", "fullHashes:find", "IN_PROGRESS"],
  Text: ["hello world", "a,b,c", "key=value", "кошка и мышь", "A sentence, with a comma."],
  Binary: ["a\u0000b"],
};

test("each form of text has its class", () => {
  for (const [expected, texts] of Object.entries(CLASSES)) {
    for (const text of texts) assert.equal(classOf(text), expected, text);
  }
});

test("a URI has only characters that RFC 3986 allows", () => {
  assert.equal(classOf("https://api.example.com/users{/login}"), "Text");
  assert.equal(classOf("https://example.com/<a>"), "Text");
  assert.equal(classOf("https://example.com/caf\u00e9"), "Text");
  assert.equal(classOf("https://example.com/caf%C3%A9"), "Uri");
});

test("any bytes have a class", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.ok(NAMES.has(classify(bytes, 0, bytes.length)));
    }),
    { numRuns: 2_000 },
  );
});
