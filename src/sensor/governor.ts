import {
  type BudgetLimits,
  type BudgetState,
  decide,
  initialBudget,
  isExhausted,
  type Measure,
  type Plan,
  planOf,
} from "./budget.ts";

/** Time between two looks; a look that comes much too early says nothing. */
export const LOOK_MS = 1000;

/** What the process used so far, all threads together. */
export interface Usage {
  readonly steadyMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

export const processUsage = (): Usage => {
  const cpu = process.cpuUsage();
  return {
    steadyMs: performance.now(),
    cpuMs: (cpu.user + cpu.system) / 1000,
    memoryBytes: process.memoryUsage.rss(),
  };
};

export interface GovernorStatus extends Measure, BudgetLimits {
  readonly plan: Plan;
  readonly isExhausted: boolean;
  /** Times that the plan changed. */
  readonly planChanges: number;
}

/** Looks at this process once a second and says by which plan it should work. */
export class Governor {
  readonly #limits: BudgetLimits;
  readonly #usage: () => Usage;
  #state: BudgetState = initialBudget;
  #last: Usage;
  #measure: Measure;
  #planChanges = 0;

  constructor(limits: BudgetLimits, usage: () => Usage = processUsage) {
    this.#limits = limits;
    this.#usage = usage;
    this.#last = usage();
    this.#measure = {
      cpuShare: 0,
      memoryBytes: this.#last.memoryBytes,
      ringFill: 0,
      droppedPackets: 0,
    };
  }

  get plan(): Plan {
    return planOf(this.#state);
  }

  /** To be called every `LOOK_MS`. `ringFill` and `droppedPackets` as in `Measure`. */
  look(ringFill: number, droppedPackets: number): Plan {
    const usage = this.#usage();
    const elapsedMs = usage.steadyMs - this.#last.steadyMs;
    if (elapsedMs < LOOK_MS / 10) return this.plan;
    this.#measure = {
      cpuShare: (usage.cpuMs - this.#last.cpuMs) / elapsedMs,
      memoryBytes: usage.memoryBytes,
      ringFill,
      droppedPackets,
    };
    this.#last = usage;
    const before = this.plan;
    this.#state = decide(this.#state, this.#measure, this.#limits);
    if (this.plan !== before) this.#planChanges += 1;
    return this.plan;
  }

  status(): GovernorStatus {
    return {
      ...this.#measure,
      ...this.#limits,
      plan: this.plan,
      isExhausted: isExhausted(this.#state),
      planChanges: this.#planChanges,
    };
  }
}
