import type { Written } from "../src/telemetry/exchange.fixture.ts";

/** Words that resources and fields are called by, combined to as many as are asked for. */
const THINGS =
  "account invoice order product customer payment shipment ticket project task comment document report device alert rule team member role policy".split(
    " ",
  );
const QUALIFIERS = ["", "archived", "draft", "public", "shared", "linked", "default"];
const FIELDS =
  "name status amount currency email url description owner total count active region priority score version label kind".split(
    " ",
  );

/** Every endpoint is called so often. */
const CALLS = 4;

/**
 * Calls to an API of about so many endpoints: resources with list, creation, reading, change and removal, and a
 * collection below each. Another seed makes other values and presence of optional fields.
 */
export function* exchangesOfApi(endpointCount: number, seed: number): Generator<Written> {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const resources = Math.ceil(endpointCount / 8);
  for (let index = 0; index < resources; index++) {
    const thing = THINGS[index % THINGS.length]!;
    const qualifier = QUALIFIERS[Math.floor(index / THINGS.length) % QUALIFIERS.length]!;
    const collection = `/v1/${qualifier === "" ? "" : `${qualifier}-`}${thing}s`;
    const body = (): object => bodyOf(index, random);
    for (let call = 0; call < CALLS; call++) {
      const item = `${collection}/${random(1_000_000)}`;
      yield json("GET", collection, { items: [body(), body(), body()], next: null });
      yield json("GET", `${item}/history`, { entries: [{ at: at(random), by: random(99) }] });
      yield json("POST", collection, body(), body());
      for (const method of ["GET", "PUT", "PATCH"])
        yield json(method, item, body(), method === "GET" ? undefined : body());
      yield { method: "DELETE", target: item, status: 204 };
      yield json("POST", `${item}/notes`, { id: random(99), text: "x y" }, { text: "x y" });
    }
  }
}

function bodyOf(index: number, random: (below: number) => number): object {
  const fields = FIELDS.filter((_, place) => (place * 7 + index * 3) % 5 < 3);
  const values = fields.flatMap((name, place): [string, unknown][] => {
    if (place % 4 === 3 && random(3) === 0) return [];
    return [[`${name}_${index % 3}`, sampleOf(place, random)]];
  });
  return { id: random(1_000_000), created_at: at(random), ...Object.fromEntries(values) };
}

function sampleOf(place: number, random: (below: number) => number): unknown {
  switch (place % 5) {
    case 0:
      return `text ${random(10_000)}`;
    case 1:
      return random(1_000);
    case 2:
      return random(2) === 0;
    case 3:
      return { id: random(99), title: "a b", tags: ["x", "y"] };
    default:
      return null;
  }
}

function at(random: (below: number) => number): string {
  return new Date(1.7e12 + random(1e9)).toISOString();
}

function json(method: string, target: string, response: object, request?: object): Written {
  return {
    method,
    target,
    responseBody: JSON.stringify(response),
    ...(request !== undefined && {
      requestBody: JSON.stringify(request),
      requestHeaders: { "content-type": "application/json" },
    }),
  };
}
