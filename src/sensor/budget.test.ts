import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type BudgetLimits,
  type BudgetState,
  decide,
  initialBudget,
  isExhausted,
  type Plan,
  planOf,
  plans,
} from "./budget.ts";
import { randomFrom } from "./modelfiles.fixture.ts";

const limits: BudgetLimits = { cpuMax: 0.5, memoryBytesMax: 384e6 };
const calm = { ringFill: 0, droppedPackets: 0, memoryBytes: 100e6 };

/** Cost of a load under a plan; `load` is what it would cost in full. */
interface Costs {
  readonly idle: number;
  readonly walk: number;
  readonly heads: number;
}
const usual: Costs = { idle: 0.004, walk: 0.05, heads: 0.3 };

const cost = (load: number, plan: Plan, costs: Costs): number => {
  const scans = plan.scansBodies ? 1 / 2 ** plan.scanIntervalBits : 0;
  const bodies = 1 - costs.walk - costs.heads;
  const perFlow = costs.heads + bodies * scans;
  return costs.idle + load * (costs.walk + plan.keepShare * perFlow);
};

interface Second {
  readonly used: number;
  readonly rung: number;
}

const run = (
  loads: readonly number[],
  costs: Costs = usual,
  noise: () => number = () => 1,
): { seconds: Second[]; state: BudgetState } => {
  let state = initialBudget;
  const seconds: Second[] = [];
  for (const load of loads) {
    const used = cost(load, planOf(state), costs) * noise();
    state = decide(state, { ...calm, cpuShare: used }, limits);
    seconds.push({ used, rung: state.cpuRung });
  }
  return { seconds, state };
};

const constant = (load: number, seconds: number): number[] => new Array<number>(seconds).fill(load);
const changes = (seconds: readonly Second[]): number =>
  seconds.filter((second, index) => index > 0 && second.rung !== seconds[index - 1]!.rung).length;
const mean = (seconds: readonly Second[]): number =>
  seconds.reduce((sum, second) => sum + second.used, 0) / seconds.length;

test("each rung costs less than the one before it, but at least half", () => {
  for (const costs of [usual, { idle: 0, walk: 0, heads: 0.01 }, { idle: 0, walk: 0, heads: 1 }]) {
    for (let rung = 1; rung < plans.length; rung += 1) {
      const above = cost(1, plans[rung - 1]!, costs);
      const below = cost(1, plans[rung]!, costs);
      assert.ok(below <= above);
      if (costs.heads > 0.1) assert.ok(below >= above / 2 - 1e-9, `rung ${rung}`);
    }
  }
});

test("a load within the limit sheds nothing", () => {
  for (const load of [0, 0.1, 0.3, 0.44]) {
    assert.equal(changes(run(constant(load, 1000)).seconds), 0);
  }
});

test("any constant load comes to rest within seconds, below the limit, and stays", () => {
  for (const load of [0.46, 0.5, 0.6, 0.8, 1, 1.5, 2, 4, 7]) {
    for (const heads of [0.02, 0.1, 0.3, 0.6, 0.9]) {
      const { seconds } = run(constant(load, 3600), { idle: 0.004, walk: 0.05, heads });
      const name = `load ${load}, heads ${heads}`;
      assert.ok(mean(seconds.slice(12, 60)) <= limits.cpuMax, name);
      for (let at = 12; at + 10 <= 3600; at += 1) {
        assert.ok(mean(seconds.slice(at, at + 10)) <= limits.cpuMax, `${name} at ${at}`);
      }
      assert.ok(changes(seconds) <= 16, `${name}: ${changes(seconds)} changes`);
      assert.ok(changes(seconds.slice(1800)) <= 4, name);
    }
  }
});

test("a rung that is too careful is left: what can be afforded is used", () => {
  for (const load of [0.6, 1, 2, 4]) {
    const { seconds, state } = run(constant(load, 3600));
    const lower = plans[state.cpuRung - 1]!;
    assert.ok(
      cost(load, lower, usual) > limits.cpuMax * 0.6,
      `load ${load} rests at rung ${state.cpuRung} using ${seconds.at(-1)!.used}`,
    );
  }
});

test("it recovers within half a minute when the load goes", () => {
  const { seconds, state } = run([...constant(4, 300), ...constant(0.05, 30)]);
  assert.ok(seconds[299]!.rung > 5);
  assert.equal(state.cpuRung, 0);
});

