import koffi from "koffi";
import { listInterfaces } from "../../src/capture/live/interfaces.ts";
import { check, libc } from "../../src/capture/live/libc.ts";
import { inNetworkNamespace } from "../../src/capture/live/namespace.ts";
import { pathOf } from "./namespaces.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_PACKET = 263;
const PACKET_QDISC_BYPASS = 20;
const MAP_PRIVATE_ANONYMOUS = 0x22;

const MESSAGE_BYTES = 64;
const VECTOR_BYTES = 16;
const MESSAGES_A_CALL = 512;

/** Puts whole frames on an interface of a namespace. */
export interface Sender {
  send(frame: Uint8Array): void;
  /** Sends the frames in turn, `count` in all, hundreds a call; returns how many the kernel took. */
  burst(frames: readonly Uint8Array[], count: number): number;
  bank(frames: readonly Uint8Array[]): FrameBank;
  close(): void;
}

/** `bypass` leaves out the queue, and with it the copies that taps on the sending interface see. */
export const openSender = (
  namespace: string,
  interfaceName: string,
  options: { readonly bypass?: boolean } = {},
): Sender => {
  const path = pathOf(namespace);
  const link = listInterfaces(path).find(({ name }) => name === interfaceName);
  if (link === undefined) throw new Error(`no interface ${interfaceName} in ${namespace}`);
  const fd = inNetworkNamespace(path, () =>
    check(libc().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "a sender"),
  );
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setInt32(4, link.index, true);
  check(libc().bind(fd, address, address.length), "to bind a sender");
  if (options.bypass) {
    check(
      libc().setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, new Int32Array([1]), 4),
      "to bypass the queue",
    );
  }
  return {
    send: (frame) => void check(libc().send(fd, frame, frame.length, 0), "to send"),
    bank: (frames) => openBank(fd, frames),
    burst: (frames, count) => sendMany(openBank(fd, frames), count),
    close: () => void libc().close(fd),
  };
};

/** Frames as sendmmsg(2) takes them. */
export interface FrameBank {
  readonly count: number;
  /** Sends `many` frames from the one with index `first` on; how many the kernel took, at most some hundreds. */
  send(first: number, many: number): number;
  /** The bytes of a frame, to be changed before it is sent again. */
  frame(index: number): Uint8Array;
  close(): void;
}

/** The structs are laid out once in memory of their own, as pointers to them must hold. */
const openBank = (fd: number, frames: readonly Uint8Array[]): FrameBank => {
  const sendmmsg = koffi
    .load("libc.so.6", { deep: true })
    .func("int sendmmsg(int fd, void *messages, uint32_t count, int flags)");
  const frameBytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  const size = frames.length * (MESSAGE_BYTES + VECTOR_BYTES) + frameBytes;
  const base = libc().mmap(null, size, 3, MAP_PRIVATE_ANONYMOUS, -1, 0);
  const memory = koffi.view(base, size);
  const view = new DataView(memory);
  const vectors = frames.length * MESSAGE_BYTES;
  let data = vectors + frames.length * VECTOR_BYTES;
  const starts = new Float64Array(frames.length + 1);
  frames.forEach((frame, index) => {
    starts[index] = data;
    new Uint8Array(memory, data, frame.length).set(frame);
    const vector = vectors + index * VECTOR_BYTES;
    view.setBigUint64(vector, base + BigInt(data), true);
    view.setBigUint64(vector + 8, BigInt(frame.length), true);
    view.setBigUint64(index * MESSAGE_BYTES + 16, base + BigInt(vector), true);
    view.setBigUint64(index * MESSAGE_BYTES + 24, 1n, true);
    data += frame.length;
  });
  starts[frames.length] = data;
  return {
    count: frames.length,
    frame: (index) => new Uint8Array(memory, starts[index]!, starts[index + 1]! - starts[index]!),
    send: (first, many) =>
      sendmmsg(fd, base + BigInt(first * MESSAGE_BYTES), Math.min(many, MESSAGES_A_CALL), 0),
    close: () => {
      memory.transfer();
      libc().munmap(base, size);
    },
  };
};

const sendMany = (bank: FrameBank, count: number): number => {
  let sent = 0;
  while (sent < count) {
    const first = sent % bank.count;
    const taken = bank.send(first, Math.min(bank.count - first, count - sent));
    if (taken <= 0) break;
    sent += taken;
  }
  bank.close();
  return sent;
};
