/** Reads of values whose type is whatever a document from outside has there. */

export type LooseObject = Readonly<Record<string, unknown>>;

export const asObject = (value: unknown): LooseObject | null =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as LooseObject)
    : null;

export const asText = (value: unknown): string | null => (typeof value === "string" ? value : null);

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A finite number, also where it is written as text; else `fallback`. */
export function asNumber(value: unknown, fallback: number): number {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : fallback;
}

/** Own properties only: a document's `__proto__` is no property of ours. */
export const member = (object: LooseObject | null, name: string): unknown =>
  object !== null && Object.hasOwn(object, name) ? object[name] : undefined;
