/** Server-sent events (HTML standard, section 9.2). Who reads too slowly is let go, and asks again with its last id. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { serverLimits } from "../base/limits.ts";
import type { Feed, Inventory } from "../inventory/inventory.ts";
import type { Change, ServerEvent } from "./contract.ts";
import { Refusal } from "./problem.ts";

const HEARTBEAT_MS = 20_000;
/** Changes that are sent to a reader who was away; who missed more is to load anew. */
const MISSED_MAX = 1000;

export class EventHub {
  readonly #feed: Feed;
  readonly #listeners = new Set<ServerResponse>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(inventory: Inventory) {
    this.#feed = inventory.feed;
    this.#unsubscribe = inventory.onEvent((event) => {
      if (event.kind === "anew") this.disconnect();
      else this.send(event);
    });
    this.#heartbeat = setInterval(() => this.#write(": still here\n\n"), HEARTBEAT_MS).unref();
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  send(event: ServerEvent): void {
    this.#write(textOf(event));
  }

  async listen(request: IncomingMessage, reply: FastifyReply, after: string | null): Promise<void> {
    if (this.#listeners.size >= serverLimits.listenersMax) {
      throw new Refusal(503, "too many listen already", { headers: { "retry-after": "30" } });
    }
    const headers = reply.getHeaders();
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, {
      ...(headers as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // nginx would hold events back.
      "x-accel-buffering": "no",
    });
    response.write("retry: 3000\n\n");
    // From here on live events are written, so that none is lost while those that were missed are looked up.
    this.#listeners.add(response);
    const leave = (): void => {
      this.#listeners.delete(response);
    };
    request.once("close", leave);
    response.once("close", leave);
    response.on("error", leave);
    if (after !== null) await this.#catchUp(response, after);
  }

  async #catchUp(response: ServerResponse, after: string): Promise<void> {
    try {
      const missed = await this.#feed.changesAfter(after, MISSED_MAX);
      for (const change of missed) response.write(textOf({ kind: "change", change }));
    } catch {
      // It asks again by itself.
      response.end();
    }
  }

  /** Everybody asks anew, with the rights that they have now; their browsers do by themselves. */
  disconnect(): void {
    for (const response of this.#listeners) response.end();
    this.#listeners.clear();
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#unsubscribe();
    this.disconnect();
  }

  #write(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength > serverLimits.listenerBytesMax) response.destroy();
      else response.write(text);
    }
  }
}

function textOf(event: ServerEvent): string {
  const { kind, data, id } = partsOf(event);
  const idLine = id === null ? "" : `id: ${id}\n`;
  return `${idLine}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Only changes have ids that a reader can go on from. */
function partsOf(event: ServerEvent): { kind: string; data: ServerEvent; id: string | null } {
  const change: Change | null = event.kind === "change" ? event.change : null;
  return { kind: event.kind, data: event, id: change?.id ?? null };
}
