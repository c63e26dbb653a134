/**
 * Classic BPF, as socket filters take it (McCanne and Jacobson, 1993; linux/filter.h): an accumulator A, an index X,
 * sixteen words of memory, jumps that only go forward. A program returns how many bytes of the packet to keep.
 */
import { assert, UsageError } from "../../base/errors.ts";
import { liveLimits } from "../../base/limits.ts";

interface Instruction {
  readonly code: number;
  /** Instructions to pass over if the condition holds, and if it does not: 0 to 255 each. */
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly k: number;
}

export type Program = readonly Instruction[];

/** Operation codes, those that filters here and libpcap's compiler use. */
export const Bpf = {
  LoadWord: 0x20,
  LoadHalf: 0x28,
  LoadByte: 0x30,
  LoadWordAtX: 0x40,
  LoadHalfAtX: 0x48,
  LoadByteAtX: 0x50,
  LoadImmediate: 0x00,
  LoadMemory: 0x60,
  LoadLength: 0x80,
  LoadXImmediate: 0x01,
  LoadXMemory: 0x61,
  /** X = 4 * (byte & 15): the length of an IPv4 header. */
  LoadXHeaderLength: 0xb1,
  LoadXLength: 0x81,
  Store: 0x02,
  StoreX: 0x03,
  Add: 0x04,
  AddX: 0x0c,
  Subtract: 0x14,
  SubtractX: 0x1c,
  Multiply: 0x24,
  Divide: 0x34,
  Or: 0x44,
  OrX: 0x4c,
  Xor: 0xa4,
  XorX: 0xac,
  And: 0x54,
  AndX: 0x5c,
  ShiftLeft: 0x64,
  ShiftLeftX: 0x6c,
  ShiftRight: 0x74,
  ShiftRightX: 0x7c,
  Negate: 0x84,
  Jump: 0x05,
  JumpEqual: 0x15,
  JumpGreater: 0x25,
  JumpGreaterOrEqual: 0x35,
  JumpBits: 0x45,
  JumpEqualX: 0x1d,
  JumpGreaterX: 0x2d,
  JumpGreaterOrEqualX: 0x3d,
  JumpBitsX: 0x4d,
  Return: 0x06,
  ReturnA: 0x16,
  AToX: 0x07,
  XToA: 0x87,
} as const;

/** Loads from here on ask the kernel about the packet (SKF_AD_OFF); absolute loads only. */
export const Ancillary = {
  Protocol: 0xfffff000,
  PacketType: 0xfffff004,
  Interface: 0xfffff008,
  DeviceType: 0xfffff01c,
} as const;

const NEAR_MAX = 255;

/** A place in a program that is being written; jumps may name it before it is placed. */
export type Label = { index: number };

/** Where a condition leads; null is the instruction behind it. */
type Target = Label | null;

type Line =
  | { readonly kind: "plain"; readonly code: number; readonly k: number }
  | {
      readonly kind: "jump";
      readonly code: number;
      readonly k: number;
      readonly ifTrue: Target;
      readonly ifFalse: Target;
      trueIsFar: boolean;
      falseIsFar: boolean;
    };

/**
 * Writes a program with labels. A condition reaches 255 instructions; one that leads farther gets an unconditional
 * jump behind it for each far side, whose reach has no end:
 *
 *     jeq k, TRUE, FALSE    becomes    jeq k, 0, 1 | ja TRUE | ja FALSE
 */
export class Assembler {
  readonly #lines: Line[] = [];

  add(code: number, k = 0): void {
    this.#lines.push({ kind: "plain", code, k: k >>> 0 });
  }

