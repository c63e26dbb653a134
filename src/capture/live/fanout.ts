import { Ancillary, Assembler, Bpf, type Label, type Program } from "./bpf.ts";

/** Loads from here on count from the network header, wherever the packet begins (SKF_NET_OFF). */
const NETWORK = 0xfff00000;

const PROTOCOL_TCP = 6;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const VLAN_ETHERTYPES = [0x8100, 0x88a8];
const VLAN_TAG_BYTES = 4;

/** Words of BPF memory. */
const BASE = 0;
const HASH = 1;
const PORT = 2;

/**
 * Answers with a number that is the same for both directions of a connection, by which a group shares its packets. Of
 * TCP only the higher port counts, which is the client's: so the copies of a packet before and behind address translation,
 * which keeps that port, meet in one worker, where they are recognised. Of what is not TCP only the addresses count, as the
 * UDP ports of a tunnel differ between the directions of what is inside. Other protocols than IP are all one.
 */
export const symmetricHash = (): Program => {
  const assembler = new Assembler();
  const [ipv4, ipv6, mix, tagged] = [
    assembler.label(),
    assembler.label(),
    assembler.label(),
    assembler.label(),
  ];
  assembler.add(Bpf.LoadWord, Ancillary.Protocol);
  addVersions(assembler, 0, ipv4, ipv6);
  for (const etherType of VLAN_ETHERTYPES) assembler.jumpIf(Bpf.JumpEqual, etherType, tagged);
  assembler.add(Bpf.Return, 0);
  assembler.place(tagged);
  assembler.add(Bpf.LoadHalf, NETWORK + 2);
  addVersions(assembler, VLAN_TAG_BYTES, ipv4, ipv6);
  assembler.add(Bpf.Return, 0);

  assembler.place(ipv4);
  addWords(assembler, [12, 16]);
  assembler.add(Bpf.LoadByteAtX, NETWORK + 9);
  assembler.jumpIf(Bpf.JumpEqual, PROTOCOL_TCP, null, mix);
  assembler.add(Bpf.LoadHalfAtX, NETWORK + 6);
  assembler.jumpIf(Bpf.JumpBits, 0x3fff, mix);
  assembler.add(Bpf.LoadByteAtX, NETWORK);
  assembler.add(Bpf.And, 0x0f);
  assembler.add(Bpf.ShiftLeft, 2);
  assembler.add(Bpf.AddX);
  assembler.add(Bpf.AToX);
  takePort(assembler, 0);
  assembler.jump(mix);

  assembler.place(ipv6);
  addWords(assembler, [8, 12, 16, 20, 24, 28, 32, 36]);
  assembler.add(Bpf.LoadByteAtX, NETWORK + 6);
  assembler.jumpIf(Bpf.JumpEqual, PROTOCOL_TCP, null, mix);
  takePort(assembler, 40);

  assembler.place(mix);
  assembler.add(Bpf.LoadMemory, HASH);
  // Upper bits of a product depend on all bits of its factors (Knuth's multiplicative hash).
  assembler.add(Bpf.Multiply, 0x9e3779b1);
  assembler.add(Bpf.ShiftRight, 16);
  assembler.add(Bpf.ReturnA);
  return assembler.assemble("tunnels");
};

/** A is an EtherType; leads on with X at the header. */
const addVersions = (assembler: Assembler, offset: number, ipv4: Label, ipv6: Label): void => {
  assembler.add(Bpf.LoadXImmediate, offset);
  assembler.jumpIf(Bpf.JumpEqual, ETHERTYPE_IPV4, ipv4);
  assembler.jumpIf(Bpf.JumpEqual, ETHERTYPE_IPV6, ipv6);
};

/** HASH becomes the exclusive or of the words of the header at X, in which both directions are equal. */
const addWords = (assembler: Assembler, offsets: readonly number[]): void => {
  assembler.add(Bpf.StoreX, BASE);
  assembler.add(Bpf.LoadImmediate, 0);
  assembler.add(Bpf.Store, HASH);
  for (const offset of offsets) {
    assembler.add(Bpf.LoadWordAtX, NETWORK + offset);
    assembler.add(Bpf.LoadXMemory, HASH);
    assembler.add(Bpf.XorX);
    assembler.add(Bpf.Store, HASH);
    assembler.add(Bpf.LoadXMemory, BASE);
  }
};

/** HASH becomes the higher of the ports that stand `offset` behind X. */
const takePort = (assembler: Assembler, offset: number): void => {
  const isHigher = assembler.label();
  assembler.add(Bpf.LoadHalfAtX, NETWORK + offset);
  assembler.add(Bpf.Store, PORT);
  assembler.add(Bpf.LoadHalfAtX, NETWORK + offset + 2);
  assembler.add(Bpf.LoadXMemory, PORT);
  assembler.jumpIf(Bpf.JumpGreaterX, 0, isHigher);
  assembler.add(Bpf.XToA);
  assembler.place(isHigher);
  assembler.add(Bpf.Multiply, 0x85ebca6b);
  assembler.add(Bpf.Store, HASH);
};
