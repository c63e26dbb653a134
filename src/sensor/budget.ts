/**
 * Keeps the sensor within its CPU and memory by doing less, by plan: first fewer bodies are scanned, then none, then
 * whole flows are let go by a fair sample. The plans form a ladder; each rung costs less than the one before it, and, as
 * it halves one thing, at least half of it. So from a rung at which the load is below half of what is allowed, one can
 * always go down without having to come back.
 *
 *     rung    0     1 .. 4            5          6 .. 13
 *     level   0     1                 2          3
 *     scans   all   1/2 .. 1/16       none       none
 *     flows   all   all               all        1/2 .. 1/256
 */

export interface Plan {
  /** 0 nothing is shed, 1 fewer bodies, 2 no bodies, 3 fewer flows. */
  readonly level: 0 | 1 | 2 | 3;
  /** For `attend`: one body of at least `1 << scanIntervalBits` is scanned. */
  readonly scanIntervalBits: number;
  readonly scansBodies: boolean;
  /** For `keepsFlow`. */
  readonly keepShare: number;
}

const SCAN_RUNGS = 4;
const FLOW_RUNGS = 8;
const NO_BODIES = SCAN_RUNGS + 1;

export const plans: readonly Plan[] = [
  { level: 0, scanIntervalBits: 0, scansBodies: true, keepShare: 1 },
  ...Array.from({ length: SCAN_RUNGS }, (_, index): Plan => {
    return { level: 1, scanIntervalBits: index + 1, scansBodies: true, keepShare: 1 };
  }),
  { level: 2, scanIntervalBits: SCAN_RUNGS, scansBodies: false, keepShare: 1 },
  ...Array.from({ length: FLOW_RUNGS }, (_, index): Plan => {
    const keepShare = 1 / 2 ** (index + 1);
    return { level: 3, scanIntervalBits: SCAN_RUNGS, scansBodies: false, keepShare };
  }),
];

export interface BudgetLimits {
  /** Share of one core that the whole process may use: 0.5 is half a core. */
  readonly cpuMax: number;
  readonly memoryBytesMax: number;
}

/** One look at the process, over about a second. */
export interface Measure {
  /** Share of one core since the last look. */
  readonly cpuShare: number;
  readonly memoryBytes: number;
  /** How full the fullest ring was, 0 to 1. */
  readonly ringFill: number;
  /** Packets that the kernel dropped since the last look. */
  readonly droppedPackets: number;
}

/** What the governor remembers between looks. */
export interface BudgetState {
  readonly cpuRung: number;
  readonly memoryRung: number;
  /** Mean pressure (1 is the limit) since the CPU rung changed, recent looks weighing more; over `looks` looks. */
  readonly pressure: number;
  readonly looks: number;
  /** Looks since the memory rung changed. */
  readonly memoryLooks: number;
  /** By rung: by how much the load rose when going down from it, as far as known. At most 2. */
  readonly gains: readonly number[];
  /** Looks that a rung is kept before a descent; doubles with each that failed, counts less where the load is far lower. */
  readonly patience: number;
  /** Whether the last change of the CPU rung was a descent. */
  readonly descended: boolean;
  /** Pressure just before a climb by one rung, to learn what it gained; 0 where there is none. */
  readonly pressureBefore: number;
}

export const initialBudget: BudgetState = {
  cpuRung: 0,
  memoryRung: 0,
  pressure: 0,
  looks: 0,
  memoryLooks: 0,
  gains: plans.map(() => 2),
  patience: 10,
  descended: false,
  pressureBefore: 0,
};

/** A look weighs at least this much against all before it. */
const LOOK_WEIGHT_MIN = 0.2;
/** Above it a rung is too dear: below 1, so that the limit itself is kept. */
const HIGH = 0.9;
/** So many looks tell a load that is too much from a burst; one that is as bad as this needs no others. */
const LOOKS_TO_CLIMB = 3;
const ALARM = 1.5;
/** A descent aims no higher than this. */
const DESCENT_TARGET = 0.8;
const GAIN_MAX = 2;
/** What was learned of a gain is held to be this much more. */
const GAIN_MARGIN = 1.1;
/** Looks before a descent that cannot fail, and the range of patience for others. */
const LOOKS_MIN = 10;
const PATIENCE_MAX = 600;
/** A ring that stays this full will overflow; one that is fuller does so at the next burst. */
const RING_FILL_HIGH = 0.5;
const RING_FILL_ALARM = 0.75;

const MEMORY_HIGH = 0.9;
const MEMORY_ALARM = 0.97;
const MEMORY_LOW = 0.75;
/** Memory follows a change slowly. */
const MEMORY_CLIMB_LOOKS = 5;
const MEMORY_DESCENT_LOOKS = 30;

/** The plan that the state stands for. */
export const planOf = (state: BudgetState): Plan =>
  plans[Math.max(state.cpuRung, state.memoryRung)]!;

