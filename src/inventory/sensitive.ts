/** Classes of sensitive data by the form of values and by the names they stand under. */
import { LexicalClass } from "../telemetry/lexical.ts";
import type { Shape, TextShape } from "../telemetry/shape.ts";
import type { BodySummary, OperationSummary, ParameterSummary } from "../telemetry/summary.ts";
import { countIn } from "../telemetry/tally.ts";

export type SensitiveClass =
  | "email"
  | "phone"
  | "card"
  | "iban"
  | "national-id"
  | "birth-date"
  | "location"
  | "secret"
  | "password";

/** How much each counts, 0 to 3. */
export const SENSITIVITY: Readonly<Record<SensitiveClass, number>> = {
  email: 1,
  phone: 1,
  location: 1,
  "birth-date": 2,
  iban: 3,
  "national-id": 3,
  card: 3,
  secret: 3,
  password: 3,
};

const BY_FORM: ReadonlyMap<number, SensitiveClass> = new Map([
  [LexicalClass.Email, "email"],
  [LexicalClass.Phone, "phone"],
  [LexicalClass.Card, "card"],
  [LexicalClass.Iban, "iban"],
  [LexicalClass.Secret, "secret"],
]);

/** By the name without its separators, in lower case. */
const BY_NAME: readonly (readonly [RegExp, SensitiveClass])[] = [
  [/^(?:e?mail(?:address)?|useremail|contactemail)$/, "email"],
  [/^(?:phone|mobile|telephone|fax|cell)(?:number|no)?$|phonenumber$/, "phone"],
  [/^(?:credit|debit)?cardnumber$|^(?:pan|cvv2?|cvc)$/, "card"],
  [/^iban$|^bankaccount(?:number)?$/, "iban"],
  [
    /^(?:ssn|socialsecuritynumber|nationalid(?:number)?|passport(?:number|no)?|taxid|nino|cpf|curp|pesel|bsn|personnummer|aadhaar(?:number)?|driverslicen[cs]e(?:number)?)$/,
    "national-id",
  ],
  [/^(?:dob|dateofbirth|birth(?:date|day))$/, "birth-date"],
  [/^(?:lat|lng|lon|latitude|longitude|geolocation|gpslocation)$/, "location"],
  [/^(?:password|passwd|pwd|passphrase|currentpassword|newpassword)$/, "password"],
  [
    /^(?:client|api|app)?secret(?:key)?$|^privatekey$|^apikey$|^(?:access|refresh|auth)token$/,
    "secret",
  ],
];

/** Of the values that stood at one place, so many must have had the form. */
const SHARE_MIN = 0.2;
const DEPTH_MAX = 24;

export type Side = "request" | "response";

/** A place where such data was seen: `response 200 user.email`. */
export interface Sighting {
  readonly kind: SensitiveClass;
  readonly side: Side;
  readonly place: string;
  readonly count: number;
}

export function sightingsOf(operation: OperationSummary): Sighting[] {
  const found = new Map<string, Sighting>();
  const add = (kind: SensitiveClass, side: Side, place: string, count: number): void => {
    const key = `${kind} ${place}`;
    found.set(key, { kind, side, place, count: count + (found.get(key)?.count ?? 0) });
  };
  const { request, responses } = operation;
  for (const [name, parameter] of request.query)
    lookAtParameter(name, parameter, (kind, count) => add(kind, "request", `query ${name}`, count));
  for (const [, body] of request.bodies)
    lookAtBody(body, (kind, path, count) => add(kind, "request", `request ${path}`, count));
  for (const [status, response] of responses) {
    for (const [, body] of response.bodies) {
      lookAtBody(body, (kind, path, count) =>
        add(kind, "response", `response ${status} ${path}`, count),
      );
    }
  }
  return [...found.values()];
}

/** Classes of the values that stood in one parameter of a path. */
export const formsOf = (text: TextShape): { kind: SensitiveClass; count: number }[] =>
  [...BY_FORM].flatMap(([lexical, kind]) => {
    const count = countIn(text.classes, lexical);
    return count > 0 && count >= SHARE_MIN * text.count ? [{ kind, count }] : [];
  });

function lookAtParameter(
  name: string,
  { text, calls }: ParameterSummary,
  add: (kind: SensitiveClass, count: number) => void,
): void {
  const named = classOfName(name);
  if (named !== null) add(named, calls);
  for (const { kind, count } of formsOf(text)) if (kind !== named) add(kind, count);
}

function lookAtBody(
  body: BodySummary,
  add: (kind: SensitiveClass, path: string, count: number) => void,
): void {
  const walk = (shape: Shape, path: string, named: SensitiveClass | null, depth: number): void => {
    const values = shape.strings + shape.integers + shape.numbers;
    if (named !== null && values > 0) add(named, path, values);
    if (shape.text !== null)
      for (const { kind, count } of formsOf(shape.text)) if (kind !== named) add(kind, path, count);
    if (depth >= DEPTH_MAX) return;
    if (shape.items !== null) walk(shape.items, `${path}[]`, named, depth + 1);
    for (const [name, field] of shape.fields?.fields ?? []) {
      walk(field.shape, path === "" ? name : `${path}.${name}`, classOfName(name), depth + 1);
    }
  };
  if (body.shape !== null) walk(body.shape, "", null, 0);
}

export function classOfName(name: string): SensitiveClass | null {
  if (name.length > 64) return null;
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return BY_NAME.find(([pattern]) => pattern.test(bare))?.[1] ?? null;
}
