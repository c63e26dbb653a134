/** Hints about paths, by the template of what stands before a segment (`/repos/{}`), as the tree is resolved. */

import type { Authority } from "./authority.ts";
import { frameOf } from "./frame.ts";
import type { Hints } from "./hints.ts";
import type { PathTemplate, Segment, SegmentPart } from "./model.ts";
import { templateText } from "./names.ts";
import { obtain } from "./obtain.ts";

/** What hints say of the segments at one place. */
interface PlaceHints {
  /** Words that are literal there. */
  readonly words: Set<string>;
  /** Frames (`{}`, `{}.json`) that are parameters there, with the names of those. */
  readonly frames: Map<string, readonly string[]>;
  /** Frames whose words stay literal. */
  readonly vetoes: Set<string>;
}

const NO_HINTS: Pick<PlaceHints, "frames"> = { frames: new Map() };

export class PathHints {
  readonly #places = new Map<string, PlaceHints>();

  /** An imported description pins its templates, and nothing can veto those. */
  constructor(hints: Hints, authority: Authority | null) {
    const described = authority?.templates ?? [];
    for (const pin of [...hints.pins, ...described])
      this.#walk(pin, (place, segment) => addPin(place, segment));
    for (const veto of hints.vetoes) {
      let last: (() => void) | null = null;
      this.#walk(veto, (place, segment) => {
        if (segment.includes("{")) last = () => place.vetoes.add(frameOf(segment));
      });
      (last as (() => void) | null)?.();
    }
    for (const template of described)
      this.#walk(template, (place, segment) => place.vetoes.delete(frameOf(segment)));
  }

  isLiteral(parent: string, word: string): boolean {
    return this.#places.get(parent)?.words.has(word) ?? false;
  }

  isPinned(parent: string, frame: string): boolean {
    return this.#places.get(parent)?.frames.has(frame) ?? false;
  }

  /** Whether `{}` takes all values at a place, whatever stands around them. */
  takesAll(parent: string, frame: string): boolean {
    const { frames } = this.#places.get(parent) ?? NO_HINTS;
    return frames.has("{}") && !frames.has(frame);
  }

  isVetoed(parent: string, frame: string): boolean {
    return this.#places.get(parent)?.vetoes.has(frame) ?? false;
  }

  /** The name that a pin gives to slot `index` of a segment, if any. */
  nameOf(parent: string, frame: string, index: number): string | undefined {
    return this.#places.get(parent)?.frames.get(frame)?.[index];
  }

  #walk(template: string, each: (place: PlaceHints, segment: string) => void): void {
    let parent = "";
    for (const segment of splitPath(template)) {
      const place = obtain(this.#places, parent, () => ({
        words: new Set<string>(),
        frames: new Map<string, readonly string[]>(),
        vetoes: new Set<string>(),
      }));
      each(place, segment);
      parent += `/${frameOf(segment)}`;
    }
  }
}

function addPin(place: PlaceHints, segment: string): void {
  if (!segment.includes("{")) place.words.add(segment);
  else
    place.frames.set(
      frameOf(segment),
      [...segment.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]!),
    );
}

/** Renames parameters of a template where a hint names the template and the parameter. */
export function renameParameters(path: PathTemplate, hints: Hints): PathTemplate {
  let segments = path.segments;
  for (const { path: template, from, to } of hints.renames) {
    if (!isSameTemplate(template, path)) continue;
    segments = segments.map(
      ({ parts }): Segment => ({ parts: parts.map((part) => renamed(part, from, to)) }),
    );
  }
  return segments === path.segments ? path : { segments, text: templateText(segments) };
}

function renamed(part: SegmentPart, from: string, to: string): SegmentPart {
  return part.kind === "parameter" && part.name === from ? { kind: "parameter", name: to } : part;
}

function isSameTemplate(template: string, path: PathTemplate): boolean {
  return frameOf(template) === frameOf(path.text);
}

function splitPath(path: string): string[] {
  return path.replace(/^\//, "").split("/");
}
