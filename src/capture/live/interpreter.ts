import { assert } from "../../base/errors.ts";
import { Ancillary, Bpf, type Program } from "./bpf.ts";

/** What the kernel knows of a packet beside its bytes. */
export interface PacketFacts {
  readonly protocol: number;
  readonly packetType: number;
  readonly interfaceIndex: number;
  readonly deviceType: number;
}

/**
 * Runs a classic BPF program over a packet, as the kernel would: a load that reaches behind the packet's end makes the
 * answer 0. Slow and plain; tests hold filters against it.
 */
export const interpret = (
  program: Program,
  bytes: Uint8Array,
  facts: PacketFacts = { protocol: 0, packetType: 0, interfaceIndex: 1, deviceType: 1 },
): number => {
  const memory = new Uint32Array(16);
  let a = 0;
  let x = 0;
  let next = 0;
  for (;;) {
    const instruction = program[next];
    assert(instruction !== undefined, `the program runs over its end at ${next}`);
    const { code, k } = instruction;
    next += 1;
    switch (code & 0x07) {
      case 0x00: {
        const loaded = loadA(code, k, x, memory, bytes, facts);
        if (loaded === null) return 0;
        a = loaded;
        break;
      }
      case 0x01: {
        const loaded = loadX(code, k, memory, bytes);
        if (loaded === null) return 0;
        x = loaded;
        break;
      }
      case 0x02:
        memory[k] = a;
        break;
      case 0x03:
        memory[k] = x;
        break;
      case 0x04: {
        const computed = compute(code, a, (code & 0x08) === 0 ? k : x);
        if (computed === null) return 0;
        a = computed;
        break;
      }
      case 0x05:
        if (code === Bpf.Jump) next += k;
        else {
          const holds = compare(code, a, (code & 0x08) === 0 ? k : x);
          next += holds ? instruction.ifTrue : instruction.ifFalse;
        }
        break;
      case 0x06:
        return code === Bpf.ReturnA ? a : k;
      default:
        if (code === Bpf.AToX) x = a;
        else a = x;
    }
  }
};

const loadA = (
  code: number,
  k: number,
  x: number,
  memory: Uint32Array,
  bytes: Uint8Array,
  facts: PacketFacts,
): number | null => {
  switch (code) {
    case Bpf.LoadImmediate:
      return k;
    case Bpf.LoadMemory:
      return memory[k]!;
    case Bpf.LoadLength:
      return bytes.length;
    case Bpf.LoadWordAtX:
    case Bpf.LoadHalfAtX:
    case Bpf.LoadByteAtX:
      return loadBytes(bytes, fromNetworkHeader(k) + x, code);
    case Bpf.LoadWord:
    case Bpf.LoadHalf:
    case Bpf.LoadByte:
      return k >= Ancillary.Protocol
        ? fact(k, facts)
        : loadBytes(bytes, fromNetworkHeader(k), code);
    default:
      return assertCode(code);
  }
};

/** The packets here begin with it, so offsets from there on (SKF_NET_OFF) are plain ones. */
const fromNetworkHeader = (k: number): number => (k >= 0xfff00000 ? k - 0xfff00000 : k);

const fact = (k: number, facts: PacketFacts): number => {
  switch (k) {
    case Ancillary.Protocol:
      return facts.protocol;
    case Ancillary.PacketType:
      return facts.packetType;
    case Ancillary.Interface:
      return facts.interfaceIndex;
    case Ancillary.DeviceType:
      return facts.deviceType;
    default:
      return assertCode(k);
  }
};

const loadX = (code: number, k: number, memory: Uint32Array, bytes: Uint8Array): number | null => {
  switch (code) {
    case Bpf.LoadXImmediate:
      return k;
    case Bpf.LoadXMemory:
      return memory[k]!;
    case Bpf.LoadXLength:
      return bytes.length;
    case Bpf.LoadXHeaderLength:
      return k < bytes.length ? (bytes[k]! & 15) * 4 : null;
    default:
      return assertCode(code);
  }
};

const loadBytes = (bytes: Uint8Array, at: number, code: number): number | null => {
  const size = { 0: 4, 8: 2, 16: 1 }[code & 0x18] ?? assertCode(code);
  if (at + size > bytes.length) return null;
  let value = 0;
  for (let index = at; index < at + size; index++) value = value * 256 + bytes[index]!;
  return value;
};

const compute = (code: number, a: number, operand: number): number | null => {
  switch (code & 0xf0) {
    case 0x00:
      return (a + operand) >>> 0;
    case 0x10:
      return (a - operand) >>> 0;
    case 0x20:
      return Math.imul(a, operand) >>> 0;
    case 0x30:
      return operand === 0 ? null : Math.floor(a / operand);
    case 0x40:
      return (a | operand) >>> 0;
    case 0x50:
      return (a & operand) >>> 0;
    case 0x60:
      return operand > 31 ? 0 : (a << operand) >>> 0;
    case 0x70:
      return operand > 31 ? 0 : a >>> operand;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return operand === 0 ? null : a % operand;
    case 0xa0:
      return (a ^ operand) >>> 0;
    default:
      return assertCode(code);
  }
};

const compare = (code: number, a: number, operand: number): boolean => {
  switch (code & 0xf0) {
    case 0x10:
      return a === operand;
    case 0x20:
      return a > operand;
    case 0x30:
      return a >= operand;
    case 0x40:
      return (a & operand) !== 0;
    default:
      return assertCode(code);
  }
};

const assertCode = (code: number): never => {
  throw new Error(`the interpreter does not know 0x${code.toString(16)}`);
};
