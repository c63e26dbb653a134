/** `nta serve` as its own process, asked over HTTP and watched from outside. */
import { readFileSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import { freePort, type Program, serve } from "../test/server/program.ts";

const PREFIX = "/api/v1";

export class ServerProgram {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** On the store that lies in `folder`. */
  static async start(folder: string): Promise<ServerProgram> {
    return new ServerProgram(await serve({ port: await freePort(), folder }));
  }

  async get(path: string): Promise<string> {
    const answer = await fetch(`${this.#program.url}${PREFIX}${path}`);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`);
    return text;
  }

  /** False where the server asks to come again. */
  async send(batch: string): Promise<boolean> {
    const answer = await fetch(`${this.#program.url}${PREFIX}/deltas`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "zstd" },
      body: zstdCompressSync(batch),
    });
    const text = await answer.text();
    if (answer.status !== 200 && answer.status !== 429) throw new Error(text);
    return answer.status === 200;
  }

  /** Waits until nothing waits to be inferred. */
  async settled(): Promise<void> {
    for (;;) {
      const text = await (await fetch(`${this.#program.url}/metrics`)).text();
      const waiting = [...text.matchAll(/^nta_\w+_waiting (\d+)/gm)].map(([, count]) => count);
      if (waiting.length > 0 && waiting.every((count) => count === "0")) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Bytes that it has, and the most that it ever had. */
  memory(): { nowBytes: number; mostBytes: number } {
    const status = readFileSync(`/proc/${this.#program.process.pid}/status`, "utf8");
    const of = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
    return { nowBytes: of("VmRSS"), mostBytes: of("VmHWM") };
  }

  /** User and system time of all its threads, in milliseconds. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#program.process.pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async end(): Promise<void> {
    await this.#program.end();
  }
}
