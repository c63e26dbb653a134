import { collectDefaultMetrics, Gauge, Histogram, Registry } from "@prometheus-io/client";
import type { Inventory } from "../inventory/inventory.ts";
import type { EventHub } from "./events.ts";
import type { Ingest } from "./ingest.ts";

const PREFIX = "nta_server_";

/** What `/metrics` says, in Prometheus' text format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"route" | "method" | "status">;
  readonly #figures = new Map<string, Gauge>();
  readonly #inventory: Inventory;

  constructor(inventory: Inventory, ingest: Ingest, events: EventHub) {
    this.#inventory = inventory;
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: `${PREFIX}request_seconds`,
      help: "Time to answer, by route",
      labelNames: ["route", "method", "status"],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.5, 2, 10],
      registers: [this.#registry],
    });
    this.#counter("deltas_total", "Deltas that were stored", () => ingest.deltas);
    this.#counter("duplicate_deltas_total", "Deltas that were known", () => ingest.duplicates);
    this.#counter(
      "refused_batches_total",
      "Batches that were asked to come again",
      () => ingest.refused,
    );
    this.#counter(
      "copies_total",
      "APIs of deltas left out, as the tap of the node that answers hears their calls",
      () => ingest.copies,
    );
    this.#counter("listeners", "Readers of server-sent events", () => events.listenerCount);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** `route` is the pattern, not the path, so that there are only so many. */
  answered(route: string, method: string, status: number, seconds: number): void {
    this.#requests.observe({ route, method, status: String(status) }, seconds);
  }

  async text(): Promise<string> {
    for (const [name, value] of Object.entries(await this.#inventory.figures())) {
      this.#figure(name).set(value);
    }
    return await this.#registry.metrics();
  }

  #figure(name: string): Gauge {
    let gauge = this.#figures.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({
        name: `nta_${name}`,
        help: `The inventory's ${name.replaceAll("_", " ")}`,
        registers: [this.#registry],
      });
      this.#figures.set(name, gauge);
    }
    return gauge;
  }

  #counter(name: string, help: string, value: () => number): void {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}
