import { UsageError } from "../base/errors.ts";
import { InventoryProblem } from "../inventory/problem.ts";
import type { Problem } from "./contract.ts";

/** A request that is answered with an error, as `application/problem+json` (RFC 9457). */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly problems: Problem["problems"];

  constructor(
    status: number,
    detail?: string,
    more: { headers?: Record<string, string>; problems?: Problem["problems"] } = {},
  ) {
    super(detail ?? titleOf(status));
    this.status = status;
    this.title = titleOf(status);
    this.detail = detail;
    this.headers = more.headers ?? {};
    this.problems = more.problems;
  }
}

export const PROBLEM_TYPE = "application/problem+json";

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, "Bad request"],
  [401, "Not signed in"],
  [403, "Not allowed"],
  [404, "Not found"],
  [405, "Method not allowed"],
  [406, "Not acceptable"],
  [408, "Too slow"],
  [409, "Conflict"],
  [411, "Length required"],
  [412, "Changed meanwhile"],
  [413, "Too large"],
  [415, "Unsupported content"],
  [421, "Wrong host"],
  [422, "Cannot be processed"],
  [429, "Too many requests"],
  [500, "Internal error"],
  [502, "Bad answer from elsewhere"],
  [503, "Not available now"],
]);

const titleOf = (status: number): string => TITLES.get(status) ?? `Status ${status}`;

export const notFound = (what: string): Refusal => new Refusal(404, `there is no such ${what}`);

/** What any error is for who asked: a bug of ours says nothing of itself. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UsageError) return new Refusal(422, error.message);
  if (error instanceof InventoryProblem) {
    const { kind, message, retryAfterMs } = error;
    const seconds = Math.ceil((retryAfterMs ?? RETRY_MS) / 1000);
    const status = STATUSES[kind];
    const headers = { "retry-after": String(seconds) };
    return new Refusal(status, message, status === 429 || status === 503 ? { headers } : {});
  }
  const { statusCode, message, validation } = error as {
    statusCode?: number;
    message?: string;
    validation?: readonly { instancePath?: string; message?: string }[];
  };
  if (Array.isArray(validation)) {
    const problems = validation.slice(0, PROBLEMS_MAX).map((each) => ({
      path: each.instancePath ?? "",
      message: each.message ?? "not as described",
    }));
    return new Refusal(400, message ?? "not as described", { problems });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Refusal(statusCode, message);
  }
  return new Refusal(500, "this is a bug of nta or of what it stands on; its log says more");
}

const PROBLEMS_MAX = 20;
const RETRY_MS = 5000;
const STATUSES = {
  "not-found": 404,
  invalid: 422,
  conflict: 409,
  busy: 429,
  "disk-full": 503,
  unavailable: 503,
} as const;

export const problemBody = (refusal: Refusal): Problem => ({
  type: "about:blank",
  title: refusal.title,
  status: refusal.status,
  ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
  ...(refusal.problems === undefined ? {} : { problems: refusal.problems }),
});
