import { telemetryLimits } from "../base/limits.ts";

/** Every distinct word that may be kept (`privacy.ts`), once, by number. Number 0 is none: the table is full. */
export class WordTable {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [""];

  /** The number of the ASCII word `bytes[start, end)`. */
  id(bytes: Uint8Array, start: number, end: number): number {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString(
      "latin1",
    );
    return this.idOf(text);
  }

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= telemetryLimits.wordsMax) return 0;
    const id = this.#texts.push(text) - 1;
    this.#ids.set(text, id);
    return id;
  }

  text(id: number): string {
    return this.#texts[id] ?? "";
  }

  get count(): number {
    return this.#texts.length;
  }
}
