/** Forms of settings that are amounts: counts, shares, bytes, times. */
import type { Form } from "./forms.ts";

const quantity = (
  placeholder: string,
  allowed: string,
  parse: (text: string) => number | null,
): Form<number> => ({
  placeholder,
  allowed,
  isList: false,
  parse: (text) => {
    const value = parse(text.trim().toLowerCase());
    return value === null ? { wrong: text, meant: null } : { value };
  },
});

/** From `min` to `max`; `auto` is 0. */
export const countOrAuto = (min: number, max: number): Form<number> =>
  quantity("N", `auto, or a whole number from ${min} to ${max}`, (text) => {
    if (text === "auto") return 0;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : null;
  });

/** Per cent of one core, as a share: `50%` and `50` are 0.5. */
export const coreShare: Form<number> = quantity(
  "PERCENT",
  "per cent of one core from 1 to 6400, such as 50 or 150%",
  (text) => {
    const match = /^(\d{1,4}(?:\.\d{1,3})?) ?%?$/.exec(text);
    const value = match === null ? Number.NaN : Number(match[1]) / 100;
    return value >= 0.01 && value <= 64 ? value : null;
  },
);

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 2 ** 20],
  ["m", 2 ** 20],
  ["mb", 1e6],
  ["mi", 2 ** 20],
  ["mib", 2 ** 20],
  ["g", 2 ** 30],
  ["gb", 1e9],
  ["gi", 2 ** 30],
  ["gib", 2 ** 30],
]);

/** Bytes; a number alone is MiB. */
export const memorySize = (minMib: number): Form<number> =>
  quantity("SIZE", `at least ${minMib} MiB, such as 384, 512Mi or 1.5GB`, (text) => {
    const match = /^(\d{1,7}(?:\.\d{1,3})?) ?([a-z]{0,3})$/.exec(text);
    const unit = match === null ? undefined : BYTE_UNITS.get(match[2]!);
    const value = unit === undefined ? Number.NaN : Math.floor(Number(match![1]) * unit);
    return value >= minMib * 2 ** 20 ? value : null;
  });

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["", 1000],
  ["s", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["h", 3_600_000],
]);

/** Milliseconds; a number alone is seconds. */
export const timeSpan = (minMs: number, maxMs: number): Form<number> =>
  quantity(
    "TIME",
    `a time from ${minMs / 1000} s to ${maxMs / 1000} s, such as 10, 30s or 2m`,
    (text) => {
      const match = /^(\d{1,7}(?:\.\d{1,3})?) ?([a-z]{0,3})$/.exec(text);
      const unit = match === null ? undefined : TIME_UNITS.get(match[2]!);
      const value = unit === undefined ? Number.NaN : Number(match![1]) * unit;
      return value >= minMs && value <= maxMs ? value : null;
    },
  );

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** Null for `off`. A port alone is on loopback. */
export const listenAddressOrOff: Form<ListenAddress | null> = {
  placeholder: "ADDRESS:PORT",
  allowed: "off, a port, or address:port, such as 127.0.0.1:8091 or [::]:8091",
  isList: false,
  parse: (text) => {
    if (/^off$/i.test(text)) return { value: null };
    const match = /^(?:(\[[0-9a-f:.]+\]|[^\s:[\]]+):)?(\d{1,5})$/i.exec(text);
    const port = match === null ? Number.NaN : Number(match[2]);
    if (!(port <= 65535)) return { wrong: text, meant: null };
    return { value: { address: match![1]?.replaceAll(/[[\]]/g, "") ?? "127.0.0.1", port } };
  },
};

/** A whole number, both ends included. */
export const countFrom = (min: number, max: number): Form<number> =>
  quantity("N", `a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : null;
  });