test("noise does not make it swing", () => {
  const random = randomFrom(1);
  const noise = (): number => 0.8 + 0.4 * random();
  for (const load of [0.3, 0.42, 0.5, 1, 2, 4]) {
    const { seconds } = run(constant(load, 3600), usual, noise);
    assert.ok(changes(seconds) <= 30, `load ${load}: ${changes(seconds)} changes in an hour`);
    assert.ok(changes(seconds.slice(1800)) <= 10, `load ${load}`);
    assert.ok(mean(seconds.slice(12)) <= limits.cpuMax);
  }
});

test("bursts within the limit's mean do not make it swing", () => {
  for (const heads of [0.05, 0.3, 0.9]) {
    for (let load = 0.3; load < 8; load *= 1.25) {
      const random = randomFrom(3);
      const costs = { ...usual, heads };
      const { seconds } = run(constant(load, 7200), costs, () => 0.4 + 1.2 * random());
      assert.ok(changes(seconds) <= 120, `load ${load}: ${changes(seconds)} changes in two hours`);
      for (let at = 30; at + 60 <= 7200; at += 60) {
        assert.ok(mean(seconds.slice(at, at + 60)) <= limits.cpuMax);
      }
    }
  }
});

test("waves of any period keep the mean of each minute within the limit", () => {
  for (const period of [4, 10, 20, 40, 60, 120, 300]) {
    const loads = Array.from({ length: 3600 }, (_, at) => (at % period < period / 2 ? 2.5 : 0.1));
    const { seconds } = run(loads);
    for (let at = 0; at + 60 <= 3600; at += 1) {
      const share = mean(seconds.slice(at, at + 60));
      assert.ok(share <= limits.cpuMax, `period ${period} at ${at}: ${share}`);
    }
  }
});

test("random walks keep the mean of each minute within the limit", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -0.25, max: 0.25, noNaN: true }), {
        minLength: 600,
        maxLength: 600,
      }),
      (steps) => {
        let load = 0.5;
        const loads = steps.map((step) => {
          load = Math.min(7, Math.max(0, load + step));
          return load;
        });
        const { seconds } = run(loads);
        for (let at = 10; at + 60 <= 600; at += 7) {
          assert.ok(mean(seconds.slice(at, at + 60)) <= limits.cpuMax);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("a load beyond all shedding is said to be one", () => {
  const { state } = run(constant(40, 60));
  assert.equal(planOf(state), plans.at(-1));
  assert.equal(isExhausted(state), true);
  assert.equal(isExhausted(run(constant(1, 60)).state), false);
});

test("packets that the kernel drops shed load even where the CPU seems free", () => {
  let state = initialBudget;
  for (let second = 0; second < 3; second += 1) {
    state = decide(state, { ...calm, cpuShare: 0.1, droppedPackets: 5 }, limits);
  }
  assert.ok(state.cpuRung >= 3);
  let full = initialBudget;
  for (let second = 0; second < 4; second += 1) {
    full = decide(full, { ...calm, cpuShare: 0.1, ringFill: 0.8 }, limits);
  }
  assert.ok(full.cpuRung >= 1);
  for (let second = 0; second < 60; second += 1) {
    state = decide(state, { ...calm, cpuShare: 0.01 }, limits);
  }
  assert.equal(state.cpuRung, 0);
});

test("memory sheds bodies at once and flows by and by, and comes back slowly", () => {
  const grown = { ...calm, cpuShare: 0.1, memoryBytes: 360e6 };
  let state = initialBudget;
  for (let second = 0; second < 5; second += 1) state = decide(state, grown, limits);
  assert.equal(planOf(state).level, 2);
  for (let second = 0; second < 10; second += 1) state = decide(state, grown, limits);
  assert.equal(planOf(state).keepShare, 1 / 4);
  const between = { ...grown, memoryBytes: 310e6 };
  for (let second = 0; second < 500; second += 1) state = decide(state, between, limits);
  assert.equal(planOf(state).keepShare, 1 / 4, "between the two bounds nothing changes");
  for (let second = 0; second < 200; second += 1) {
    state = decide(state, { ...calm, cpuShare: 0.1 }, limits);
  }
  assert.equal(planOf(state).level, 0);
});

test("odd measures never leave the ladder", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          cpuShare: fc.double({ min: 0, max: 100, noNaN: true }),
          memoryBytes: fc.double({ min: 0, max: 1e12, noNaN: true }),
          ringFill: fc.double({ min: 0, max: 1, noNaN: true }),
          droppedPackets: fc.nat(),
        }),
        { maxLength: 300 },
      ),
      (measures) => {
        let state = initialBudget;
        for (const measure of measures) {
          state = decide(state, measure, limits);
          assert.ok(plans.includes(planOf(state)));
          assert.ok(Number.isFinite(state.pressure));
          for (const gain of state.gains) assert.ok(gain >= 1 && gain <= 2);
        }
      },
    ),
  );
});
