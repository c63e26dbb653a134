/**
 * What a name says about the values under it: whether they identify things, tell kinds of objects apart, or may
 * be kept as words. One judgement for JSON fields, parameters, headers, cookies and form fields.
 */
export const NameFlag = {
  /** Values identify something: hashed, to be joined with path slots. */
  IdLike: 1 << 0,
  /** Values tell which kind of object this is. */
  Tag: 1 << 1,
  /** An enumeration by its name: any pronounceable word may be kept. */
  EnumLike: 1 << 2,
  /** Credentials, people, contact data: no word may be kept. */
  Private: 1 << 3,
  /** At the top of a request it may name the operation (GraphQL, JSON-RPC), or how a token is asked for. */
  Selector: 1 << 4,
  /** Values open doors: not even a keyed hash of them is kept. */
  Secret: 1 << 5,
} as const;

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** By the last part of a name: `userId`, `order_number`. */
const ID_LIKE = words(
  "id ids uuid guid uid gid sid oid pid rid cid key slug name login username user number no num code sku ref reference " +
    "handle path tag version sha hash email host hostname domain symbol owner repo repository queue vhost exchange topic " +
    "bucket identifier ident index rev revision digest file filename alias account symbol ean isbn gtin asin zone group " +
    "namespace project org organization tenant workspace channel branch database db table collection node server",
);

const TAG = words(
  "type kind event object class variant typename discriminator op operation action model entity resourcetype",
);

const ENUM_LIKE = words(
  "type types kind kinds status statuses state states mode modes role roles level levels visibility privacy method methods " +
    "currency currencies language languages lang locale locales country action actions event events reason reasons category " +
    "categories direction sort order dir severity priority scope scopes format formats protocol source view plan policy " +
    "association conclusion access permission permissions strategy color colour interval section confidence stage op " +
    "operation operator architecture arch framework quality network flavor flavour selection result origin markup channel " +
    "environment env style unit units side gender sex tier class size phase period frequency day weekday platform os " +
    "provider brand engine algorithm alg encoding charset object resource entity variant theme layout alignment position " +
    "grade setting subtype outcome resolution condition comparator indicator relation relationship rel cadence recurrence " +
    "usage purpose effect severity health liveness feature features capability capabilities flag typename discriminator " +
    "by include expand embed fields dimension metric aggregation granularity bucket transport carrier media",
);

/** Any part of the name: `passwordHash`, `x-session`. */
const SECRET_ANYWHERE = words(
  "password passwd pwd pass passphrase secret secrets credential credentials auth authorization bearer cookie session jwt " +
    "otp pin cvv cvc csc ssn nonce salt signature sig apikey csrf xsrf captcha passport token tokens",
);

/** Any part of the name: `billingEmail`, `firstName`. */
const PRIVATE_ANYWHERE = words(
  "private email mail phone mobile fax tel " +
    "telephone firstname lastname surname fullname nickname birth birthday birthdate dob iban bic street postcode " +
    "zip postal zipcode latitude longitude lat lng lon",
);

/** Only as the last part: `userName` is private, `nameFormat` is not. */
const PRIVATE_LAST = words(
  "token tokens key keys name names username user users login owner author assignee reviewer sender recipient customer " +
    "person people contact nick handle address city town account card number text description comment comments message " +
    "body note notes q query search term url uri href link path file filename hash ip host hostname company employer " +
    "id ids uid uuid guid slug ref reference first last middle given family maiden",
);

const SELECTOR = words("operationName query method jsonrpc grant_type");

/** `name` as on the wire; patterns (`{uuid}`) say nothing. */
export function nameFlags(name: string): number {
  const parts = nameParts(name);
  const last = parts[parts.length - 1];
  if (last === undefined || name.startsWith("{")) return 0;
  let flags = 0;
  const joined = parts.join("");
  const whole = parts.length > 1 ? joined : last;
  if (ID_LIKE.has(last)) flags |= NameFlag.IdLike;
  if (TAG.has(last)) flags |= NameFlag.Tag;
  // `tokenType` is an enumeration though a token is none.
  if (ENUM_LIKE.has(last)) flags |= NameFlag.EnumLike;
  else if (SECRET_ANYWHERE.has(whole) || parts.some((part) => SECRET_ANYWHERE.has(part))) {
    flags |= NameFlag.Private | NameFlag.Secret;
  } else if (
    PRIVATE_LAST.has(last) ||
    PRIVATE_ANYWHERE.has(whole) ||
    parts.some((part) => PRIVATE_ANYWHERE.has(part))
  ) {
    flags |= NameFlag.Private;
  }
  if (SELECTOR.has(name)) flags |= NameFlag.Selector;
  return flags;
}

/** `billingAddress_line-2` gives `billing address line`: letters only, lower case. */
export function nameParts(name: string): string[] {
  const parts: string[] = [];
  let start = -1;
  for (let at = 0; at <= name.length; at += 1) {
    const code = at < name.length ? name.charCodeAt(at) : 0;
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    const upper = code >= 0x41 && code <= 0x5a;
    if (start >= 0) {
      const before = name.charCodeAt(at - 1);
      const beforeUpper = before >= 0x41 && before <= 0x5a;
      const next = at + 1 < name.length ? name.charCodeAt(at + 1) : 0;
      const nextLower = next >= 0x61 && next <= 0x7a;
      const hump = upper && (!beforeUpper || (nextLower && at - start > 1));
      if (!letter || hump) {
        parts.push(name.slice(start, at).toLowerCase());
        start = letter ? at : -1;
      }
    } else if (letter) start = at;
  }
  return parts;
}
