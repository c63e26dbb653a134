/** The command line, made from the table of settings. */
import { Command, CommanderError, Option } from "commander";
import { type Program, type Setting, settingNames, settings } from "../base/config.ts";
import { assertNever, UsageError } from "../base/errors.ts";
import { type Environment, type Flags, readSettings } from "../base/settings.ts";

interface ProgramRow {
  readonly summary: string;
  /** Whether captures are named on the command line. */
  readonly takesCaptures: boolean;
  readonly examples: readonly string[];
}

const PROGRAMS: Readonly<Record<Program, ProgramRow>> = {
  reconstruct: {
    summary: "write an OpenAPI document for each API that is spoken in captures",
    takesCaptures: true,
    examples: [
      "nta reconstruct capture.pcap -o openapi",
      "tcpdump -i any -w - tcp | nta reconstruct - --format json",
    ],
  },
  exchanges: {
    summary: "print each HTTP exchange in captures on one line",
    takesCaptures: true,
    examples: ["nta exchanges capture.pcap --json | head", "nta exchanges trace.har"],
  },
  demo: {
    summary: "run reconstruct on the capture that comes with nta",
    takesCaptures: false,
    examples: ["nta demo"],
  },
};

const CAPTURES_HELP =
  "pcap, pcapng (plain, gzip or zstd) or HAR files, read as one job; '-' is standard input";

/** Parses `words`, runs the program that they name and gives its exit status. */
export const run = async (words: readonly string[], environment: Environment): Promise<number> => {
  let status = 0;
  const command = new Command("nta")
    .description("Finds the HTTP APIs in network traffic and writes their OpenAPI descriptions.")
    .option("-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);
  for (const program of Object.keys(PROGRAMS) as Program[]) {
    addProgram(command, program, async (captures, flags) => {
      status = await runProgram(program, captures, flags, environment);
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
  action: (captures: readonly string[], flags: Flags) => Promise<void>,
): void => {
  const row = PROGRAMS[program];
  const subcommand = command.command(program).description(row.summary);
  if (row.takesCaptures) subcommand.argument("<capture...>", CAPTURES_HELP);
  for (const name of settingNames) {
    if (settings[name].programs.includes(program)) subcommand.addOption(makeOption(settings[name]));
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

const makeOption = (setting: Setting<unknown>): Option => {
  const { flag, letter, form, fallback, fallbackNote, variable, description } = setting;
  const isOn = form.placeholder === null && fallback === "true";
  const name = `${letter === undefined ? "" : `-${letter}, `}--${isOn ? "no-" : ""}${flag}`;
  const notes = [
    form.placeholder === null ? "" : `default: ${fallbackNote ?? fallback}`,
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

/** The key under which commander keeps a flag's value. */
const optionKey = (setting: Setting<unknown>): string =>
  setting.flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Lets commander throw instead of printing and exiting: `main` prints mistakes, in one form. */
const quieten = (command: Command): void => {
  command.exitOverride().configureOutput({ outputError: () => undefined });
};

/** One line of commander's message, with where to look further. */
const describeMistake = (message: string, words: readonly string[]): string => {
  const text = message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/ \(Did you mean (.*)\?\)$/, ". Did you mean $1?")
    .replace(
      "missing required argument 'capture'",
      "name at least one capture, or '-' for standard input",
    );
  const program = words[0] !== undefined && words[0] in PROGRAMS ? ` ${words[0]}` : "";
  return `${text}${/[.?]$/.test(text) ? "" : "."} 'nta${program} --help' shows what there is.`;
};

const runProgram = async (
  program: Program,
  captures: readonly string[],
  flags: Flags,
  environment: Environment,
): Promise<number> => {
  const values = readSettings(program, flags, environment);
  switch (program) {
    case "reconstruct":
      return await (await import("./reconstruct.ts")).reconstruct(captures, values);
    case "exchanges":
      return await (await import("./exchanges.ts")).exchanges(captures, values);
    case "demo":
      return await (await import("./demo.ts")).demo(values);
    default:
      return assertNever(program);
  }
};
