/** Writes the chart's values.schema.json and README.md from its values.yaml and the table of settings: `npm run docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import { type Program, type Setting, settingNames, settings } from "../src/base/config.ts";

const inChart = (name: string): string =>
  fileURLToPath(new URL(`../chart/${name}`, import.meta.url));
export const CHART_SCHEMA = inChart("values.schema.json");
export const CHART_README = inChart("README.md");

type Schema = Readonly<Record<string, unknown>>;

/** Variables that the templates set themselves, so that they are no values of `settings`. */
const SET_BY_TEMPLATES: ReadonlySet<string> = new Set(
  [...readFileSync(inChart("templates/_helpers.tpl"), "utf8").matchAll(/\bNTA_[A-Z_]+/g)]
    .concat(
      ["tap", "server", "collector"].flatMap((name) => [
        ...readFileSync(inChart(`templates/${name}.yaml`), "utf8").matchAll(/\bNTA_[A-Z_]+/g),
      ]),
    )
    .map(([variable]) => variable),
);
/** Values that are secret stand in a Secret, never in the release's values. */
const SECRET = /(?:TOKEN|PASSWORD|SECRET|HASH_KEY)$/;

/** A value of `settings` for each variable that `program` reads. */
export function settingsSchema(program: Program): Schema {
  const properties: Record<string, Schema> = {};
  for (const name of settingNames) {
    const setting: Setting<unknown> = settings[name];
    const { variable, form, description } = setting;
    if (variable === null || !setting.programs.includes(program)) continue;
    if (SET_BY_TEMPLATES.has(variable) || SECRET.test(variable)) continue;
    const words = form.placeholder?.includes("|") ? form.placeholder.split("|") : null;
    properties[variable] = {
      description: `${description} Allowed: ${form.allowed}.`,
      ...(words === null ? { type: ["string", "number", "boolean"] } : { enum: words }),
    };
  }
  return { type: "object", additionalProperties: false, properties };
}

const port: Schema = { type: "integer", minimum: 1, maximum: 65_535 };
const share: Schema = { type: ["integer", "string"] };
const id: Schema = { type: ["integer", "null"] };
const anyObject: Schema = { type: "object" };
const target = (required: readonly string[]): Schema => ({
  type: "array",
  items: {
    type: "object",
    additionalProperties: false,
    required,
    properties: Object.fromEntries(
      required.map((name) => [
        name,
        name === "matchLabels" ? { ...anyObject, minProperties: 1 } : { type: "string" },
      ]),
    ),
  },
});

