/**
 * Summaries while they are being counted: the same knowledge as `summary.ts`, laid out for adding to. Freezing
 * turns it into the value that is sent, stored and read.
 */

import { telemetryLimits } from "../base/limits.ts";
import { Book, type NodeBudget } from "./book.ts";
import type { ApiCorrections } from "./corrections.ts";
import { freezeParameters, freezeShape, freezeSlot } from "./freeze.ts";
import { HeadPatterns } from "./headpatterns.ts";
import { emptyLatency, type LatencySketch } from "./latency.ts";
import { absorbNode } from "./merge.ts";
import { WORD_KEY } from "./segment.ts";
import {
  type ApiKey,
  type BodySummary,
  nothing,
  type OperationSummary,
  type PathNode,
  type RequestSummary,
  type ResponseSummary,
} from "./summary.ts";
import type { Tables } from "./tables.ts";
import { emptyTally } from "./tally.ts";
import { emptyTimeBuckets, type TimeBuckets } from "./timebuckets.ts";
import { copyTraces, type TraceSample } from "./traces.ts";

export class BodyTally {
  count = 0;
  scanned = 0;
  truncated = 0;
  invalid = 0;
  kinds = emptyTally;
  bytes = 0;
  /** Node in the operation's book; 0 until something was scanned. */
  root = 0;
}

/** Bodies of one kind of message by media type, and the messages that had none. */
export class BodiesTally {
  readonly byType = new Map<string, BodyTally>();
  bodiless = 0;

  of(mediaType: string): BodyTally | null {
    let body = this.byType.get(mediaType);
    if (body === undefined) {
      if (this.byType.size >= telemetryLimits.mediaTypesMax) return null;
      body = new BodyTally();
      this.byType.set(mediaType, body);
    }
    return body;
  }

  freeze(book: Book, tables: Tables): Map<string, BodySummary> {
    if (this.byType.size === 0) return nothing;
    const frozen = new Map<string, BodySummary>();
    for (const [mediaType, body] of this.byType) {
      frozen.set(mediaType, {
        count: body.count,
        scanned: body.scanned,
        truncated: body.truncated,
        invalid: body.invalid,
        kinds: body.kinds.slice(),
        bytes: body.bytes,
        shape: body.root === 0 ? null : freezeShape(book, body.root, tables),
      });
    }
    return frozen;
  }
}

/** Of messages of one kind: the nodes of their parameters in the operation's book, 0 where there are none. */
export class RequestTally {
  calls = 0;
  query = 0;
  headers = 0;
  cookies = 0;
  readonly headPatterns = new HeadPatterns();
  readonly credentials = new Map<string, number>();
  readonly bodies = new BodiesTally();

  freeze(book: Book, tables: Tables): RequestSummary {
    this.headPatterns.settle(book, this.headers, tables);
    return {
      calls: this.calls,
      query: freezeParameters(book, this.query, tables),
      headers: freezeParameters(book, this.headers, tables),
      cookies: freezeParameters(book, this.cookies, tables),
      credentials: new Map(this.credentials),
      bodies: this.bodies.freeze(book, tables),
      bodiless: this.bodies.bodiless,
    };
  }
}

export class ResponseTally {
  calls = 0;
  headers = 0;
  readonly headPatterns = new HeadPatterns();
  readonly bodies = new BodiesTally();

  freeze(book: Book, tables: Tables): ResponseSummary {
    this.headPatterns.settle(book, this.headers, tables);
    return {
      calls: this.calls,
      headers: freezeParameters(book, this.headers, tables),
      bodies: this.bodies.freeze(book, tables),
      bodiless: this.bodies.bodiless,
    };
  }
}

export class OperationTally {
  calls = 0;
  refused = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  readonly buckets: TimeBuckets = emptyTimeBuckets();
  readonly statusClasses: number[] = [0, 0, 0, 0, 0];
  readonly latency: LatencySketch = emptyLatency();
  requestBytes = 0;
  responseBytes = 0;
  internalCalls = 0;
  externalCalls = 0;
  readonly callers = new Map<string, number>();
  traces: TraceSample | null = null;
  /** Null until a call taught something: what was only ever refused stays small. */
  request: RequestTally | null = null;
  readonly responses = new Map<number, ResponseTally>();
  readonly book: Book;

