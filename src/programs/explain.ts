import type { Decision, Model, Reason } from "../infer/model.ts";

/** How inference came to the templates of the segments of `path`, one decision a paragraph. */
export const explain = (model: Model, path: string): string => {
  const segments = path
    .replace(/^[A-Z]+\s+/, "")
    .split(/[?#]/)[0]!
    .split("/")
    .filter((segment) => segment !== "");
  const paragraphs = model.apis.flatMap((api) => {
    const about = api.decisions.filter((decision) => concerns(decision, segments));
    return about.length === 0 ? [] : [`${api.title}:${api.port}`, ...about.map(describe)];
  });
  if (paragraphs.length === 0)
    return `Nothing was decided about ${path}: no segment of it was in doubt.`;
  return paragraphs.join("\n\n");
};

/** Whether the decision stands on the way of the path: what is before it fits, parameters fitting anything. */
const concerns = ({ parent }: Decision, segments: readonly string[]): boolean => {
  const before = parent.split("/").filter((segment) => segment !== "");
  if (before.length >= segments.length) return false;
  return before.every((segment, index) => segment.includes("{") || segment === segments[index]);
};

const describe = (decision: Decision): string => {
  const head = `  ${decision.parent}/… is ${decision.outcome === "parameter" ? "a parameter" : "literal"}`;
  const subjects = decision.subjects.map(
    ({ text, outcome, reasons }) =>
      `    ${text}: ${outcome}${reasons.length === 0 ? "" : ` (${weights(reasons)})`}`,
  );
  const reasons = decision.reasons.map((reason) => `    ${weight(reason)}`);
  return [head, ...reasons, ...subjects].join("\n");
};

const weights = (reasons: readonly Reason[]): string => reasons.map(weight).join("; ");

const weight = ({ text, weight: value }: Reason): string =>
  `${value > 0 ? "+" : ""}${Math.round(value * 100) / 100} ${text}`;
