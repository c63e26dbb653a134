/** The words at one place that may be values, with all that is known of each. */

import { compareText } from "./group.ts";
import { type Profile, profileOf } from "./kinship.ts";
import { isAction, isForeign, lookOf, weightOf } from "./lexicon.ts";
import type { Carriers } from "./links.ts";
import type { Reason } from "./model.ts";
import { obtain } from "./obtain.ts";
import type { PathHints } from "./pins.ts";
import type { Traits } from "./signature.ts";
import * as thresholds from "./thresholds.ts";
import { countCalls, distinctValues, isClassKey, kindOf, type TreeNode } from "./tree.ts";

/** What is known of the whole API while its tree is resolved. */
export interface TemplateContext {
  readonly traits: Traits;
  readonly carriers: Carriers;
  readonly hints: PathHints;
  /** Whether a segment looks like a value by itself, as far as it was asked. */
  readonly valueLike: Map<string, boolean>;
}

/** One word that may be a value. */
export interface Candidate {
  readonly word: string;
  readonly profile: Profile;
  /** What its text says; independent from word to word. */
  readonly look: readonly Reason[];
  readonly isForeign: boolean;
  /** What its place in the tree says; the same for all siblings that are one thing. */
  readonly standing: readonly Reason[];
  /** Whether responses carried it. */
  readonly carried: readonly Reason[];
  readonly calls: number;
  readonly methods: ReadonlySet<string>;
  /** Whether it is called like an action, and is only posted to. */
  readonly isAction: boolean;
  /** How many values it stands for: one, but for a pattern such as `user-{}`. */
  readonly values: number;
}

export function candidatesOf(node: TreeNode, context: TemplateContext): Candidate[] {
  return [...node.children]
    .filter(([key]) => key !== "" && !isClassKey(key))
    .sort(([a], [b]) => compareText(a, b))
    .map(([word, child]) => ({
      word,
      profile: profileIn(word, child, context),
      look: lookOf(word),
      isForeign: isForeign(word),
      standing: standingOf(child),
      carried: carriedBy(word, context.carriers),
      calls: countCalls(child),
      methods: new Set([...child.operations.keys()].map((key) => key.split(" ")[0]!)),
      isAction: isAction(word) && isOnlyPosted(child),
      values: kindOf(word) === "word" ? 1 : Math.max(1, distinctValues(child)),
    }));
}

export function profileIn(word: string, node: TreeNode, context: TemplateContext): Profile {
  return profileOf(word, node, context.traits, (segment) =>
    obtain(context.valueLike, segment, () => looksLikeValue(segment, context.carriers)),
  );
}

function looksLikeValue(segment: string, carriers: Carriers): boolean {
  if (kindOf(segment) === "mixed") return true;
  const foreign = isForeign(segment) ? thresholds.foreignWeight : 0;
  const weight = weightOf(lookOf(segment)) + weightOf(carriedBy(segment, carriers)) + foreign;
  return weight > thresholds.looksLikeValueMin;
}

/** Whether a field of some response carried the word as its value. */
function carriedBy(word: string, carriers: Carriers): Reason[] {
  if (!carriers.isInformed || kindOf(word) !== "word") return [];
  const fields = [...carriers.of(word)].sort(compareText);
  if (fields.length === 0)
    return [{ text: "no response carried it", weight: thresholds.notCarriedWeight }];
  const names = fields.slice(0, 3).join(", ");
  return [{ text: `responses carried it as ${names}`, weight: thresholds.carriedWeight }];
}

/** What the place of a word in the tree says by itself. */
function standingOf(node: TreeNode): Reason[] {
  const reasons: Reason[] = [];
  if ([...node.children.keys()].some((key) => isClassKey(key)))
    reasons.push({ text: "ids stand right below it, as below a collection", weight: -1 });
  if (isOnlyPosted(node))
    reasons.push({ text: "it is only posted to, as an action is", weight: -0.7 });
  if (isOfGrpc(node))
    reasons.push({
      text: "gRPC names services and procedures here",
      weight: thresholds.grpcWeight,
    });
  return reasons;
}

/** Paths of gRPC are `/package.Service/Procedure`, and nothing else. */
function isOfGrpc(node: TreeNode): boolean {
  const types = [...node.operations.values()].flatMap((summaries) =>
    summaries.flatMap(({ request }) => [...request.bodies.keys()]),
  );
  const isCalled = types.length > 0 || node.children.size > 0;
  const below = [...node.children.values()];
  return isCalled && types.every((type) => type.startsWith(GRPC)) && below.every(isOfGrpc);
}

const GRPC = "application/grpc";

function isOnlyPosted(node: TreeNode): boolean {
  return node.children.size === 0 && [...node.operations.keys()].every((key) => key === "POST");
}
