const entries = (count: number): string => (count === 1 ? "1 entry" : `${count} entries`);

/** Problem codes of HAR files, with what they mean for `count` entries. Stable: tests and programs name them. */
export const HAR_PROBLEMS = {
  truncated: () => "the HAR file is cut off; used up to there",
  brokenEntry: (count: number) => `${entries(count)} left out: not valid JSON`,
  noRequest: (count: number) => `${entries(count)} left out: no request with method and URL`,
  notHttp: (count: number) => `${entries(count)} left out: not fetched over HTTP`,
  badUrl: (count: number) => `${entries(count)} left out: the URL cannot be read`,
  badHead: (count: number) =>
    `${entries(count)} left out: method, target or headers cannot be a message's`,
  tooLarge: (count: number) => `${entries(count)} left out: larger than the limit`,
  bodyMissing: (count: number) => `${entries(count)} without the body's content: saved without it`,
  badTime: (count: number) => `${entries(count)} without a readable time`,
} as const satisfies Record<string, (count: number) => string>;

export type HarProblem = keyof typeof HAR_PROBLEMS;
