/** The command line, made from the table of settings. */
import { Command, CommanderError, Option } from "commander";
import { type Program, type Setting, settingNames, settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { type Environment, type Flags, readSettings } from "../base/settings.ts";
import { programs } from "./table.ts";

/** Columns of a description in help texts; where a terminal has fewer, lines go beyond its edge. */
const HELP_WIDTH_MIN = 24;

/** Parses `words`, runs the program that they name and gives its exit status. */
export const run = async (words: readonly string[], environment: Environment): Promise<number> => {
  let status = 0;
  const command = new Command("nta")
    .description("Finds the HTTP APIs in network traffic and writes their OpenAPI descriptions.")
    .option("-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .configureHelp({ minWidthToWrap: HELP_WIDTH_MIN });
  for (const program of Object.keys(programs) as Program[]) {
    addProgram(command, program, async (operands, flags) => {
      status = await programs[program].run(operands, readSettings(program, flags, environment));
    });
  }
  quieten(command);
  for (const subcommand of command.commands) quieten(subcommand);
  if (words.length === 0) {
    command.outputHelp();
    return 0;
  }
  try {
    await command.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new UsageError(describeMistake(error.message, words));
  }
  return status;
};

const addProgram = (
  command: Command,
  program: Program,
  action: (operands: readonly string[], flags: Flags) => Promise<void>,
): void => {
  const row = programs[program];
  const subcommand = command.command(program).description(row.summary);
  for (const operand of row.operands) subcommand.argument(operand.form, operand.description);
  for (const name of settingNames) {
    if (settings[name].programs.includes(program))
      subcommand.addOption(makeOption(settings[name], program));
  }
  subcommand.addHelpText(
    "after",
    `\nExamples:\n${row.examples.map((line) => `  ${line}\n`).join("")}`,
  );
  subcommand.action(async () => {
    const flags = settingNames.flatMap((name) => {
      const key = optionKey(settings[name]);
      if (subcommand.getOptionValueSource(key) !== "cli") return [];
      return [[name, subcommand.getOptionValue(key) as string | boolean] as const];
    });
    await action(subcommand.args, new Map(flags));
  });
};

const makeOption = (setting: Setting<unknown>, program: Program): Option => {
  const { flag, letter, form, fallback, variable, description } = setting;
  const isOn = form.placeholder === null && fallback === "true";
  const name = `${letter === undefined ? "" : `-${letter}, `}--${isOn ? "no-" : ""}${flag}`;
  const notes = [
    form.placeholder === null ? "" : `default: ${describeDefault(setting, program)}`,
    variable === null ? "" : `env: ${variable}`,
  ].filter((note) => note !== "");
  const help = `${description}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  if (form.placeholder === null) return new Option(name, help);
  const option = new Option(`${name} <${form.placeholder}>`, help);
  if (!form.isList) return option;
  return option.argParser((text: string, earlier: string | undefined) =>
    earlier === undefined ? text : `${earlier},${text}`,
  );
};

const describeDefault = (setting: Setting<unknown>, program: Program): string => {
  const own = setting.fallbackFor?.[program];
  if (own !== undefined) return own === "" ? "none" : own;
  return (setting.fallbackNote ?? setting.fallback).replaceAll("`", "");
};

/** The key under which commander keeps a flag's value. */
const optionKey = (setting: Setting<unknown>): string =>
  setting.flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Lets commander throw instead of printing and exiting: `main` prints mistakes, in one form. */
const quieten = (command: Command): void => {
  command.exitOverride().configureOutput({ outputError: () => undefined });
};

/** One line of commander's message, with where to look further. */
const describeMistake = (message: string, words: readonly string[]): string => {
  const program = words.find((word): word is Program => Object.hasOwn(programs, word));
  const text = message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/ \(Did you mean (.*)\?\)$/, ". Did you mean $1?")
    .replace(/^missing required argument '([^']+)'$/, (line, name: string) =>
      program === undefined ? line : missingOperand(program, name),
    );
  const help = program === undefined ? "" : ` ${program}`;
  return `${text}${/[.?]$/.test(text) ? "" : "."} 'nta${help} --help' shows what there is.`;
};

const missingOperand = (program: Program, name: string): string =>
  programs[program].operands.find(({ form }) => form.replaceAll(/[<>[\].]/g, "") === name)
    ?.missing ?? `name the ${name}`;
