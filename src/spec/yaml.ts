import { Document, isMap, isScalar, visit } from "yaml";
import type { OpenApiDocument } from "./document.ts";

const EVIDENCE_KEY = "x-nta";

/** No folding and no anchors: a line is a value, two equal parts are written twice, and evidence takes one line. */
export function toText(document: OpenApiDocument, format: "yaml" | "json"): string {
  if (format === "json") return `${JSON.stringify(document, null, 2)}\n`;
  const yaml = new Document(document, { aliasDuplicateObjects: false, version: "1.2" });
  visit(yaml, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && key.value === EVIDENCE_KEY && isMap(value)) value.flow = true;
    },
  });
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: true });
}
