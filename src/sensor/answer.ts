/**
 * The answer to a batch of deltas:
 *
 *     {"v":1, "accepted":n, "duplicates":n, "hashKey":base64?, "coveredAddresses":[ip, …]?, "hints":[{"hosts":[…], "ports":[…], "pins":[…]?, "ignores":[…]?, "ownHeaders":[…]?}, …]?}
 *
 * Every delta of the batch is in one of the two counts, and stored durably.
 */
import { sensorLimits } from "../base/limits.ts";
import { parseCorrections } from "./corrections.ts";
import type { ServerAnswer } from "./transport.ts";

export interface ParsedAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly answer: ServerAnswer;
}

const HASH_KEY_BYTES_MIN = 8;
const HASH_KEY_BYTES_MAX = 64;
const ADDRESS_LENGTH_MAX = 45;
const PROBLEM_LENGTH_MAX = 200;

/** Null for what is no such answer; parts of it that are not as they should be are left out. */
export function parseAnswer(text: string): ParsedAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { accepted, duplicates, hashKey, coveredAddresses, hints } = value as Record<
    string,
    unknown
  >;
  if (!isCount(accepted) || !isCount(duplicates)) return null;
  return {
    accepted,
    duplicates,
    answer: {
      hashKey: parseKey(hashKey),
      coveredAddresses: parseAddresses(coveredAddresses),
      hints: parseCorrections(hints),
    },
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function parseKey(value: unknown): Uint8Array | null {
  if (typeof value !== "string" || value.length > HASH_KEY_BYTES_MAX * 2) return null;
  const key = Buffer.from(value, "base64");
  return key.length >= HASH_KEY_BYTES_MIN && key.length <= HASH_KEY_BYTES_MAX ? key : null;
}

function parseAddresses(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  return value
    .slice(0, sensorLimits.coveredAddressesMax)
    .filter(
      (item): item is string => typeof item === "string" && item.length <= ADDRESS_LENGTH_MAX,
    );
}

/** What a refusal says about itself (RFC 9457), as one line that is safe to log; empty where it says nothing. */
export function problemOf(type: string, body: Uint8Array): string {
  if (!/^application\/(?:problem\+)?json\b/i.test(type)) return "";
  try {
    const { title, detail } = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
    const text = [title, detail].filter((part) => typeof part === "string").join(": ");
    return text.replaceAll(/\p{C}+/gu, " ").slice(0, PROBLEM_LENGTH_MAX);
  } catch {
    return "";
  }
}
