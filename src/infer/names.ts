/**
 * Names of path parameters, from structure alone, so that they stay when more traffic arrives: `/users/{}` is
 * `{userId}`, whatever stood there.
 */

import type { PathTemplate, Segment, SegmentPart } from "./model.ts";
import { camelCase, isVersionOfApi, singularWords, splitWords, unique } from "./words.ts";

/** The name that a person gave to slot `index` of the segment with this frame, behind this template. */
export type GivenName = (parent: string, frame: string, index: number) => string | undefined;

/** Frames of the segments from the root on (`users`, `{}`, `report-{}.pdf`) to a template with named parameters. */
export function nameParameters(frames: readonly string[], given: GivenName): PathTemplate {
  const taken = new Set<string>();
  let parent = "";
  const segments: Segment[] = frames.map((frame, index) => {
    const pieces = frame.split("{}");
    const parts: SegmentPart[] = [];
    pieces.forEach((piece, at) => {
      if (at > 0) {
        const wish = given(parent, frame, at - 1) ?? baseName(frames, index, pieces);
        const name = unique(wish, (candidate) => taken.has(candidate));
        taken.add(name);
        parts.push({ kind: "parameter", name });
      }
      if (piece !== "") parts.push({ kind: "literal", text: piece });
    });
    parent += `/${frame}`;
    return { parts };
  });
  return { segments, text: templateText(segments) };
}

export function templateText(segments: readonly Segment[]): string {
  const text = segments.map((segment) =>
    segment.parts.map((part) => (part.kind === "literal" ? part.text : `{${part.name}}`)).join(""),
  );
  return `/${text.join("/")}`;
}

function baseName(frames: readonly string[], index: number, pieces: readonly string[]): string {
  const own = splitWords(pieces.join(" ").replace(/\.[A-Za-z0-9]{1,5}$/, ""));
  if (own.length > 0) return `${camelCase(singularWords(own))}Id`;
  for (let at = index - 1; at >= 0; at--) {
    const frame = frames[at]!;
    if (frame.includes("{}")) continue;
    const words = splitWords(frame);
    if (words.length === 0 || isVersionOfApi(frame) || frame === "api") break;
    return `${camelCase(singularWords(words))}Id`;
  }
  return "id";
}
