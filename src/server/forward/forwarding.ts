/** Sends what waits in the inventory's queue to where people want it: retried with growing pauses, then dead until sent again. */
import { serverLimits } from "../../base/limits.ts";
import type { DueDelivery, ForwarderTarget } from "../../inventory/administration.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { InventoryProblem } from "../../inventory/problem.ts";
import type { Log } from "../../sensor/quietlog.ts";
import { fileNames } from "../../spec/filename.ts";
import { placeOf } from "../archive.ts";
import { Refusal } from "../problem.ts";
import {
  commitToGit,
  folderProblem,
  gitProblem,
  removeFromFolder,
  writeToFolder,
} from "./files.ts";
import type { Guard } from "./guard.ts";
import { callWebhook, headersProblem, putToS3, sendByTemplate } from "./http.ts";
import type { DocumentItem, Item } from "./item.ts";

export interface ForwardingOptions {
  readonly inventory: Inventory;
  readonly guard: Guard;
  /** Below it forwarders may write; null for nowhere. */
  readonly folder: string | null;
  readonly log: Log;
  /** How often the queue is looked at. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5000;
/** A claim lasts a minute. */
const HOLD_EVERY_MS = 20_000;
const RETRY_MIN_MS = 10_000;
const RETRY_MAX_MS = 3_600_000;

export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #timer: NodeJS.Timeout;
  #turn: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ForwardingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.wake(), options.intervalMs ?? INTERVAL_MS).unref();
  }

  /** Throws a `Refusal` where nothing may be sent there. */
  async check(target: ForwarderTarget): Promise<void> {
    const problem = this.#problemOf(target);
    if (problem !== null) throw new Refusal(422, problem);
  }

  /** Sends a small document, or no changes, and gives what went wrong. */
  async test(forwarder: string): Promise<string | null> {
    const target = await this.#options.inventory.forwarding.target(forwarder);
    const id = `test-${Date.now().toString(36)}`;
    const item: Item =
      target.kind === "webhook"
        ? { kind: "changes", id, api: "test", changes: [] }
        : testDocument(id);
    const problem = await this.#send(target, [item]);
    if (problem === null && target.kind === "directory" && item.kind === "document")
      await removeFromFolder(target.path, this.#options.folder!, item);
    return problem;
  }

  /** Looks at the queue now. */
  wake(): void {
    if (this.#isClosed || this.#turn !== null) return;
    this.#turn = this.#run()
      .catch((error: unknown) => this.#options.log.warn(`forwarding: ${(error as Error).message}`))
      .finally(() => {
        this.#turn = null;
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#turn;
  }

  async #run(): Promise<void> {
    const { forwarding } = this.#options.inventory;
    while (!this.#isClosed) {
      const due = await forwarding.due(Date.now(), serverLimits.forwardBatchMax);
      if (due.length === 0) return;
      const left = new Map(due.map((delivery) => [delivery.id, delivery]));
      // What waits behind a slow target stays this server's, until it is sent or the server dies.
      const holding = setInterval(() => {
        forwarding.hold([...left.values()]).catch(() => undefined);
      }, HOLD_EVERY_MS).unref();
      try {
        const byForwarder = Map.groupBy(due, ({ forwarder }) => forwarder);
        for (const deliveries of byForwarder.values()) await this.#deliver(deliveries, left);
      } finally {
        clearInterval(holding);
      }
    }
  }

  /** All of one forwarder; what goes to a repository is one commit. Takes out of `left` what is done. */
  async #deliver(
    deliveries: readonly DueDelivery[],
    left: Map<string, DueDelivery>,
  ): Promise<void> {
    const target = deliveries[0]!.target;
    const together = target.kind === "git" ? [deliveries] : deliveries.map((each) => [each]);
    for (const some of together) {
      // A server that was stopped for a while may have lost its claim to another, which sends it then.
      const held = await this.#options.inventory.forwarding.hold(some);
      const own = some.filter(({ id }) => held.has(id));
      if (own.length > 0) await this.#deliverTogether(target, own);
      for (const { id } of some) left.delete(id);
    }
  }

  async #deliverTogether(
    target: ForwarderTarget,
    deliveries: readonly DueDelivery[],
  ): Promise<void> {
    const { forwarding } = this.#options.inventory;
    const items: Item[] = [];
    for (const delivery of deliveries) {
      const item = await this.#itemOf(delivery);
      if (item !== null) items.push(item);
    }
    const problem = items.length === 0 ? null : await this.#send(target, items);
    for (const { id, attempts } of deliveries) {
      if (problem === null) await forwarding.delivered(id);
      else await forwarding.failed(id, problem, retryAtMs(attempts, Date.now()));
    }
  }

  /** Null where what was to be sent is gone. */
  async #itemOf({ id, content }: DueDelivery): Promise<Item | null> {
    const { forwarding, apis, documents } = this.#options.inventory;
    if (content.kind === "changes") {
      const changes = await forwarding.changes(content.changes);
      return changes.length === 0 ? null : { kind: "changes", id, api: content.api, changes };
    }
    const { api } = content;
    try {
      const row = await apis.detail(api);
      if (row.status === "ignored") return null;
      const options = { openapi: "3.0", evidence: false } as const;
      const yaml = await documents.text(api, { ...options, format: "yaml" });
      const json = await documents.text(api, { ...options, format: "json" });
      const [fileName] = fileNames([placeOf(row)], "yaml");
      const { version } = yaml;
      const texts = { yaml: yaml.text, json: json.text };
      return { kind: "document", id, api, name: row.name, version, fileName: fileName!, ...texts };
    } catch (error) {
      if (error instanceof InventoryProblem && error.kind === "not-found") return null;
      throw error;
    }
  }

  #problemOf(target: ForwarderTarget): string | null {
    const { guard, folder } = this.#options;
    switch (target.kind) {
      case "directory":
        return folderProblem(target.path, folder);
      case "git":
        return gitProblem(target, guard, folder);
      case "s3":
        return guard.problemOf(target.endpoint);
      case "http":
        return headersProblem(target.headers) ?? guard.problemOf(withoutBraces(target.url));
      case "webhook":
        return guard.problemOf(withoutBraces(target.url));
    }
  }

  /** Gives what went wrong, null for nothing. The target is checked again: what is allowed may have changed. */
  async #send(target: ForwarderTarget, items: readonly Item[]): Promise<string | null> {
    const { guard, folder } = this.#options;
    const problem = this.#problemOf(target);
    if (problem !== null) return problem;
    const documents = items.filter((item): item is DocumentItem => item.kind === "document");
    try {
      if (target.kind === "directory") await writeToFolder(target.path, folder!, documents);
      else if (target.kind === "git") await commitToGit(target, documents);
      else if (target.kind === "webhook") {
        for (const item of items) {
          if (item.kind === "changes") await callWebhook(guard, target, item, Date.now());
        }
      } else {
        for (const item of documents) {
          await (target.kind === "s3"
            ? putToS3(guard, target, item)
            : sendByTemplate(guard, target, item));
        }
      }
      return null;
    } catch (error) {
      return (error as Error).message.slice(0, 500);
    }
  }
}

/** Twice as long each time, up to an hour; null after the last attempt. */
function retryAtMs(attempts: number, nowMs: number): number | null {
  if (attempts + 1 >= serverLimits.forwardAttemptsMax) return null;
  return nowMs + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** attempts) * (0.75 + Math.random() / 2);
}

function testDocument(id: string): DocumentItem {
  const json = JSON.stringify({
    openapi: "3.0.3",
    info: { title: "Test of nta", version: "1" },
    paths: {},
  });
  const yaml = 'openapi: 3.0.3\ninfo:\n  title: Test of nta\n  version: "1"\npaths: {}\n';
  return {
    kind: "document",
    id,
    api: "test",
    name: "Test of nta",
    version: 1,
    fileName: "nta-test.openapi.yaml",
    yaml,
    json,
  };
}

/** What stands for the values that are not known yet. */
const withoutBraces = (url: string): string => url.replaceAll(/\{\w+\}/g, "x");
