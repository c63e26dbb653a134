/**
 * Summaries to model: a pure function, in visible passes. Nothing depends on the order of summaries or on the
 * insertion order of their maps: whatever is looped over to make output is sorted first.
 */

import type { ApiSummary, OperationSummary, SlotSummary } from "../telemetry/summary.ts";
import { Authorities, type Authority } from "./authority.ts";
import { componentSchemas, findComponents, type SummedEndpoint } from "./components.ts";
import { conventionOf } from "./conventions.ts";
import { describeEndpoints } from "./describe.ts";
import { evidenceOf } from "./evidence.ts";
import { type ApiGroup, compareText, groupApis } from "./group.ts";
import { type Hints, noHints } from "./hints.ts";
import { isIgnored } from "./ignores.ts";
import { Carriers, type HashOf } from "./links.ts";
import type { Api, Endpoint, Evidence, Model, Operation, PathTemplate, Tag } from "./model.ts";
import { nameParameters } from "./names.ts";
import { findLinks, type SourceField, sourceFields } from "./operationlinks.ts";
import {
  bodyDoubt,
  errorContents,
  type OperationContext,
  operationParameters,
  requestBody,
  responsesOf,
} from "./operations.ts";
import { absentParameters } from "./parameters.ts";
import { PathHints, renameParameters } from "./pins.ts";
import { type MethodSum, protocolOf, sumByMethod } from "./protocols.ts";
import {
  type CredentialSets,
  credentialNames,
  ownCredentials,
  securityOf,
  securitySchemes,
} from "./security.ts";
import { Traits } from "./signature.ts";
import type { OperationSum } from "./sum.ts";
import { resolveTemplates } from "./templates.ts";
import { emptyNode, overlay, type TreeNode } from "./tree.ts";

export interface InferOptions {
  readonly hints?: Hints;
  /** Hashes a text as the summaries' samples were; without it no value is traced from a response to a path. */
  readonly hashOf?: HashOf;
  /** What an imported description says of an API, if one was imported for it. */
  readonly authorityOf?: (api: Pick<ApiGroup, "host" | "port" | "hosts">) => Authority | null;
}

export function infer(summaries: readonly ApiSummary[], options: InferOptions = {}): Model {
  const hints = options.hints ?? noHints;
  return {
    apis: groupApis(summaries, hints).map((group) =>
      inferApi(group, hints, options.authorityOf?.(group) ?? null, options.hashOf ?? null),
    ),
  };
}

/** A method at a path, before it is described. */
interface RawEndpoint {
  readonly method: string;
  readonly path: PathTemplate;
  readonly slots: readonly (SlotSummary | null)[];
  readonly sum: OperationSum;
  readonly selected: MethodSum["selected"];
  readonly sources: readonly SourceField[];
}

function inferApi(
  group: ApiGroup,
  hints: Hints,
  authority: Authority | null,
  hashOf: HashOf | null,
): Api {
  const tree = emptyNode("");
  for (const summary of group.summaries) overlay(tree, summary.root);
  const pathHints = new PathHints(hints, authority);
  const traits = new Traits();
  for (const summary of group.summaries) traits.learn(summary.root, "", "");
  const carriers = new Carriers(hashOf);
  for (const summary of group.summaries) carriers.learn(summary.root);
  const decisions = resolveTemplates(tree, {
    traits,
    carriers,
    hints: pathHints,
    valueLike: new Map(),
  });
  const authorities = new Authorities(authority);
  const nameOf = (frames: readonly string[]): PathTemplate =>
    authorities.named(
      renameParameters(nameParameters(frames, pathHints.nameOf.bind(pathHints)), hints),
    );
  const raw = collectEndpoints(tree, nameOf).filter(
    ({ path }) => !isIgnored(path.text, hints.ignores),
  );
  const seen = raw.map(({ sum }) => sum.request.credentials);
  const own = ownCredentials(seen);
  const schemas = findComponents(raw.flatMap(withSelected));
  const context: OperationContext = {
    credentials: credentialNames(seen),
    ownHeaders: hints.ownHeaders,
    bodyDoubt: bodyDoubt(raw.map(({ sum }) => sum.request)),
    absent: absentParameters(raw.map(({ sum }) => sum.request)),
    schemas,
  };
  const endpoints = describe(raw, own, authorities, context);
  return {
    title: group.host,
    hosts: group.hosts,
    port: group.port,
    servers: [{ scheme: group.scheme, host: group.host, port: group.port }],
    securitySchemes: securitySchemes(raw.map(({ path }, index) => [path.text, own[index]!])),
    tags: tagsOf(endpoints),
    endpoints,
    errors: errorContents(
      raw.map(({ sum }) => sum),
      { ...context, schemas: { ...schemas, hasWords: false } },
    ),
    components: componentSchemas(schemas),
    evidence: totalEvidence(raw),
    decisions,
  };
}

