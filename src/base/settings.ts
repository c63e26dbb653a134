import {
  OTHER_VARIABLES,
  type Program,
  type Setting,
  type SettingName,
  type Settings,
  settingNames,
  settings,
  VARIABLE_PREFIXES,
} from "./config.ts";
import { UsageError } from "./errors.ts";
import { nearest } from "./spelling.ts";

/** Flags as they were given: a text, or true and false for a switch. */
export type Flags = ReadonlyMap<SettingName, string | boolean>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** A flag wins over a variable, a variable over the default; an empty text counts as not set. */
export const readSettings = (
  program: Program,
  flags: Flags,
  environment: Environment,
): Settings => {
  refuseUnknownVariables(environment);
  const values = new Map<SettingName, unknown>();
  for (const name of settingNames) {
    values.set(name, readSetting(name, program, flags, environment));
  }
  return Object.fromEntries(values) as unknown as Settings;
};

const readSetting = (
  name: SettingName,
  program: Program,
  flags: Flags,
  environment: Environment,
): unknown => {
  const setting: Setting<unknown> = settings[name];
  const flag = flags.get(name);
  if (typeof flag === "boolean") return flag;
  if (flag !== undefined && flag.trim() !== "") return parse(setting, `--${setting.flag}`, flag);
  const text = setting.variable === null ? undefined : environment[setting.variable];
  if (text === undefined || text.trim() === "" || !setting.programs.includes(program)) {
    const fallback = setting.fallbackFor?.[program] ?? setting.fallback;
    return parse(setting, `--${setting.flag}`, fallback);
  }
  return parse(setting, setting.variable!, text.trim());
};

const parse = (setting: Setting<unknown>, source: string, text: string): unknown => {
  const parsed = setting.form.parse(text);
  if ("value" in parsed) return parsed.value;
  const part = parsed.wrong === text ? "" : ` in "${text}"`;
  const hint = parsed.meant === null ? "" : ` Did you mean ${parsed.meant}?`;
  throw new UsageError(
    `${source}: "${parsed.wrong}"${part} is not allowed; allowed: ${setting.form.allowed}.${hint}`,
  );
};

const refuseUnknownVariables = (environment: Environment): void => {
  const known = [
    ...settingNames.flatMap((name) => settings[name].variable ?? []),
    ...OTHER_VARIABLES,
  ];
  for (const [variable, value] of Object.entries(environment)) {
    if (!VARIABLE_PREFIXES.some((prefix) => variable.startsWith(prefix))) continue;
    if (known.includes(variable) || isServiceLink(variable, value ?? "")) continue;
    const meant = nearest(variable, known) ?? nearestStem(variable, known);
    const hint = meant === null ? "docs/configuration.md lists all." : `Did you mean ${meant}?`;
    throw new UsageError(`${variable}: there is no such setting. ${hint}`);
  }
};

/** The nearest where prefixes are left out: `NTA_PORTS` means `INVICTI_TAP_PORTS`. */
const nearestStem = (variable: string, known: readonly string[]): string | null => {
  const stem = (name: string): string => {
    const prefix = VARIABLE_PREFIXES.find((candidate) => name.startsWith(candidate));
    return name.slice(prefix?.length ?? 0);
  };
  const meant = nearest(stem(variable), known.map(stem));
  return known.find((name) => stem(name) === meant) ?? null;
};

/**
 * Kubernetes tells each container the addresses of Services in variables that begin with the Service's name, so
 * a Service that is called `nta` makes some that look like ours.
 */
const isServiceLink = (variable: string, value: string): boolean =>
  /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(variable) ||
  /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(variable) ||
  (variable.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value));
