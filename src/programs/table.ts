/** Every program, once: what it is for, what it takes on the command line, and what runs it. */
import type { Program, Settings } from "../base/config.ts";

/** Words of the command line that are no flags. */
export interface Operand {
  /** As in usage lines; `<name>` must be there, `[name]` may, `...` stands for several. */
  readonly form: string;
  readonly description: string;
  /** Completes the line that says that it is missing. */
  readonly missing: string;
}

export interface ProgramRow {
  readonly summary: string;
  readonly operands: readonly Operand[];
  readonly examples: readonly string[];
  /** Loads no more than the program needs; gives its exit status. */
  readonly run: (operands: readonly string[], settings: Settings) => Promise<number>;
}

const captures: Operand = {
  form: "<capture...>",
  description:
    "pcap, pcapng (plain, gzip or zstd) or HAR files, read as one job; '-' is standard input",
  missing: "name at least one capture, or '-' for standard input",
};

export const programs: Readonly<Record<Program, ProgramRow>> = {
  reconstruct: {
    summary: "write an OpenAPI document for each API that is spoken in captures",
    operands: [captures],
    examples: [
      "nta reconstruct capture.pcap -o openapi",
      "tcpdump -i any -w - tcp | nta reconstruct - --format json",
    ],
    run: async (operands, settings) =>
      await (await import("./reconstruct.ts")).reconstruct(operands, settings),
  },
  exchanges: {
    summary: "print each HTTP exchange in captures on one line",
    operands: [captures],
    examples: ["nta exchanges capture.pcap --json | head", "nta exchanges trace.har"],
    run: async (operands, settings) =>
      await (await import("./exchanges.ts")).exchanges(operands, settings),
  },
  tap: {
    summary: "listen on interfaces and send what is learned to a server, or write it to a folder",
    operands: [],
    examples: [
      "sudo nta tap --output openapi",
      "sudo nta tap --server http://nta.example:8090 --token-file /etc/nta/token",
      "nta tap --print -r capture.pcap",
    ],
    run: async (_operands, settings) => await (await import("./tap.ts")).tap(settings),
  },
  doctor: {
    summary: "say why a tap sees nothing, or what it sees",
    operands: [],
    examples: ["nta doctor", "sudo nta doctor --interfaces eth0"],
    run: async (_operands, settings) => await (await import("./doctor.ts")).doctor(settings),
  },
  demo: {
    summary: "run reconstruct on the capture that comes with nta",
    operands: [],
    examples: ["nta demo"],
    run: async (_operands, settings) => await (await import("./demo.ts")).demo(settings),
  },
};