  jumpIf(code: number, k: number, ifTrue: Target, ifFalse: Target = null): void {
    this.#lines.push({
      kind: "jump",
      code,
      k: k >>> 0,
      ifTrue,
      ifFalse,
      trueIsFar: false,
      falseIsFar: false,
    });
  }

  jump(to: Label): void {
    this.#lines.push({
      kind: "jump",
      code: Bpf.Jump,
      k: 0,
      ifTrue: to,
      ifFalse: to,
      trueIsFar: false,
      falseIsFar: false,
    });
  }

  label(): Label {
    return { index: -1 };
  }

  place(label: Label): void {
    label.index = this.#lines.length;
  }

  /** @throws UsageError where the program is longer than the kernel takes; `subject` is what made it so long. */
  assemble(subject: string): Program {
    let positions = this.#positions();
    while (this.#lengthenFarJumps(positions)) positions = this.#positions();
    const program = this.#lines.flatMap((line, index) => encodeLine(line, index, positions));
    if (program.length > liveLimits.filterInstructionsMax) {
      throw new UsageError(
        `${subject} make a kernel filter of ${program.length} instructions, ${liveLimits.filterInstructionsMax} are allowed; use fewer, or ranges`,
      );
    }
    return program;
  }

  /** Where each line begins, and the end. */
  #positions(): Int32Array {
    const positions = new Int32Array(this.#lines.length + 1);
    this.#lines.forEach((line, index) => {
      positions[index + 1] = positions[index]! + sizeOf(line);
    });
    return positions;
  }

  /** Jumps only ever get longer, so this ends. */
  #lengthenFarJumps(positions: Int32Array): boolean {
    let changed = false;
    this.#lines.forEach((line, index) => {
      if (line.kind !== "jump" || line.code === Bpf.Jump) return;
      // Measured from the first instruction, so that the jumps behind it are within reach whatever they become.
      const reach = (target: Target): number =>
        target === null ? 0 : positions[target.index]! - positions[index]! - 1;
      if (!line.trueIsFar && reach(line.ifTrue) > NEAR_MAX) line.trueIsFar = changed = true;
      if (!line.falseIsFar && reach(line.ifFalse) > NEAR_MAX) line.falseIsFar = changed = true;
    });
    return changed;
  }
}

const sizeOf = (line: Line): number =>
  line.kind === "plain" ? 1 : 1 + Number(line.trueIsFar) + Number(line.falseIsFar);

const encodeLine = (line: Line, index: number, positions: Int32Array): Instruction[] => {
  if (line.kind === "plain") return [{ code: line.code, ifTrue: 0, ifFalse: 0, k: line.k }];
  const at = positions[index]!;
  const placeOf = (target: Target): number => {
    const place = positions[target === null ? index + 1 : target.index];
    assert(place !== undefined && place > at, "a filter jumps backward or nowhere");
    return place;
  };
  const far = (from: number, target: Target): Instruction => ({
    code: Bpf.Jump,
    ifTrue: 0,
    ifFalse: 0,
    k: placeOf(target) - from - 1,
  });
  if (line.code === Bpf.Jump) return [far(at, line.ifTrue)];
  const sideJumps: Instruction[] = [];
  const side = (target: Target, isFar: boolean): number => {
    if (!isFar) return placeOf(target) - at - 1;
    sideJumps.push(far(at + 1 + sideJumps.length, target));
    return sideJumps.length - 1;
  };
  const ifTrue = side(line.ifTrue, line.trueIsFar);
  const ifFalse = side(line.ifFalse, line.falseIsFar);
  return [{ code: line.code, ifTrue, ifFalse, k: line.k }, ...sideJumps];
};

/** Keeps what both keep: where the first says yes, the second decides. */
export const bothOf = (first: Program, second: Program): Program => {
  const joined = first.map((instruction, index): Instruction => {
    assert(instruction.code !== Bpf.ReturnA, "a filter with a computed answer cannot be joined");
    return instruction.code === Bpf.Return && instruction.k > 0
      ? { code: Bpf.Jump, ifTrue: 0, ifFalse: 0, k: first.length - index - 1 }
      : instruction;
  });
  const both = [...joined, ...second];
  if (both.length > liveLimits.filterInstructionsMax) {
    throw new UsageError(
      `--filter, ports and interfaces together make a kernel filter of ${both.length} instructions, ${liveLimits.filterInstructionsMax} are allowed; use fewer`,
    );
  }
  return both;
};

/** Keeps nothing. */
export const NOTHING: Program = [{ code: Bpf.Return, ifTrue: 0, ifFalse: 0, k: 0 }];

const INSTRUCTION_BYTES = 8;

/** As `struct sock_filter` and `struct bpf_insn` lie in memory: code u16, two u8, k u32. */
export const encodeProgram = (program: Program): Uint8Array => {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  program.forEach((instruction, index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, instruction.code, true);
    view.setUint8(at + 2, instruction.ifTrue);
    view.setUint8(at + 3, instruction.ifFalse);
    view.setUint32(at + 4, instruction.k, true);
  });
  return bytes;
};

export const decodeProgram = (bytes: Uint8Array): Program => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / INSTRUCTION_BYTES) }, (_, index) => ({
    code: view.getUint16(index * INSTRUCTION_BYTES, true),
    ifTrue: view.getUint8(index * INSTRUCTION_BYTES + 2),
    ifFalse: view.getUint8(index * INSTRUCTION_BYTES + 3),
    k: view.getUint32(index * INSTRUCTION_BYTES + 4, true),
  }));
};
