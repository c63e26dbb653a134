/**
 * Pieces and their latest figures, unpacked, as the store has them: what is heard again soon is not read again. Only who
 * writes the store alone may keep them from one transaction to the next.
 */
import { inventoryLimits } from "../base/limits.ts";
import type { PathNode } from "../telemetry/summary.ts";
import type { FigureSet } from "./figures.ts";

export interface CachedPiece {
  /** Null where the store has none. */
  piece: PathNode | null;
  /** Of its JSON. */
  characters: number;
  /** By start: all figures of the piece that start at `knownFromMs` or later. */
  readonly figures: Map<number, FigureSet>;
  knownFromMs: number;
}

export class PieceCache {
  /** The one that was used last comes last. */
  readonly #pieces = new Map<string, CachedPiece>();
  #characters = 0;

  get(key: string): CachedPiece | undefined {
    const found = this.#pieces.get(key);
    if (found === undefined) return undefined;
    this.#pieces.delete(key);
    this.#pieces.set(key, found);
    return found;
  }

  add(key: string, cached: CachedPiece): void {
    this.#pieces.set(key, cached);
    this.#characters += cached.characters;
  }

  resize(cached: CachedPiece, characters: number): void {
    this.#characters += characters - cached.characters;
    cached.characters = characters;
  }

  /** Forgets what was not used for longest; to be called between transactions. */
  trim(): void {
    for (const [key, { characters }] of this.#pieces) {
      if (this.#characters <= inventoryLimits.cachedCharactersMax) return;
      this.#pieces.delete(key);
      this.#characters -= characters;
    }
  }

  clear(): void {
    this.#pieces.clear();
    this.#characters = 0;
  }
}
