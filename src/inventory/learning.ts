/**
 * Lessons worked out: what is known of an API to all that the inventory shows of it. Pure, so it runs in a thread of its
 * own (`learnworker.ts`) and in tests alike.
 */

import { createHash } from "node:crypto";
import { KeyedHash } from "../base/hash.ts";
import { inventoryLimits } from "../base/limits.ts";
import { frameOf } from "../infer/frame.ts";
import { type Hints, noHints } from "../infer/hints.ts";
import { infer } from "../infer/infer.ts";
import type { Api } from "../infer/model.ts";
import { compareWithDescription } from "../spec/compare.ts";
import type { Description } from "../spec/description.ts";
import { diffDescriptions } from "../spec/diff.ts";
import type { JsonObject, OpenApiDocument, OpenApiVersion } from "../spec/document.ts";
import { emit, serverUrl } from "../spec/emit.ts";
import { describeDocument, readDescription } from "../spec/import.ts";
import { toText } from "../spec/yaml.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { type ApiView, type EndpointView, viewOf } from "./apiview.ts";
import { quantilesOf } from "./figures.ts";
import { findingsOf, scoreOf } from "./judging.ts";
import type {
  Described,
  DocumentPair,
  Learned,
  LearnedEndpoint,
  LearnLesson,
  Lesson,
  Tasks,
} from "./lesson.ts";
import { endpointId } from "./names.ts";
import { pack, unpack } from "./packing.ts";
import { joinPieces } from "./pieces.ts";
import type { ApiHints, Compared, ComparisonRow, DifferenceRow, Origin } from "./rows.ts";
import { isOverfull, tidy } from "./tidying.ts";

export const tasks: Tasks = {
  learn,
  tidy: ({ key, pieces }) => tidy(joinPieces(key, pieces)),
  document: (lesson) => {
    const { api } = concluded(lesson);
    const options = { openapi: fullVersion(lesson.openapi), evidence: true };
    return toText(titled(emit(api ?? nothing(), options), lesson.title), lesson.format);
  },
  endpoint: (lesson) => {
    const { api } = concluded(lesson);
    const empty = { operation: {}, components: {}, decisions: [] };
    if (api === null) return empty;
    const document = emit(api, { openapi: "3.1.0", evidence: true });
    const item = (document.paths[lesson.path] ?? {}) as JsonObject;
    const others = (item["x-nta-methods"] ?? {}) as JsonObject;
    const operation = item[lesson.method.toLowerCase()] ?? others[lesson.method];
    return {
      operation: (operation ?? {}) as Record<string, unknown>,
      components: (document["components"] ?? {}) as Record<string, unknown>,
      decisions: decisionsOf(api, lesson.path),
    };
  },
  preview: (lesson) => {
    const of = (hints: ApiHints) =>
      viewOfLesson({ ...lesson, hints }).view?.endpoints.map(({ endpoint, calls }) => ({
        method: endpoint.method,
        path: endpoint.path.text,
        calls,
      })) ?? [];
    return { before: of(lesson.hints), after: of(lesson.proposed) };
  },
  text: ({ documents, openapi, format, title }) =>
    toText(titled(pairOf(documents)[openapi] as OpenApiDocument, title), format),
  diff: ({ from, to }) => {
    const [before, after] = [from, to].map(
      (documents) => pairOf(documents)["3.1"] as OpenApiDocument,
    );
    return {
      differences: differencesOf(before!, after!),
      fromText: toText(before!, "yaml"),
      toText: toText(after!, "yaml"),
    };
  },
  describe: ({ text }) => describe(text),
};

function learn(lesson: LearnLesson): Learned {
  const { api, view, summaries, description } = viewOfLesson(lesson);
  const document = emit(api ?? nothing(), { openapi: "3.1.0", evidence: false });
  const hash = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  const { previous } = lesson;
  const isSame = previous?.hash === hash;
  const findings = view === null ? [] : findingsOf(lesson.api, view);
  const sensitive = new Set(
    view?.endpoints.flatMap(({ sightings }) => sightings.map(({ kind }) => kind)),
  );
  return {
    title: api?.title ?? null,
    hosts: api?.hosts ?? [],
    servers: serversOf(summaries),
    securitySchemes: ((document["components"] as JsonObject)?.["securitySchemes"] ??
      {}) as JsonObject,
    endpoints: view === null ? [] : endpointsOf(lesson.api, view, description !== null),
    auth: [...new Set(view?.endpoints.flatMap(({ auth }) => auth))].sort(),
    sensitive: [...sensitive].sort(),
    origin: originOf(view),
    score: view === null ? 0 : scoreOf(view, findings, lesson.weights),
    callers: callersOf(view),
    traces: tracesOf(view),
    findings,
    hash,
    documents: isSame ? null : pack(JSON.stringify(pairFrom(api, document))),
    differences:
      isSame || previous === null
        ? []
        : differencesOf(pairOf(previous.data)["3.1"] as OpenApiDocument, document),
    comparison: description === null || view === null ? null : comparisonOf(view, description),
    overfull: lesson.sources.flatMap(({ id }, index) =>
      isOverfull(summaries[index]!) ? [id] : [],
    ),
  };
}

