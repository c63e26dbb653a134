/** Requests to `/api/v1`: query strings, and problems as errors. A cookie that scripts cannot read says who asks. */
import type { Problem } from "../../../src/server/contract.ts";

const PREFIX = "/api/v1";

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | null;
  constructor(status: number, problem: Problem | null, message: string) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

export const addressOf = (path: string, query: Query = {}): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  const text = search.toString();
  return `${PREFIX}/${path}${text === "" ? "" : `?${text}`}`;
};

/** Answers with success, or throws an `ApiError` that says what happened. */
export const request = async (path: string, query?: Query, init?: RequestInit) => {
  let response: Response;
  try {
    response = await fetch(addressOf(path, query), init);
  } catch (error) {
    if (init?.signal?.aborted === true) throw error;
    throw new ApiError(0, null, "The server does not answer. Is it still running?");
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  throw new ApiError(
    response.status,
    problem,
    problem?.detail ?? problem?.title ?? `The server answered with status ${response.status}.`,
  );
};

export const get = async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => {
  const answer = await request(path, query, signal === undefined ? {} : { signal });
  return JSON.parse((await answer.text()).replaceAll(turning, "\ufffd")) as T;
};

/** Characters that turn the direction of writing: a name with one could make what stands beside it read as something else. */
const turning = /[\u202a-\u202e\u2066-\u2069]/g;

export const send = async <T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> => {
  const response = await request(path, undefined, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
};

const problemOf = async (response: Response): Promise<Problem | null> => {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null && "title" in body ? (body as Problem) : null;
  } catch {
    return null;
  }
};
