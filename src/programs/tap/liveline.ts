import { packetsLost, type SensorStatus } from "../../sensor/status.ts";

const DRAW_MS = 1000;

/** One line on a terminal that says what passes: packets and exchanges a second, endpoints, what is lost. */
export class LiveLine {
  readonly #status: () => SensorStatus;
  readonly #endpointCount: (() => number) | null;
  readonly #timer: NodeJS.Timeout;
  #last: SensorStatus;

  /** `endpointCount`: null where only the server knows. */
  constructor(status: () => SensorStatus, endpointCount: (() => number) | null) {
    this.#status = status;
    this.#endpointCount = endpointCount;
    this.#last = status();
    this.#timer = setInterval(() => this.#draw(), DRAW_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    process.stderr.write("\r\u001b[2K");
  }

  #draw(): void {
    const now = this.#status();
    const line = liveLine(this.#last, now, this.#endpointCount?.() ?? null);
    this.#last = now;
    process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }
}

export const liveLine = (
  before: SensorStatus,
  now: SensorStatus,
  endpointCount: number | null,
): string => {
  const seconds = Math.max(0.001, (now.nowMs - before.nowMs) / 1000);
  const rate = (count: number): string => countText(count / seconds);
  const { budget, server } = now;
  return [
    `${rate(now.capture.packets - before.capture.packets)} packets/s`,
    `${rate(now.exchanges.seen - before.exchanges.seen)} exchanges/s`,
    `${countText(now.exchanges.selected)} used`,
    ...(endpointCount === null ? [] : [`${endpointCount} endpoints`]),
    `${countText(now.flows.open)} connections`,
    `${countText(packetsLost(now.capture))} drops`,
    ...(budget === null
      ? []
      : [
          `CPU ${Math.round(budget.cpuShare * 100)} %`,
          `${Math.round(budget.memoryBytes / 2 ** 20)} MB`,
        ]),
    ...(server?.isConnected === false ? ["server away"] : []),
  ].join("  ");
};

const countText = (count: number): string => {
  if (count < 10_000) return String(Math.round(count));
  return count < 1e7 ? `${(count / 1000).toFixed(0)}k` : `${(count / 1e6).toFixed(0)}M`;
};