function concluded(lesson: Lesson): {
  api: Api | null;
  summaries: ApiSummary[];
  description: Description | null;
} {
  const summaries = lesson.sources.map(({ key, pieces }) => joinPieces(key, pieces));
  const description =
    lesson.imported === null ? null : readDescription(unpack(lesson.imported)).value;
  const hash = new KeyedHash(lesson.hashKey);
  const { apis } = infer(summaries, {
    hints: hintsFor(lesson.hints, summaries),
    hashOf: (text) => {
      const bytes = Buffer.from(text);
      return hash.number(bytes, 0, bytes.length);
    },
    ...(description === null ? {} : { authorityOf: () => description.authority }),
  });
  return { api: apis[0] ?? null, summaries, description };
}

function viewOfLesson(lesson: Lesson): ReturnType<typeof concluded> & { view: ApiView | null } {
  const found = concluded(lesson);
  const { api, summaries, description } = found;
  if (api === null) return { ...found, view: null };
  const { orphanBeforeMs } = lesson;
  const differences =
    description === null ? [] : compareWithDescription(api, description, { orphanBeforeMs });
  return { ...found, view: viewOf(api, summaries, differences) };
}

/** Which sources are one API is decided already: all that are here. The one with most calls names it. */
function hintsFor(hints: ApiHints, summaries: readonly ApiSummary[]): Hints {
  const merge = summaries.map(({ key }) => `${key.host}:${key.port}`);
  return {
    ...noHints,
    pins: hints.pins ?? [],
    vetoes: hints.vetoes ?? [],
    renames: hints.renames ?? [],
    ignores: hints.ignores ?? [],
    ownHeaders: (hints.ownHeaders ?? []).map((name) => name.toLowerCase()),
    merges: [merge],
  };
}

const nothing = (): Api => ({
  title: "",
  hosts: [""],
  port: 0,
  servers: [],
  securitySchemes: new Map(),
  tags: [],
  endpoints: [],
  errors: null,
  components: new Map(),
  evidence: { count: 0, firstMs: null, lastMs: null, share: 0, confidence: 0 },
  decisions: [],
});

const fullVersion = (openapi: "3.0" | "3.1"): OpenApiVersion =>
  openapi === "3.0" ? "3.0.3" : "3.1.0";

const pairFrom = (api: Api | null, document: OpenApiDocument): DocumentPair => ({
  "3.0": emit(api ?? nothing(), { openapi: "3.0.3", evidence: false }),
  "3.1": document,
});

const pairOf = (documents: Uint8Array): DocumentPair =>
  JSON.parse(unpack(documents)) as DocumentPair;

/** A name that a person gave stands in the document that is handed out; it is no part of a version. */
function titled(document: OpenApiDocument, title: string | null): OpenApiDocument {
  return title === null ? document : { ...document, info: { ...document.info, title } };
}

function differencesOf(before: OpenApiDocument, after: OpenApiDocument): DifferenceRow[] {
  return diffDescriptions(describeDocument(before), describeDocument(after)).map(
    ({ code, isBreaking, method, path, place, text }) => ({
      code,
      breaking: isBreaking,
      method,
      path,
      where: place,
      message: text,
    }),
  );
}

function endpointsOf(
  api: string,
  { endpoints, differences }: ApiView,
  isCompared: boolean,
): LearnedEndpoint[] {
  const kinds = new Map<string, Set<Compared>>();
  for (const { method, path, kind } of differences) {
    const key = `${method} ${path}`;
    kinds.set(key, (kinds.get(key) ?? new Set()).add(kind));
  }
  return endpoints.map((view) => {
    const own =
      kinds.get(`${view.endpoint.method} ${view.endpoint.path.text}`) ?? new Set<Compared>();
    const worst = WORST_FIRST.find((kind) => own.has(kind)) ?? "documented";
    return endpointOf(api, view, isCompared ? worst : null);
  });
}

const WORST_FIRST = ["shadow", "zombie", "orphan", "drift"] as const;

