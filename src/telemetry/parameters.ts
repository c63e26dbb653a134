import { telemetryLimits } from "../base/limits.ts";
import type { Judge } from "./judge.ts";
import type { NameTable } from "./names.ts";
import { emptyTextShape } from "./shape.ts";
import type { ParameterSummary } from "./summary.ts";
import { freezeSample, freezeText, TextTally } from "./tally.ts";
import { CLASS_MASK, CLASS_SHIFT, LENGTH_MASK, LENGTH_SHIFT, TapeFlag } from "./tape.ts";

/** One parameter while it is being counted. */
class ParameterTally {
  readonly nameId: number;
  calls = 0;
  repeated = 0;
  /** Serial number of the message that bore it last, and whether that one bore it twice. */
  message = 0;
  messageRepeated = false;
  text: TextTally | null = null;

  constructor(nameId: number) {
    this.nameId = nameId;
  }
}

/** All parameters of one kind (query, header, cookie) of an operation. */
export class ParameterTable {
  readonly #list: ParameterTally[] = [];
  #index: Map<number, number> | null = null;
  /** Where the next one is expected: messages name them in the same order again and again. */
  #next = 0;
  /** What was refused or forgotten because there were too many names. */
  lost = 0;

  /** A message begins: the first parameter is expected first. */
  rewind(): void {
    this.#next = 0;
  }

  /** Counts the parameter `nameId` of message `message`; its text is judged apart from this. */
  count(nameId: number, message: number): ParameterTally | null {
    if (nameId === 0) {
      this.lost += 1;
      return null;
    }
    const parameter = this.#find(nameId);
    if (parameter.message !== message) {
      parameter.message = message;
      parameter.messageRepeated = false;
      parameter.calls += 1;
    } else if (!parameter.messageRepeated) {
      parameter.messageRepeated = true;
      parameter.repeated += 1;
    }
    return parameter;
  }

  /** Counts a value that `judge` has judged last and whose bytes are `bytes[start, end)`. */
  observe(
    nameId: number,
    message: number,
    judge: Judge,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const parameter = this.count(nameId, message);
    if (parameter === null) return;
    parameter.text ??= new TextTally();
    observeText(parameter.text, judge, bytes, start, end, telemetryLimits.fieldHashesMax);
  }

  #find(nameId: number): ParameterTally {
    const list = this.#list;
    const guess = list[this.#next];
    if (guess !== undefined && guess.nameId === nameId) {
      this.#next += 1;
      return guess;
    }
    if (this.#index !== null) {
      const at = this.#index.get(nameId);
      if (at !== undefined) {
        this.#next = at + 1;
        return list[at]!;
      }
    } else {
      for (let at = 0; at < list.length; at += 1) {
        if (list[at]!.nameId === nameId) {
          this.#next = at + 1;
          return list[at]!;
        }
      }
    }
    return this.#add(nameId);
  }

  #add(nameId: number): ParameterTally {
    const list = this.#list;
    if (list.length >= telemetryLimits.parametersMax) this.#forget();
    const parameter = new ParameterTally(nameId);
    list.push(parameter);
    this.#next = list.length;
    if (list.length > 8) {
      if (this.#index === null) this.#index = new Map(list.map((each, at) => [each.nameId, at]));
      else this.#index.set(nameId, list.length - 1);
    }
    return parameter;
  }

  /** Half of them stay: those heard most, of equals the later ones. */
  #forget(): void {
    const list = this.#list;
    const order = list.map((_, at) => at).sort((a, b) => list[b]!.calls - list[a]!.calls || b - a);
    const kept = order
      .slice(0, list.length >> 1)
      .sort((a, b) => a - b)
      .map((at) => list[at]!);
    this.lost += list.length - kept.length;
    list.splice(0, list.length, ...kept);
    this.#index = new Map(list.map((each, at) => [each.nameId, at]));
  }

  freeze(names: NameTable): Map<string, ParameterSummary> {
    const frozen = new Map<string, ParameterSummary>();
    for (const parameter of this.#list) {
      const text = parameter.text === null ? emptyTextShape() : freezeText(parameter.text);
      const sample = parameter.text?.sample ?? null;
      frozen.set(names.text(parameter.nameId), {
        calls: parameter.calls,
        repeated: parameter.repeated,
        text: { ...text, sample: null },
        sample: sample === null ? null : freezeSample(sample),
      });
    }
    return frozen;
  }
}

/** Counts a value that `judge` has judged last. */
export function observeText(
  text: TextTally,
  judge: Judge,
  bytes: Uint8Array,
  start: number,
  end: number,
  hashesMax: number,
): void {
  const entry = judge.entry;
  text.observe((entry >>> CLASS_SHIFT) & CLASS_MASK, (entry >>> LENGTH_SHIFT) & LENGTH_MASK);
  if ((entry & TapeFlag.CommaList) !== 0) text.commaLists += 1;
  if ((entry & TapeFlag.SpaceList) !== 0) text.spaceLists += 1;
  if ((entry & TapeFlag.PipeList) !== 0) text.pipeLists += 1;
  if ((entry & TapeFlag.HasHash) !== 0) {
    text.observeHash(judge.hashHigh, judge.hashLow, hashesMax);
  }
  if ((entry & TapeFlag.HasWord) !== 0) text.observeWord(bytes, start, end);
  else text.others += 1;
}