/** Whether nothing more can be shed and it is still too much. */
export const isExhausted = (state: BudgetState): boolean =>
  state.cpuRung === plans.length - 1 && state.pressure > 1;

/** The state after one look. */
export function decide(state: BudgetState, measure: Measure, limits: BudgetLimits): BudgetState {
  return decideMemory(decideCpu(state, pressureOf(measure, limits)), measure, limits);
}

/** Drops and a full ring mean that there is not enough CPU, whatever was used: the machine itself may be short of it. */
function pressureOf(measure: Measure, limits: BudgetLimits): number {
  const cpu = measure.cpuShare / limits.cpuMax;
  if (measure.droppedPackets > 0 || measure.ringFill > RING_FILL_ALARM) {
    return Math.max(cpu, ALARM + 0.1);
  }
  if (measure.ringFill > RING_FILL_HIGH) return Math.max(cpu, HIGH + 0.1);
  return cpu;
}

function decideCpu(before: BudgetState, pressure: number): BudgetState {
  const state = observe(before, pressure);
  const isHigh = state.looks >= LOOKS_TO_CLIMB && state.pressure > HIGH;
  if (isHigh || pressure > ALARM) return climb(state, isHigh ? state.pressure : pressure);
  const rung = descentFrom(state);
  if (rung === state.cpuRung) return state;
  return { ...state, cpuRung: rung, looks: 0, descended: true, pressureBefore: 0 };
}

/** Takes one look in: the mean, what the last climb gained, and whether the last descent holds. */
function observe(state: BudgetState, pressure: number): BudgetState {
  const weight = Math.max(LOOK_WEIGHT_MIN, 1 / (state.looks + 1));
  const mean = state.pressure + weight * (pressure - state.pressure);
  const held = state.descended && state.looks > Math.max(60, state.patience);
  let gains = state.gains;
  if (state.pressureBefore > 0 && state.looks === LOOKS_TO_CLIMB) {
    const gain = GAIN_MARGIN * (state.pressureBefore / Math.max(mean, 0.01));
    const learned = Math.min(GAIN_MAX, Math.max(GAIN_MARGIN, gain));
    gains = gains.map((known, rung) => (rung === state.cpuRung ? learned : known));
  }
  return {
    ...state,
    pressure: mean,
    looks: state.looks + 1,
    gains,
    patience: held ? LOOKS_MIN : state.patience,
  };
}

function climb(state: BudgetState, pressure: number): BudgetState {
  const last = plans.length - 1;
  if (state.cpuRung === last) return state;
  // Each rung saves at most half, so what is twice too much takes more than one.
  const rungs = Math.max(1, Math.round(Math.log2(pressure / HIGH)) + 1);
  const cpuRung = Math.min(last, state.cpuRung + rungs);
  const relapsed = state.descended && state.looks <= Math.max(60, state.patience);
  return {
    ...state,
    cpuRung,
    looks: 0,
    descended: false,
    patience: relapsed ? Math.min(PATIENCE_MAX, state.patience * 2) : state.patience,
    pressureBefore: cpuRung === state.cpuRung + 1 ? state.pressure : 0,
  };
}

/** The lowest rung that the load surely permits, or one below where it probably does; else the rung itself. */
function descentFrom(state: BudgetState): number {
  if (state.cpuRung === 0 || state.looks < LOOKS_MIN) return state.cpuRung;
  const sure = Math.floor(Math.log2(DESCENT_TARGET / Math.max(state.pressure, 1e-6)));
  if (sure >= 1) {
    const patience = state.patience / 4 ** sure;
    return state.looks >= patience ? Math.max(0, state.cpuRung - sure) : state.cpuRung;
  }
  const expected = state.pressure * state.gains[state.cpuRung]!;
  return state.looks >= state.patience && expected < DESCENT_TARGET
    ? state.cpuRung - 1
    : state.cpuRung;
}

/** Scanning fewer bodies frees next to nothing, so memory begins at the rung without any and then sheds flows. */
function decideMemory(state: BudgetState, measure: Measure, limits: BudgetLimits): BudgetState {
  const fill = measure.memoryBytes / limits.memoryBytesMax;
  const looks = state.memoryLooks + 1;
  const last = plans.length - 1;
  if (fill > MEMORY_HIGH && looks >= MEMORY_CLIMB_LOOKS && state.memoryRung < last) {
    const step = fill > MEMORY_ALARM ? 2 : 1;
    const memoryRung = Math.min(last, Math.max(NO_BODIES, state.memoryRung + step));
    return { ...state, memoryRung, memoryLooks: 0 };
  }
  if (fill < MEMORY_LOW && looks >= MEMORY_DESCENT_LOOKS && state.memoryRung > 0) {
    const memoryRung = state.memoryRung > NO_BODIES ? state.memoryRung - 1 : 0;
    return { ...state, memoryRung, memoryLooks: 0 };
  }
  return { ...state, memoryLooks: looks };
}
