/**
 * How long to wait before the next attempt: doubling from a second to a minute, of which a random part between half
 * and the whole is taken, so that a thousand sensors that lost one server do not come back in one instant.
 */
export interface BackoffRules {
  readonly firstMs: number;
  readonly lastMs: number;
  /** A server that asks for more than this is believed no further. */
  readonly askedMsMax: number;
}

export const backoffRules: BackoffRules = {
  firstMs: 1000,
  lastMs: 60_000,
  askedMsMax: 600_000,
};

/**
 * `failures`: attempts in a row that failed, at least 1. `askedMs`: what the server asked for (Retry-After), or null;
 * it is never undercut, and spread by up to a fifth. `random`: from 0 up to 1.
 */
export function backoffMs(
  failures: number,
  askedMs: number | null,
  random: number,
  rules: BackoffRules = backoffRules,
): number {
  const whole = Math.min(rules.lastMs, rules.firstMs * 2 ** Math.min(failures - 1, 30));
  const ownMs = whole * (0.5 + random / 2);
  if (askedMs === null) return ownMs;
  return Math.max(ownMs, Math.min(rules.askedMsMax, Math.max(0, askedMs)) * (1 + random / 5));
}
