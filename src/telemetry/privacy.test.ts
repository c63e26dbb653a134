import assert from "node:assert/strict";
import { test } from "node:test";
import { play, type Written } from "./exchange.fixture.ts";
import type { PrivacyRules } from "./privacy.ts";
import { defaultPrivacy } from "./privacy.ts";
import { Telemetry } from "./telemetry.ts";
import { encodeSummary } from "./wire.ts";

/** Deterministic numbers below `end`. */
function randomOf(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

const random = randomOf(7);
const pick = (letters: string, count: number): string =>
  Array.from({ length: count }, () => letters[random(letters.length)]).join("");
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
const ALNUM = LOWER + UPPER + DIGITS;

/** Values that nobody may find again. Each is long or odd enough not to occur by chance. */
const SECRETS: readonly (() => string)[] = [
  () => pick(ALNUM, 20 + random(20)),
  () => pick("0123456789abcdef", 32),
  () =>
    `${pick("0123456789abcdef", 8)}-${pick("0123456789abcdef", 4)}-4${pick("0123456789abcdef", 3)}-a${pick("0123456789abcdef", 3)}-${pick("0123456789abcdef", 12)}`,
  () => `sk_live_${pick(ALNUM, 24)}`,
  () => `ghp_${pick(ALNUM, 36)}`,
  () => `AKIA${pick(UPPER + DIGITS, 16)}`,
  () => `eyJ${pick(ALNUM, 20)}.${pick(ALNUM, 30)}.${pick(ALNUM, 40)}`,
  () => `${pick(LOWER, 7)}.${pick(LOWER, 8)}@${pick(LOWER, 6)}.com`,
  () => `4${pick(DIGITS, 15)}`,
  () => `+49${pick(DIGITS, 10)}`,
  () => `DE${pick(DIGITS, 20)}`,
  () => `${pick(UPPER, 1)}${pick(LOWER, 4)}${pick(DIGITS, 3)}!${pick(LOWER, 4)}`,
  () => `hunter${pick(DIGITS, 6)}`,
  () => `${pick(UPPER, 1)}${pick(LOWER, 6)} ${pick(UPPER, 1)}${pick(LOWER, 8)}`,
  () => `${1 + random(999)} ${pick(UPPER, 1)}${pick(LOWER, 7)} Street`,
  () => pick(LOWER, 14),
  () => `${pick(LOWER, 3)}${pick(DIGITS, 7)}`,
  () => `https://${pick(LOWER, 9)}.example.com/${pick(ALNUM, 12)}`,
  () => `10.${random(256)}.${random(256)}.${random(256)}:${10_000 + random(50_000)}`,
];

const FIELDS = [
  "id",
  "type",
  "status",
  "name",
  "token",
  "password",
  "value",
  "kind",
  "note",
  "email",
  "role",
  "foo",
  "category",
  "data",
];

/** One exchange with a secret at every place where a value can stand, beside those that it had before. */
function exchangeWith(secrets: () => string, index: number): Written {
  const field = (at: number): string => FIELDS[(index + at) % FIELDS.length]!;
  const encoded = (): string => encodeURIComponent(secrets());
  const json = (): string =>
    JSON.stringify({
      [field(0)]: secrets(),
      [field(1)]: [secrets(), secrets()],
      nested: { [field(2)]: secrets(), deep: [{ [field(3)]: secrets() }] },
      text: JSON.stringify({ [field(4)]: secrets() }),
      [secrets()]: 1,
      byId: { [secrets()]: { [field(5)]: secrets() } },
    });
  const bodies = [
    ["application/json", json()],
    ["application/x-www-form-urlencoded", `${field(0)}=${encoded()}&${field(1)}=${encoded()}`],
    [
      "multipart/form-data; boundary=b",
      `--b\r\nContent-Disposition: form-data; name="${field(2)}"\r\n\r\n${secrets()}\r\n--b\r\n` +
        `Content-Disposition: form-data; name="file"; filename="${secrets()}"\r\n` +
        `Content-Type: text/plain\r\n\r\n${secrets()}\r\n--b--\r\n`,
    ],
    [
      "application/xml",
      `<order ${field(3)}="${secrets()}"><${field(4)}>${secrets()}</${field(4)}></order>`,
    ],
    ["text/plain", secrets()],
    [
      "application/graphql+json",
      JSON.stringify({ query: `query { a(b: "${secrets()}") }`, operationName: secrets() }),
    ],
    [
      "application/json",
      `{"jsonrpc":"2.0","method":"${secrets()}","params":{"${field(5)}":"${secrets()}"}}`,
    ],
  ] as const;
  const [type, body] = bodies[index % bodies.length]!;
  return {
    method: "POST",
    target: `/items/${encoded()}/parts/x-${encoded()}?${field(0)}=${encoded()}&api_key=${encoded()}&q=${encoded()}`,
    requestHeaders: {
      host: "api.test",
      authorization: `Bearer ${secrets()}`,
      cookie: `sid=${secrets()}; ${field(1)}=${secrets()}`,
      "x-api-key": secrets(),
      [`x-${field(2)}`]: secrets(),
      "user-agent": secrets(),
      referer: `http://x/${secrets()}`,
      "content-type": type,
    },
    responseHeaders: {
      "content-type": "application/json",
      "set-cookie": `sid=${secrets()}`,
      location: `/items/${secrets()}`,
      etag: `"${secrets()}"`,
      [`x-${field(3)}`]: secrets(),
    },
    requestBody: body,
    responseBody: json(),
  };
}

function learnSecrets(
  privacy: PrivacyRules,
  rounds: number,
): { text: string; secrets: Set<string> } {
  const telemetry = new Telemetry({
    selection: { statuses: ["2xx"], ports: [], excludeHeaders: [], noise: true },
    privacy,
    hashKey: new Uint8Array(8).fill(3),
  });
  const secrets = new Set<string>();
  let kind = 0;
  const next = (): string => {
    const secret = SECRETS[kind++ % SECRETS.length]!();
    secrets.add(secret);
    return secret;
  };
  for (let index = 0; index < rounds; index += 1) {
    kind += random(SECRETS.length);
    play(telemetry, exchangeWith(next, index), 300);
  }
  const text = telemetry
    .take()
    .map((summary) => JSON.stringify(encodeSummary(summary)))
    .join("\n");
  return { text, secrets };
}

/** Letters alone: they may stay as path words and names of fields, where they read like words. */
const mayBeWords = (secret: string): boolean => /^[A-Za-z ]+$/.test(secret);

/** Secrets that the text still holds. */
function found(text: string, secrets: ReadonlySet<string>): string[] {
  const lower = text.toLowerCase();
  return [...secrets].filter((secret) => {
    if (lower.includes(secret.toLowerCase())) return true;
    return lower.includes(encodeURIComponent(secret).toLowerCase());
  });
}

test("no secret leaves the sensor, wherever it stood", () => {
  const { text, secrets } = learnSecrets(defaultPrivacy, 350);
  assert.ok(secrets.size > 8_000, `${secrets.size} secrets`);
  const leaked = found(text, secrets);
  assert.deepEqual(
    leaked.filter((secret) => !mayBeWords(secret)),
    [],
  );
  // Random letters seldom read like words.
  assert.ok(leaked.length < secrets.size / 1000, leaked.join(" "));
});

test("ids of requests leave as keyed hashes only", () => {
  const telemetry = new Telemetry({
    selection: { statuses: ["2xx"], ports: [], excludeHeaders: [], noise: true },
    privacy: defaultPrivacy,
    hashKey: new Uint8Array(8).fill(3),
  });
  const ids = Array.from({ length: 60 }, (_, index) => (index * 0x1e3779b97f4a7).toString(16));
  for (const id of ids) {
    const traceparent = `00-${id.padEnd(32, "a")}-b7ad6b7169203331-01`;
    const requestHeaders = { "x-request-id": `req-${id}`, "x-correlation-id": id, traceparent };
    play(telemetry, { target: "/orders", requestHeaders, responseHeaders: { "x-request-id": id } });
  }
  const text = telemetry.take().map((summary) => JSON.stringify(encodeSummary(summary)));
  assert.match(text.join(), /"x":\[\[\d+,\d{6,},"10\.0\.0\.1"/);
  assert.deepEqual(found(text.join(), new Set(ids.slice(1))), []);
});

test("with everything switched off no word of a value or path remains", () => {
  const off = { enumWords: false, pathWords: false, hashes: false, callers: false };
  const { text, secrets } = learnSecrets(off, 120);
  const inNames = found(text, secrets).filter((secret) => !mayBeWords(secret));
  assert.deepEqual(inNames, []);
  assert.ok(!text.includes("10.0.0.1"), "a caller's address");
});

test("words of enumerations are kept where name and form allow, and nowhere else", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["status", "active", true],
    ["status", "IN_PROGRESS", true],
    ["kind", "frobnicated", true],
    ["type", "zqxjkvbw", false],
    ["kind", "phase 2", true],
    ["kind", "61 Rosewalla Street", false],
    ["currency", "EUR", true],
    ["country", "de", true],
    ["foo", "pending", true],
    ["foo", "QZX", false],
    ["foo", "smith", false],
    ["firstName", "active", false],
    ["password", "active", false],
    ["token", "active", false],
    ["token_type", "bearer", true],
    ["status", "alice42x7", false],
    ["type", "a very long sentence with words in it", false],
    ["locale", "de-AT", true],
  ];
  for (const [field, value, kept] of cases) {
    const telemetry = new Telemetry({
      selection: { statuses: ["2xx"], ports: [], excludeHeaders: [], noise: true },
      privacy: defaultPrivacy,
      hashKey: new Uint8Array(8),
    });
    play(telemetry, { target: "/x", responseBody: JSON.stringify({ [field]: value }) });
    const text = JSON.stringify(encodeSummary(telemetry.summaries()[0]!));
    assert.equal(text.includes(`"${value}"`), kept, `${field}: ${value}`);
  }
});