/** Every method at every path that ever answered something else than 404 or 405, sorted. */
function collectEndpoints(
  root: TreeNode,
  nameOf: (frames: readonly string[]) => PathTemplate,
): RawEndpoint[] {
  const found: RawEndpoint[] = [];
  const walk = (node: TreeNode, frames: string[], slots: (SlotSummary | null)[]): void => {
    for (const { method, sum, selected } of sumByMethod(node.operations)) {
      if (!isAnswered(sum)) continue;
      const sources = sourceFields(operationsOf(node, method));
      found.push({ method, path: nameOf(frames), slots, sum, selected, sources });
    }
    for (const [key, child] of node.children) {
      const count = key.split("{}").length - 1;
      const own = Array.from({ length: count }, (_, index) => child.slots[index] ?? null);
      walk(child, [...frames, key], [...slots, ...own]);
    }
  };
  walk(root, [], []);
  return found.sort(
    (a, b) => compareText(a.path.text, b.path.text) || compareText(a.method, b.method),
  );
}

/** All that was summed up of a method, whatever a body selected. */
function operationsOf(node: TreeNode, method: string): OperationSummary[] {
  return [...node.operations].flatMap(([key, list]) =>
    key === method || key.startsWith(`${method} `) ? list : [],
  );
}

/** What bodies tell apart is described apart, and its structures may be components like any others. */
function withSelected({ method, path, sum, selected }: RawEndpoint): SummedEndpoint[] {
  if (selected.length === 0) return [{ method, path, sum }];
  return selected.map(({ selector, sum: own }) => ({
    method: `${method} ${selector}`,
    path,
    sum: own,
  }));
}

function isAnswered(sum: OperationSum): boolean {
  for (const status of sum.responses.keys()) if (status !== 404 && status !== 405) return true;
  return false;
}

function describe(
  raw: readonly RawEndpoint[],
  credentials: readonly CredentialSets[],
  authorities: Authorities,
  context: OperationContext,
): Endpoint[] {
  const descriptions = describeEndpoints(raw, ({ method, path }) =>
    authorities.operation(method, path),
  );
  const total = raw.reduce((calls, { sum }) => calls + sum.calls, 0);
  const links = findLinks(
    raw,
    descriptions.map(({ id }) => id),
  );
  return raw.map(({ method, path, slots, sum, selected }, index) => {
    const { id, summary, tag } = descriptions[index]!;
    const operation: Operation = {
      id,
      summary,
      tag,
      parameters: operationParameters(sum, path, slots, context),
      request: requestBody(sum.request, context),
      responses: responsesOf(sum, context, links[index]!),
      security: securityOf(credentials[index]!),
      evidence: evidenceOf(sum.calls, total, sum.firstMs, sum.lastMs),
      protocol: protocolOf({ sum, selected }, context),
      convention: conventionOf(sum),
    };
    return { method, path, operation };
  });
}

function tagsOf(endpoints: readonly Endpoint[]): Tag[] {
  const counts = new Map<string, number>();
  for (const { operation } of endpoints)
    counts.set(operation.tag, (counts.get(operation.tag) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, count]) => ({ name, description: `${count} operation${count === 1 ? "" : "s"}` }));
}

function totalEvidence(raw: readonly RawEndpoint[]): Evidence {
  let calls = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { sum } of raw) {
    calls += sum.calls;
    firstMs = Math.min(firstMs, sum.firstMs);
    lastMs = Math.max(lastMs, sum.lastMs);
  }
  return evidenceOf(calls, calls, firstMs, lastMs);
}
