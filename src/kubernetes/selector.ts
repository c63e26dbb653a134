/** Label selectors as kubectl reads them: `app=cart,tier!=test,team in (a, b),!legacy`. */
import { UsageError } from "../base/errors.ts";
import { kubernetesLimits } from "../base/limits.ts";

export type Labels = ReadonlyMap<string, string>;
export type LabelSelector = (labels: Labels) => boolean;

const NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_./]{0,315}[A-Za-z0-9])?";
const EQUALITY = new RegExp(`^(${NAME})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]{0,63})$`);
const MEMBERSHIP = new RegExp(`^(${NAME})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const PRESENCE = new RegExp(`^(!?)\\s*(${NAME})$`);

/** @throws UsageError for what kubectl would refuse too. An empty text selects all. */
export function parseSelector(text: string): LabelSelector {
  const terms = text.split(/,(?![^(]*\))/).map((term) => term.trim());
  const tests = terms.filter((term) => term !== "").map((term) => parseTerm(term, text));
  if (tests.length > kubernetesLimits.selectorTermsMax) throw refusal(text, "fewer terms");
  return (labels) => tests.every((test) => test(labels));
}

function parseTerm(term: string, text: string): LabelSelector {
  const equality = EQUALITY.exec(term);
  if (equality !== null) {
    const [, name, operator, value] = equality;
    if (operator === "!=") return (labels) => labels.get(name!) !== value;
    return (labels) => labels.get(name!) === value;
  }
  const membership = MEMBERSHIP.exec(term);
  if (membership !== null) {
    const [, name, operator, list] = membership;
    const values = new Set(list!.split(",").map((value) => value.trim()));
    if (operator === "notin") return (labels) => !values.has(labels.get(name!) ?? "\n");
    return (labels) => values.has(labels.get(name!) ?? "\n");
  }
  const presence = PRESENCE.exec(term);
  if (presence === null) throw refusal(text, `"${term}" to be a term`);
  const [, not, name] = presence;
  return (labels) => labels.has(name!) === (not === "");
}

const refusal = (text: string, wanted: string): UsageError =>
  new UsageError(
    `--in-pod-selector: "${text}" needs ${wanted}; allowed: a label selector such as app=cart,tier!=test,team in (a,b),!legacy.`,
  );
