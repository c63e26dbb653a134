import { stringify } from "yaml";
import type { OpenApiDocument } from "./document.ts";

/** No folding and no anchors: a line is a value, and two equal parts are written twice. */
export function toText(document: OpenApiDocument, format: "yaml" | "json"): string {
  if (format === "json") return `${JSON.stringify(document, null, 2)}\n`;
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, version: "1.2" });
}
