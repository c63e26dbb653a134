/**
 * Every setting, once: its flag, its variable, its form, its default and what it does. The command line, the
 * environment, the chart's values and docs/configuration.md are made from this table.
 */
import { clientSettings } from "./config/client.ts";
import { documentSettings } from "./config/documents.ts";
import { kubernetesSettings } from "./config/kubernetes.ts";
import { natsSettings } from "./config/nats.ts";
import { outputSettings } from "./config/output.ts";
import { selectionSettings } from "./config/selection.ts";
import { serverSettings } from "./config/server.ts";
import type { Setting } from "./config/setting.ts";
import { tapSettings } from "./config/tap.ts";

export type { Program, Setting } from "./config/setting.ts";

export const settings = {
  ...selectionSettings,
  ...documentSettings,
  ...outputSettings,
  ...tapSettings,
  ...kubernetesSettings,
  ...natsSettings,
  ...serverSettings,
  ...clientSettings,
} as const;

export type SettingName = keyof typeof settings;
/** The values of all settings, as their forms parse them. */
export type Settings = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value>
    ? Value
    : never;
};

/** Prefixes of variables that are ours; a variable that begins so and is not in the table is a mistake. */
export const VARIABLE_PREFIXES = ["INVICTI_TAP_", "NTA_"] as const;

/** Variables that are ours and no settings: where the tests find data from outside. */
export const OTHER_VARIABLES = ["NTA_EVAL_DIR"] as const;

export const settingNames = Object.keys(settings) as SettingName[];
