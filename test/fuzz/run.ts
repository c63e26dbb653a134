/**
 * Seeded fuzzers, each for its share of the time, or for so many cases. A failure prints what repeats it.
 *
 *   npm run fuzz -- [--seconds 60] [--seed N] [--only NAME,NAME] [--cases N]
 */
import { inspect, parseArgs } from "node:util";
import { Random } from "../support/random.ts";
import { targets } from "./targets.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" },
    cases: { type: "string" },
  },
});

/** Of the processor's time, as the machine may be busy. No case works on more than some ten kilobytes. */
const CASE_MS_MAX = 10_000;
/** Of what is shown of a failure: two large documents that differ fill a terminal, or all memory. */
const SHOWN_LENGTH_MAX = 4000;

const firstSeed = Number(options.seed ?? Date.now() % 1e9);
const only = options.only?.split(",");
const chosen = Object.entries(targets).filter(([name]) => only?.includes(name) ?? true);
const casesMax = Number(options.cases ?? Number.POSITIVE_INFINITY);
const endless = options.cases !== undefined && options.seconds === undefined;
const shareMs = endless
  ? Number.POSITIVE_INFINITY
  : (Number(options.seconds ?? "60") * 1000) / chosen.length;

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
    const before = process.cpuUsage();
    try {
      await run(new Random(seed));
      const { user, system } = process.cpuUsage(before);
      const tookMs = (user + system) / 1000;
      if (tookMs > CASE_MS_MAX) throw new Error(`took ${tookMs.toFixed(0)} ms`);
    } catch (error) {
      console.error(`FAILED: ${name}, case ${cases + 1}, seed ${seed}. To repeat it alone:`);
      console.error(`  npm run fuzz -- --only ${name} --seed ${seed} --cases 1`);
      console.error("or, where it takes what the cases before it left:");
      console.error(`  npm run fuzz -- --only ${name} --seed ${firstSeed} --cases ${cases + 1}`);
      console.error(inspect(error).slice(0, SHOWN_LENGTH_MAX));
      process.exit(1);
    }
  }
  console.log(`${name}: ${cases} cases`);
}