/** What a default value does not tell; by the end of the value's path. */
const REFINEMENTS: Readonly<Record<string, Schema>> = {
  clusterName: { type: "string", pattern: "^([A-Za-z0-9][A-Za-z0-9._-]{0,62})?$" },
  "image.digest": { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
  "image.pullPolicy": { enum: ["Always", "IfNotPresent", "Never"] },
  "ingest.token": { type: "string", pattern: "^([\\x21-\\x7e]{16,})?$" },
  "inPod.mode": { enum: ["off", "mesh", "all"] },
  "store.kind": { enum: ["sqlite", "postgres"] },
  "service.type": { enum: ["ClusterIP", "NodePort", "LoadBalancer"] },
  "server.url": { type: "string", pattern: "^(https?://.+)?$" },
  "podDisruptionBudget.maxUnavailable": share,
  "podSecurityContext.runAsUser": id,
  "podSecurityContext.runAsGroup": id,
  "podSecurityContext.fsGroup": id,
  "tap.settings": settingsSchema("tap"),
  "server.settings": settingsSchema("serve"),
  "collector.settings": settingsSchema("collect"),
  "envoy.sampleOneIn": { type: "integer", minimum: 1, maximum: 1000 },
  "envoy.healthInterval": { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?s$" },
  "envoy.gateways": target(["name", "namespace", "matchLabels"]),
  "envoy.waypoints": target(["name", "namespace"]),
  from: { type: "array", items: anyObject },
  egress: { type: "array", items: anyObject },
  tolerations: { type: "array", items: anyObject },
  topologySpreadConstraints: { type: "array", items: anyObject },
  port: port,
  statusPort: port,
};
/** Objects that Kubernetes defines: what stands in them, it checks. */
const FOREIGN =
  /(?:Labels|labels|[aA]nnotations|nodeSelector|affinity|resources|updateStrategy|Profile|seLinuxOptions|rollingUpdate)$/;

function refinement(path: string): Schema | undefined {
  const end = Object.keys(REFINEMENTS)
    .filter((name) => path === name || path.endsWith(`.${name}`))
    .sort((a, b) => b.length - a.length)[0];
  return end === undefined ? undefined : REFINEMENTS[end];
}

interface Row {
  readonly path: string;
  readonly value: unknown;
  readonly description: string;
  readonly schema: Schema | null;
}

const values = parseDocument(readFileSync(inChart("values.yaml"), "utf8"));
const rows: Row[] = [];
const schema = mapSchema(values.contents as unknown as YAMLMap, "");

function mapSchema(map: YAMLMap, path: string): Schema {
  const properties: Record<string, Schema> = {};
  for (const pair of map.items as Pair[]) {
    const name = String(isScalar(pair.key) ? pair.key.value : pair.key);
    properties[name] = pairSchema(map, pair, path === "" ? name : `${path}.${name}`);
  }
  return { type: "object", additionalProperties: false, properties };
}

function pairSchema(map: YAMLMap, pair: Pair, path: string): Schema {
  const description = describe(map, pair);
  const own = refinement(path);
  const node = pair.value;
  if (own === undefined && isMap(node) && node.items.length > 0 && !FOREIGN.test(path)) {
    return mapSchema(node as YAMLMap, path);
  }
  const value = isMap(node) || isSeq(node) ? node.toJSON() : isScalar(node) ? node.value : node;
  const found = own ?? schemaOf(value);
  rows.push({ path, value, description, schema: own ?? null });
  return description === "" ? found : { description, ...found };
}

/** A comment above the first pair of a map belongs to the map for the parser, and to the pair for a reader. */
function describe(map: YAMLMap, pair: Pair): string {
  const key = isScalar(pair.key) ? pair.key.commentBefore : null;
  const comment = key ?? (map.items[0] === pair ? map.commentBefore : null) ?? "";
  return comment
    .split(/\n\s*\n/)
    .at(-1)!
    .replaceAll(/\s+/g, " ")
    .trim();
}

function schemaOf(value: unknown): Schema {
  if (Array.isArray(value)) return { type: "array", items: { type: "string" } };
  if (typeof value === "number") return { type: "integer", minimum: 0 };
  return { type: typeof value };
}

export const renderChartSchema = (): string =>
  `${JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", title: "Values of the chart nta", ...schema }, null, 2)}\n`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

export const renderChartReadme = (): string => `# nta for Kubernetes

A tap on every node, one server, and for a mesh or gateways a collector that Envoy sends to. How to install, upgrade and
look for mistakes: docs/kubernetes.md.

| value | default | what it does |
| --- | --- | --- |
${rows.map(rowText).join("\n")}

## Settings by variable

${(["tap", "server", "collector"] as const).map(settingsTable).join("\n\n")}

<!-- Written from values.yaml and src/base/config/ by \`npm run docs\`. -->
`;

/** What stands at the same place of another component means the same. */
function rowText({ path, value, description, schema: own }: Row): string {
  const tail = path.slice(path.indexOf("."));
  const same = rows.find((row) => row.description !== "" && row.path.endsWith(tail));
  const text = `${description === "" ? (same?.description ?? "") : description}${wordsOf(own)}`;
  return `| \`${path}\` | \`${cell(JSON.stringify(value))}\` | ${cell(text)} |`;
}

function wordsOf(own: Schema | null): string {
  const words = own?.["enum"];
  return Array.isArray(words) ? ` One of ${words.join(", ")}.` : "";
}

function settingsTable(component: "tap" | "server" | "collector"): string {
  const { properties } = REFINEMENTS[`${component}.settings`] as {
    properties: Record<string, { description: string }>;
  };
  const lines = Object.entries(properties).map(
    ([variable, { description }]) => `| \`${variable}\` | ${cell(description)} |`,
  );
  return `\`${component}.settings\`:\n\n| variable | what it does |\n| --- | --- |\n${lines.join("\n")}`;
}

if (import.meta.main) {
  writeFileSync(CHART_SCHEMA, renderChartSchema());
  writeFileSync(CHART_README, renderChartReadme());
}
