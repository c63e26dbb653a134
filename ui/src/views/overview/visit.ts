/** When this reader was here before: a pause of half an hour ends a visit. */
const KEY = "nta.visit";
const pauseMs = 1_800_000;
const markEveryMs = 60_000;

interface Visit {
  readonly previousMs: number | null;
  readonly lastMs: number;
}

const read = (): Visit | null => {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
};

const mark = (previousMs: number | null): void =>
  localStorage.setItem(KEY, JSON.stringify({ previousMs, lastMs: Date.now() } satisfies Visit));

const before = read();
const isNewVisit = before !== null && Date.now() - before.lastMs > pauseMs;

/** The end of the visit before this one, null at the first. */
export const lastVisitMs: number | null =
  before === null ? null : isNewVisit ? before.lastMs : before.previousMs;

mark(lastVisitMs);
setInterval(() => mark(lastVisitMs), markEveryMs);
