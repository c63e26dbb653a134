/**
 * Seeded fuzzers, each for its share of the time. A failure prints the target and the seed that repeats it.
 *
 *   npm run fuzz -- [--seconds 60] [--seed N] [--only NAME,NAME] [--cases N]
 */
import { parseArgs } from "node:util";
import { Random } from "../support/random.ts";
import { targets } from "./targets.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    only: { type: "string" },
    cases: { type: "string" },
  },
});

/** No case works on more than some ten kilobytes. */
const CASE_MS_MAX = 10_000;

const firstSeed = Number(options.seed ?? Date.now() % 1e9);
const only = options.only?.split(",");
const chosen = Object.entries(targets).filter(([name]) => only?.includes(name) ?? true);
const casesMax = Number(options.cases ?? Number.POSITIVE_INFINITY);
const shareMs = (Number(options.seconds) * 1000) / chosen.length;

if (chosen.length === 0) {
  console.error(`No such target; there are ${Object.keys(targets).join(", ")}.`);
  process.exit(2);
}
console.log(`first seed ${firstSeed}`);
for (const [name, run] of chosen) {
  const startMs = performance.now();
  let cases = 0;
  for (; cases < casesMax && performance.now() - startMs < shareMs; cases++) {
    const seed = firstSeed + cases;
    const caseMs = performance.now();
    try {
      await run(new Random(seed));
      const tookMs = performance.now() - caseMs;
      if (tookMs > CASE_MS_MAX) throw new Error(`took ${tookMs.toFixed(0)} ms`);
    } catch (error) {
      console.error(`FAILED: npm run fuzz -- --only ${name} --seed ${seed} --cases 1`);
      console.error(error);
      process.exit(1);
    }
  }
  console.log(`${name}: ${cases} cases`);
}