function endpointOf(api: string, view: EndpointView, compared: Compared | null): LearnedEndpoint {
  const { endpoint, heard, calls } = view;
  const { method, path, operation } = endpoint;
  return {
    id: endpointId(api, method, path.text),
    method,
    path: path.text,
    operationId: operation.id,
    summary: operation.summary,
    calls,
    errors: heard.statusClasses[3]! + heard.statusClasses[4]!,
    statusClasses: heard.statusClasses,
    ...quantilesOf(heard.latency),
    firstMs: heard.firstMs,
    lastMs: heard.lastMs,
    auth: view.auth,
    sensitive: [...new Set(view.sightings.map(({ kind }) => kind))].sort(),
    deprecated: compared === "zombie",
    compared,
    nodes: heard.nodes,
    callers: [...heard.callers].sort(([, a], [, b]) => b - a).slice(0, inventoryLimits.callersMax),
  };
}

function comparisonOf(
  { endpoints, differences }: ApiView,
  description: Description,
): NonNullable<Learned["comparison"]> {
  const shadows = new Set(
    differences
      .filter(({ kind }) => kind === "shadow")
      .map(({ method, path }) => `${method} ${path}`),
  );
  const documented = endpoints.filter(
    ({ endpoint }) => !shadows.has(`${endpoint.method} ${endpoint.path.text}`),
  ).length;
  const rows: ComparisonRow[] = differences.map(
    ({ kind, code, method, path, place, text, count, firstMs, lastMs }) => ({
      kind,
      code,
      method,
      path,
      where: place,
      message: text,
      count,
      firstMs,
      lastMs,
    }),
  );
  return { documented: Math.min(documented, description.operations.length), rows };
}

const originOf = (view: ApiView | null): Origin => {
  const internal = view?.endpoints.some(({ heard }) => heard.internalCalls > 0) ?? false;
  const external = view?.endpoints.some(({ heard }) => heard.externalCalls > 0) ?? false;
  return internal && external ? "both" : external ? "external" : "internal";
};

const serversOf = (summaries: readonly ApiSummary[]): string[] =>
  [...new Set(summaries.map(({ key }) => serverUrl(key)))].sort();

/** Errors are shared out by the error share of each endpoint: who of its callers met them is not known. */
function callersOf(view: ApiView | null): [string, number, number][] {
  const callers = new Map<string, { calls: number; errors: number }>();
  for (const { heard, calls } of view?.endpoints ?? []) {
    const errorShare =
      calls === 0 ? 0 : (heard.statusClasses[3]! + heard.statusClasses[4]!) / calls;
    for (const [address, count] of heard.callers) {
      const known = callers.get(address) ?? { calls: 0, errors: 0 };
      callers.set(address, known);
      known.calls += count;
      known.errors += count * errorShare;
    }
  }
  return [...callers]
    .map(([address, { calls, errors }]): [string, number, number] => [
      address,
      calls,
      Math.round(errors),
    ])
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, inventoryLimits.callersMax);
}

/** The least hashes of each endpoint, as many of each: of the requests that both saw, two APIs then keep the same ones. */
function tracesOf(view: ApiView | null): [hash: number, caller: string][] {
  const endpoints = (view?.endpoints ?? []).map(({ heard }) => heard.traces).filter(isFilled);
  const share = Math.max(1, Math.floor(inventoryLimits.tracesMax / endpoints.length));
  return endpoints
    .flatMap((samples) => {
      const traces = samples.flatMap((sample) => [...sample.values()].flat());
      return traces.sort((a, b) => a.hash - b.hash).slice(0, share);
    })
    .slice(0, inventoryLimits.tracesMax)
    .map(({ hash, caller }) => [hash, caller]);
}

const isFilled = (list: readonly unknown[]): boolean => list.length > 0;

function decisionsOf(api: Api, path: string): { segment: string; reason: string }[] {
  const segments = path.slice(1).split("/");
  const decisions: { segment: string; reason: string }[] = [];
  let parent = "";
  for (const segment of segments) {
    const frame = frameOf(segment);
    const decision = api.decisions.find((each) => each.parent === parent);
    if (decision !== undefined && segment.includes("{")) {
      const reasons =
        decision.reasons.length > 0 ? decision.reasons : (decision.subjects[0]?.reasons ?? []);
      for (const { text } of reasons.slice(0, inventoryLimits.evidenceLinesMax))
        decisions.push({ segment, reason: text });
    } else if (segment.includes("{")) {
      decisions.push({ segment, reason: "the values look like identifiers" });
    }
    parent += `/${frame}`;
  }
  return decisions;
}

function describe(text: string): Described {
  const { value, problems } = readDescription(text);
  return {
    title: value?.title ?? "",
    version: value?.version ?? "",
    hosts: value?.hosts ?? [],
    operations: value?.operations.length ?? 0,
    problems: problems.map(({ place, text: message }) => ({ path: place, message })),
    isUsable: value !== null,
  };
}
