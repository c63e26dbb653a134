/** Numbers, times and sizes as people read them, in the reader's language and zone. */
const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
});
const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: "full",
  timeStyle: "long",
});
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

export const count = (value: number): string =>
  Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value);

export const exactCount = (value: number): string => whole.format(value);

export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A share as a percentage; what is little is not shown as nothing. */
export const percent = (share: number): string => {
  if (share === 0) return "0 %";
  if (share < 0.001) return "< 0.1 %";
  if (share > 0.999 && share < 1) return "> 99.9 %";
  const value = share * 100;
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} %`;
};

export const duration = (ms: number | null): string => {
  if (ms === null) return "–";
  if (ms < 1) return "< 1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
};

/** "14 – 32 ms": the unit once where both have the same. */
export const durations = (fromMs: number | null, toMs: number | null): string => {
  const [from, to] = [duration(fromMs), duration(toMs)];
  if (from === to) return from;
  const unit = to.slice(to.indexOf(" "));
  return `${from.endsWith(unit) && !from.startsWith("<") ? from.slice(0, -unit.length) : from} – ${to}`;
};

export const bytes = (value: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let rest = value;
  while (rest >= 1_000 && unit < units.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  return `${Number(rest.toFixed(rest < 10 && unit > 0 ? 1 : 0))} ${units[unit]}`;
};

export const time = (ms: number): string => moment.format(ms);
export const exactTime = (ms: number): string => exact.format(ms);

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000_000],
  ["month", 2_592_000_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** "3 min. ago" */
export const ago = (ms: number, nowMs = Date.now()): string => {
  const difference = ms - nowMs;
  for (const [unit, length] of steps)
    if (Math.abs(difference) >= length)
      return relative.format(Math.trunc(difference / length), unit);
  return "just now";
};

/** A code such as `ring-full` or `httpPacketsLost` as words. */
export const asWords = (code: string): string => {
  const spaced = code
    .replaceAll(/[-_.:]+/g, " ")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

/** A name that is nothing but blanks, made visible. */
export const visible = (name: string): string => (name.trim() === "" ? JSON.stringify(name) : name);

/** Begins with a capital, unless it begins with a name such as that of a host. */
export const asSentence = (text: string): string =>
  /^[a-z]+(?: |$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
