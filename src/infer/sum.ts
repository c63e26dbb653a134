/**
 * Sums of summary parts, for what inference joins: the calls of all words of one parameter, one structure at
 * many places. An accumulator starts empty and belongs to its maker, so what is added is never changed.
 * Callers, latency, time buckets and samples of hashes are left out: from sums of those nothing is concluded.
 */

import {
  emptyObjectShape,
  emptyShape,
  emptyTextShape,
  type FieldShape,
  type Shape,
  type TagVariant,
  type TextShape,
} from "../telemetry/shape.ts";
import type {
  BodySummary,
  OperationSummary,
  ParameterSummary,
  RequestSummary,
  ResponseSummary,
} from "../telemetry/summary.ts";
import { emptyTally, sumOfTallies } from "../telemetry/tally.ts";
import { sumOfWords } from "../telemetry/wordcounts.ts";
import { obtain } from "./obtain.ts";
import { enumWordsMax } from "./thresholds.ts";

/** What inference reads of an operation, summed over its paths. */
export interface OperationSum {
  calls: number;
  refused: number;
  firstMs: number;
  lastMs: number;
  readonly statusClasses: number[];
  readonly request: RequestSummary;
  readonly responses: Map<number, ResponseSummary>;
}

export function emptyOperation(): OperationSum {
  return {
    calls: 0,
    refused: 0,
    firstMs: Number.POSITIVE_INFINITY,
    lastMs: Number.NEGATIVE_INFINITY,
    statusClasses: [0, 0, 0, 0, 0],
    request: emptyRequest(),
    responses: new Map(),
  };
}

export function addOperation(into: OperationSum, from: OperationSum | OperationSummary): void {
  into.calls += from.calls;
  into.refused += from.refused;
  into.firstMs = Math.min(into.firstMs, from.firstMs);
  into.lastMs = Math.max(into.lastMs, from.lastMs);
  for (let index = 0; index < 5; index++)
    into.statusClasses[index] = (into.statusClasses[index] ?? 0) + (from.statusClasses[index] ?? 0);
  addRequest(into.request, from.request);
  addEach(into.responses, from.responses, emptyResponse, addResponse);
}

export function addShape(into: Shape, from: Shape): void {
  into.nulls += from.nulls;
  into.booleans += from.booleans;
  into.integers += from.integers;
  into.numbers += from.numbers;
  into.integers64 += from.integers64;
  into.integersHuge += from.integersHuge;
  into.negatives += from.negatives;
  into.strings += from.strings;
  into.arrays += from.arrays;
  into.objects += from.objects;
  into.emptyArrays += from.emptyArrays;
  if (from.text !== null) {
    into.text ??= emptyTextShape();
    addText(into.text, from.text);
  }
  if (from.items !== null) {
    into.items ??= emptyShape();
    addShape(into.items, from.items);
  }
  if (from.fields !== null) {
    into.fields ??= emptyObjectShape();
    addFields(into.fields, from.fields);
  }
}

export function sumTexts(texts: readonly TextShape[]): TextShape {
  if (texts.length === 1) return texts[0]!;
  const sum = emptyTextShape();
  for (const text of texts) addText(sum, text);
  return sum;
}

export function addText(into: TextShape, from: TextShape): void {
  into.count += from.count;
  into.classes = sumOfTallies(into.classes, from.classes);
  into.lengths = sumOfTallies(into.lengths, from.lengths);
  into.commaLists += from.commaLists;
  into.spaceLists += from.spaceLists;
  into.pipeLists += from.pipeLists;
  into.words = sumOfWords(into.words, from.words, enumWordsMax);
  into.others += from.others;
}

export function addParameter(into: ParameterSummary, from: ParameterSummary): void {
  into.calls += from.calls;
  into.repeated += from.repeated;
  addText(into.text, from.text);
}

export function emptyParameter(): ParameterSummary {
  return { calls: 0, repeated: 0, text: emptyTextShape(), sample: null };
}

function addFields(into: NonNullable<Shape["fields"]>, from: NonNullable<Shape["fields"]>): void {
  into.whole += from.whole;
  into.restNames += from.restNames;
  if (from.rest !== null) {
    into.rest ??= emptyShape();
    addShape(into.rest, from.rest);
  }
  for (const [name, field] of from.fields) {
    const target = obtain(
      into.fields,
      name,
      (): FieldShape => ({ present: 0, shape: emptyShape() }),
    );
    target.present += field.present;
    const repeated = (target.repeated ?? 0) + (field.repeated ?? 0);
    if (repeated > 0) target.repeated = repeated;
    addShape(target.shape, field.shape);
  }
  if (from.tags === null) return;
  into.tags ??= new Map();
  for (const [name, variants] of from.tags) {
    const known = into.tags.get(name);
    if (known === null) continue;
    if (variants === null) {
      into.tags.set(name, null);
      continue;
    }
    const target = known ?? new Map<string, TagVariant>();
    into.tags.set(name, target);
    for (const [word, variant] of variants) {
      const sum = obtain(target, word, () => ({ count: 0, present: new Map() }));
      sum.count += variant.count;
      addCounts(sum.present, variant.present);
    }
    if (target.size > enumWordsMax) into.tags.set(name, null);
  }
}

function emptyRequest(): RequestSummary {
  return {
    calls: 0,
    query: new Map(),
    headers: new Map(),
    cookies: new Map(),
    credentials: new Map(),
    bodies: new Map(),
    bodiless: 0,
  };
}

function addRequest(into: RequestSummary, from: RequestSummary): void {
  into.calls += from.calls;
  into.bodiless += from.bodiless;
  addEach(into.query, from.query, emptyParameter, addParameter);
  addEach(into.headers, from.headers, emptyParameter, addParameter);
  addEach(into.cookies, from.cookies, emptyParameter, addParameter);
  addCounts(into.credentials, from.credentials);
  addEach(into.bodies, from.bodies, emptyBody, addBody);
}

function emptyResponse(): ResponseSummary {
  return { calls: 0, headers: new Map(), bodies: new Map(), bodiless: 0 };
}

function addResponse(into: ResponseSummary, from: ResponseSummary): void {
  into.calls += from.calls;
  into.bodiless += from.bodiless;
  addEach(into.headers, from.headers, emptyParameter, addParameter);
  addEach(into.bodies, from.bodies, emptyBody, addBody);
}

function emptyBody(): BodySummary {
  return {
    count: 0,
    scanned: 0,
    truncated: 0,
    invalid: 0,
    kinds: emptyTally,
    bytes: 0,
    shape: null,
  };
}

function addBody(into: BodySummary, from: BodySummary): void {
  into.count += from.count;
  into.scanned += from.scanned;
  into.truncated += from.truncated;
  into.invalid += from.invalid;
  into.bytes += from.bytes;
  into.kinds = sumOfTallies(into.kinds, from.kinds);
  if (from.shape === null) return;
  into.shape ??= emptyShape();
  addShape(into.shape, from.shape);
}

function addCounts<Key>(into: Map<Key, number>, from: ReadonlyMap<Key, number>): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count);
}

function addEach<Key, Part>(
  into: Map<Key, Part>,
  from: ReadonlyMap<Key, Part>,
  empty: () => Part,
  add: (into: Part, from: Part) => void,
): void {
  for (const [key, part] of from) {
    add(obtain(into, key, empty), part);
  }
}
