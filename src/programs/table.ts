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
    run: async (_operands, settings) => {
      (await import("./tap/memory.ts")).limitMemory(settings.memoryMax);
      return await (await import("./tap.ts")).tap(settings);
    },
  },
  collect: {
    summary: "take what Envoy sees (mesh, gateways) and send what is learned to a server",
    operands: [],
    examples: [
      "nta collect --server http://nta.example:8090 --token-file /etc/nta/token",
      "nta collect --envoy-listen 0.0.0.0:9000 --output openapi",
    ],
    run: async (_operands, settings) => await (await import("./collect.ts")).collect(settings),
  },
  doctor: {
    summary: "say why a tap sees nothing, or what it sees",
    operands: [],
    examples: ["nta doctor", "sudo nta doctor --interfaces eth0"],
    run: async (_operands, settings) => await (await import("./doctor.ts")).doctor(settings),
  },
  serve: {
    summary: "keep the inventory: merge what sensors learn, serve page and REST API, forward",
    operands: [],
    examples: [
      "nta serve",
      "nta serve --listen 0.0.0.0:8090 --tls-cert server.pem --tls-key server.key",
      "nta serve --store postgres://nta@db.example/nta",
    ],
    run: async (_operands, settings) => await (await import("./serve.ts")).serve(settings),
  },
  start: {
    summary: "serve and tap in one process: the first thing to run",
    operands: [],
    examples: ["sudo nta start", "nta start --demo"],
    run: async (_operands, settings) => await (await import("./start.ts")).start(settings),
  },
  apis: {
    summary: "list the APIs of a running server",
    operands: [],
    examples: ["nta apis", "nta apis -q shop --json"],
    run: async (_operands, settings) => await (await import("./apis.ts")).apis(settings),
  },
  endpoints: {
    summary: "list the endpoints of an API, or of all",
    operands: [{ form: "[api]", description: "its id, name or host", missing: "name an API" }],
    examples: ["nta endpoints", "nta endpoints shop.example.com"],
    run: async (operands, settings) =>
      await (await import("./endpoints.ts")).endpoints(operands, settings),
  },
  export: {
    summary: "write the documents of a running server into a folder",
    operands: [
      {
        form: "[api...]",
        description: "ids, names or hosts; all APIs without",
        missing: "name an API",
      },
    ],
    examples: ["nta export -o openapi", "nta export shop.example.com --openapi 3.1 --format json"],
    run: async (operands, settings) =>
      await (await import("./export.ts")).exportDocuments(operands, settings),
  },
  diff: {
    summary: "say what changed from one description to another, and what of it breaks clients",
    operands: [
      {
        form: "<before>",
        description: "a file, or api or api@version of a running server",
        missing: "name two descriptions",
      },
      { form: "<after>", description: "the same", missing: "name the second description" },
    ],
    examples: ["nta diff old.yaml new.yaml", "nta diff shop.example.com@1 shop.example.com"],
    run: async (operands, settings) => await (await import("./diff.ts")).diff(operands, settings),
  },
  import: {
    summary: "compare an API with a description, or learn from a capture or HAR file",
    operands: [
      {
        form: "<file>",
        description: "OpenAPI or Swagger (.yaml, .json), pcap, pcapng or HAR",
        missing: "name a file",
      },
    ],
    examples: [
      "nta import openapi.yaml",
      "nta import openapi.yaml --api shop.example.com",
      "nta import trace.har",
    ],
    run: async (operands, settings) =>
      await (await import("./import.ts")).importFile(operands, settings),
  },
  backup: {
    summary: "write the store of a running server to a file",
    operands: [{ form: "<file>", description: "a new file", missing: "name the file to write" }],
    examples: ["nta backup inventory.db"],
    run: async (operands, settings) =>
      await (await import("./backup.ts")).backup(operands, settings),
  },
  restore: {
    summary: "put a backup in the place of a store, while no server uses it",
    operands: [
      { form: "<file>", description: "what nta backup wrote", missing: "name the backup" },
    ],
    examples: ["nta restore inventory.db --store sqlite:nta-data/inventory.db"],
    run: async (operands, settings) =>
      await (await import("./restore.ts")).restore(operands, settings),
  },
  migrate: {
    summary: "copy a store into one of another engine, while no server uses it",
    operands: [],
    examples: [
      "nta migrate --store sqlite:nta-data/inventory.db --to postgres://nta@db.example/nta",
    ],
    run: async (_operands, settings) => await (await import("./migrate.ts")).migrate(settings),
  },
  dead: {
    summary:
      "list deltas that came over NATS and no server merged; send them again, or discard them",
    operands: [
      {
        form: "[letter...]",
        description: "ids, as the list has them; all without",
        missing: "name a dead letter",
      },
    ],
    examples: ["nta dead", "nta dead --send-again", "nta dead 17 18 --discard"],
    run: async (operands, settings) => await (await import("./dead.ts")).dead(operands, settings),
  },
  demo: {
    summary: "run reconstruct on the capture that comes with nta",
    operands: [],
    examples: ["nta demo"],
    run: async (_operands, settings) => await (await import("./demo.ts")).demo(settings),
  },
};
