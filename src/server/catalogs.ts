/** The inventory in the forms of other catalogues. */
import { stringify } from "yaml";
import type { Inventory } from "../inventory/inventory.ts";
import type { ApiRow } from "../inventory/rows.ts";
import { allApis } from "./archive.ts";
import { API_PREFIX } from "./contract.ts";

/** APIs.json 0.19 (apisjson.org). */
export async function apisJson(inventory: Inventory, publicUrl: string): Promise<unknown> {
  const apis: unknown[] = [];
  let modifiedMs = 0;
  for await (const row of allApis(inventory)) {
    if (row.status === "ignored") continue;
    modifiedMs = Math.max(modifiedMs, row.lastMs);
    const document = documentUrl(publicUrl, row.id);
    apis.push({
      aid: `nta:${row.id}`,
      name: row.name,
      description: describe(row),
      humanURL: `${publicUrl}/apis/${row.id}`,
      baseURL: `http://${row.hosts[0] ?? "localhost"}:${row.ports[0] ?? 80}`,
      tags: row.labels,
      properties: [{ type: "OpenAPI", url: document, mediaType: "application/yaml" }],
    });
  }
  return {
    aid: "nta",
    name: "APIs that nta heard",
    description: "What was seen on the network",
    url: `${publicUrl}${API_PREFIX}/apis.json`,
    specificationVersion: "0.19",
    modified: new Date(modifiedMs).toISOString().slice(0, 10),
    apis,
  };
}

/** Entities of kind API (backstage.io/docs/features/software-catalog/descriptor-format), one YAML document each. */
export async function backstageCatalog(inventory: Inventory, publicUrl: string): Promise<string> {
  const entities: string[] = [];
  for await (const row of allApis(inventory)) {
    if (row.status === "ignored") continue;
    entities.push(
      stringify({
        apiVersion: "backstage.io/v1alpha1",
        kind: "API",
        metadata: {
          name: entityName(row),
          title: row.name,
          description: describe(row),
          tags: row.labels.map(tagName).filter((tag) => tag !== ""),
          annotations: { "nta/api": row.id },
          links: [{ url: `${publicUrl}/apis/${row.id}`, title: "Inventory" }],
        },
        spec: {
          type: "openapi",
          lifecycle: row.status === "unused" ? "deprecated" : "production",
          owner: row.owner ?? "unknown",
          ...(row.namespace === null ? {} : { system: tagName(row.namespace) }),
          definition: { $text: documentUrl(publicUrl, row.id) },
        },
      }),
    );
  }
  return entities.join("---\n");
}

const documentUrl = (publicUrl: string, id: string): string =>
  `${publicUrl}${API_PREFIX}/apis/${id}/document`;

const describe = ({ endpoints, hosts }: ApiRow): string =>
  `${endpoints} endpoints heard at ${hosts.slice(0, 5).join(", ")}`;

/** Letters, digits and `-_.` only, 63 at most, and told apart by the id. */
const entityName = (row: ApiRow): string =>
  `${tagName(row.name).slice(0, 40)}-${row.id}`.replaceAll(/[^\w.-]/g, "-").slice(0, 63);

const tagName = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 63);
