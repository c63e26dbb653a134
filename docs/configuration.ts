/** Writes configuration.md from the table of settings: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Setting, settingNames, settings } from "../src/base/config.ts";

export const CONFIGURATION_PAGE = fileURLToPath(new URL("configuration.md", import.meta.url));

export const renderConfiguration = (): string => `# Configuration

A flag wins over an environment variable, a variable over the default; an empty variable counts as not set. A value
that is not allowed, a variable that begins with \`INVICTI_TAP_\` or \`NTA_\` and is none of these, and an unknown
flag are refused at start-up in one line that names the nearest right spelling, with exit status 2. Variables that
Kubernetes makes for a Service called \`nta\` are left alone. A list flag may be repeated.

| flag | variable | default | allowed | programs |
| --- | --- | --- | --- | --- |
${settingNames.map((name) => row(settings[name])).join("\n")}

${settingNames.map((name) => section(settings[name])).join("\n\n")}

<!-- Written from src/base/config/ by \`npm run docs\`. -->
`;

const row = (setting: Setting<unknown>): string => {
  const cells = [
    `\`${flagOf(setting)}\``,
    setting.variable === null ? "" : `\`${setting.variable}\``,
    defaultOf(setting),
    setting.form.allowed,
    setting.programs.join(", "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
};

const section = (setting: Setting<unknown>): string =>
  `**\`${flagOf(setting)}\`** ${setting.description}`;

const flagOf = ({ flag, letter, form, fallback }: Setting<unknown>): string => {
  const isOn = form.placeholder === null && fallback === "true";
  const value = form.placeholder === null ? "" : ` ${form.placeholder}`;
  return `${letter === undefined ? "" : `-${letter}, `}--${isOn ? "no-" : ""}${flag}${value}`;
};

const defaultOf = ({ fallback, fallbackNote }: Setting<unknown>): string =>
  fallbackNote ?? `\`${fallback}\``;

if (import.meta.main) writeFileSync(CONFIGURATION_PAGE, renderConfiguration());
