import { setTimeout as sleep } from "node:timers/promises";

/** A machine that does much else may need long for little; only what never comes fails. */
const WITHIN_MS = 60_000;

/** Waits until `condition` holds; rejects, naming what did not come, where it never does. */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> => {
  const endMs = performance.now() + WITHIN_MS;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within a minute: ${what}`);
    await sleep(20);
  }
};