  constructor(budget: NodeBudget) {
    this.book = new Book(budget);
  }

  freeze(tables: Tables): OperationSummary {
    const responses = new Map<number, ResponseSummary>();
    for (const [status, response] of this.responses) {
      responses.set(status, response.freeze(this.book, tables));
    }
    return {
      calls: this.calls,
      refused: this.refused,
      firstMs: this.firstMs,
      lastMs: this.lastMs,
      buckets: {
        widthMs: this.buckets.widthMs,
        buckets: new Map([...this.buckets.buckets].map(([at, bucket]) => [at, { ...bucket }])),
      },
      statusClasses: this.statusClasses.slice(),
      latency: { count: this.latency.count, buckets: this.latency.buckets.slice() },
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      internalCalls: this.internalCalls,
      externalCalls: this.externalCalls,
      callers: new Map(this.callers),
      traces: copyTraces(this.traces),
      request: (this.request ?? new RequestTally()).freeze(this.book, tables),
      responses,
    };
  }
}

export class NodeTally {
  readonly children = new Map<string, NodeTally>();
  readonly operations = new Map<string, OperationTally>();
  /** Nodes in the API's book of slots, one for each class in the node's key. */
  readonly slots: readonly number[];
  /** Keyed hash of a literal's text; 0 for what is none. */
  readonly hash: number;
  /** Calls that passed through here, selected ones and refused ones. */
  calls = 0;
  refused = 0;
  /** What literal children that were forgotten held, as the sibling `{word}`; merged in when this is frozen. */
  forgotten: PathNode | null = null;

  constructor(hash: number, slots: readonly number[]) {
    this.hash = hash;
    this.slots = slots;
  }
}

export class ApiTally {
  readonly key: ApiKey;
  readonly root = new NodeTally(0, []);
  /** Values of all path slots. */
  readonly slots: Book;
  readonly serverAddresses = new Map<string, number>();
  readonly limits = new Map<string, number>();
  corrections: ApiCorrections | null = null;
  calls = 0;
  refused = 0;
  nodeCount = 1;

  constructor(key: ApiKey, budget: NodeBudget) {
    this.key = key;
    this.slots = new Book(budget);
  }

  /** A limit refused something here. */
  mark(limit: string, count = 1): void {
    this.limits.set(limit, (this.limits.get(limit) ?? 0) + count);
  }
}

/** `keepRefused`: with operations of which every call was refused (a delta has them, a document does not). */
export function freezeNode(
  api: ApiTally,
  node: NodeTally,
  tables: Tables,
  keepRefused: boolean,
): PathNode {
  const children = new Map<string, PathNode>();
  for (const [key, child] of node.children) {
    if (child.calls > 0 || keepRefused)
      children.set(key, freezeNode(api, child, tables, keepRefused));
  }
  if (node.forgotten !== null) {
    const word = children.get(WORD_KEY);
    const forgotten = structuredClone(node.forgotten);
    if (word === undefined) children.set(WORD_KEY, forgotten);
    else absorbNode(word, forgotten);
  }
  const operations = new Map<string, OperationSummary>();
  for (const [key, operation] of node.operations) {
    for (const [limit, times] of operation.book.lost) {
      api.mark(limit === telemetryLimits.fieldsMax ? "fieldsMax" : "parametersMax", times);
    }
    operation.book.lost.clear();
    if (operation.calls > 0 || keepRefused) operations.set(key, operation.freeze(tables));
  }
  const slots = node.slots.map((slot) => freezeSlot(api.slots, slot, tables));
  const frozen: PathNode = { children, operations, slots };
  return node.hash === 0 ? frozen : { ...frozen, hash: node.hash };
}
