/** The options of an AF_PACKET socket (packet(7)) that the ring uses, one function each. */
import { endianness } from "node:os";
import koffi from "koffi";
import { UsageError } from "../../base/errors.ts";
import { liveLimits } from "../../base/limits.ts";
import { encodeProgram, type Program } from "./bpf.ts";
import { check, errorName, lastError, libc } from "./libc.ts";

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 3;

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_FANOUT = 18;
const PACKET_FANOUT_DATA = 22;

const TPACKET_V3 = 2;
const PACKET_MR_PROMISC = 1;
const FANOUT_PROGRAM = 6;
const FANOUT_FLAG_UNIQUE_ID = 0x2000;
const FANOUT_FLAG_DEFRAGMENT = 0x8000;

/** The kernel wants one, though blocks of version 3 hold packets of any size. */
const FRAME_BYTES = 2048;

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

export const MISSING_PERMISSION =
  "capturing packets needs CAP_NET_RAW, which this process lacks: either let the tap run on a Node of its own that has it " +
  `(sudo install -o root -m 755 "${process.execPath}" /usr/local/bin/nta-node && sudo setcap cap_net_raw+ep /usr/local/bin/nta-node), ` +
  'or, in a container, add it to the securityContext (capabilities: {add: ["NET_RAW"]})';

/**
 * A socket that hears nothing yet: it belongs to no protocol before `listen`. Its packets begin with their network header.
 *
 * @throws UsageError where the process may not.
 */
export const openPacketSocket = (): number => {
  if (endianness() !== "LE") {
    throw new UsageError(
      "the ring of AF_PACKET is read on little-endian machines only; use --capture pcap",
    );
  }
  const fd = libc().socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) return fd;
  const error = errorName(lastError());
  if (error === "EPERM" || error === "EACCES") throw new UsageError(MISSING_PERMISSION);
  throw new UsageError(`this kernel has no AF_PACKET sockets (${error}); use --capture pcap`);
};

export interface MappedRing {
  readonly memory: ArrayBuffer;
  readonly address: bigint;
}

/** @throws UsageError where the kernel has not so much memory. */
export const mapRing = (fd: number, blockCount: number): MappedRing => {
  check(setNumber(fd, PACKET_VERSION, TPACKET_V3), "TPACKET_V3 (Linux 3.2 has it)");
  const { ringBlockBytes, ringRetireMs } = liveLimits;
  const frameCount = (ringBlockBytes / FRAME_BYTES) * blockCount;
  const byteCount = ringBlockBytes * blockCount;
  const request = new Uint32Array([
    ringBlockBytes,
    blockCount,
    FRAME_BYTES,
    frameCount,
    ringRetireMs,
    0,
    0,
  ]);
  const size = `a ring of ${byteCount / 2 ** 20} MiB`;
  const result = libc().setsockopt(fd, SOL_PACKET, PACKET_RX_RING, request, request.byteLength);
  if (result < 0) throw tooLarge(size);
  const address = libc().mmap(null, byteCount, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (BigInt.asIntN(64, address) === -1n) throw tooLarge(size);
  return { memory: koffi.view(address, byteCount), address };
};

const tooLarge = (size: string): UsageError =>
  new UsageError(
    `the kernel refused ${size} (${errorName(lastError())}); lower --memory-max, or use --capture pcap`,
  );

/**
 * Whoever still holds a view of the ring finds it empty from now on, instead of reading unmapped memory, which would end
 * the process.
 */
export const unmapRing = ({ memory, address }: MappedRing): void => {
  const byteCount = memory.byteLength;
  memory.transfer();
  libc().munmap(address, byteCount);
};

/** `struct sock_fprog`. */
const SocketProgram = koffi.struct({ count: "uint16_t", instructions: "const void *" });
const SOCKET_PROGRAM_BYTES = koffi.sizeof(SocketProgram);

const programPointer = (program: Program): ReturnType<typeof koffi.as> =>
  koffi.as(
    { count: program.length, instructions: encodeProgram(program) },
    koffi.pointer(SocketProgram),
  );

/**
 * Replaces the socket's filter at once; no packet passes unfiltered.
 *
 * @throws UsageError where the kernel's memory for socket options is too small for it.
 */
export const attachFilter = (fd: number, program: Program): void => {
  const pointer = programPointer(program);
  const result = libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, pointer, SOCKET_PROGRAM_BYTES);
  if (result >= 0) return;
  if (errorName(lastError()) === "ENOMEM") {
    throw new UsageError(
      `the kernel has no room for a filter of ${program.length} instructions; use fewer ports, or raise it (sysctl net.core.optmem_max=131072)`,
    );
  }
  check(result, `a filter of ${program.length} instructions`);
};

/** From now on the socket hears all interfaces of its namespace, those to come included. */
export const listen = (fd: number): void => {
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETH_P_ALL, false);
  check(libc().bind(fd, address, address.length), "to listen");
};

/**
 * Shares all packets among the sockets of a group by what the program `hash` answers. Fragments of IPv4 are put together
 * first, as only the first has ports. Null founds a group. Returns its number.
 */
export const joinFanout = (fd: number, group: number | null, hash: Program): number => {
  const kind = FANOUT_PROGRAM | FANOUT_FLAG_DEFRAGMENT;
  // A number of our own choosing could be the group of another program, whose packets we would then take.
  const request = group === null ? (kind | FANOUT_FLAG_UNIQUE_ID) << 16 : (kind << 16) | group;
  check(setNumber(fd, PACKET_FANOUT, request), "to share packets among workers");
  if (group === null) {
    const pointer = programPointer(hash);
    check(
      libc().setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, pointer, SOCKET_PROGRAM_BYTES),
      "a program to share packets by",
    );
  }
  const answer = new Int32Array(1);
  check(
    libc().getsockopt(fd, SOL_PACKET, PACKET_FANOUT, answer, new Uint32Array([4])),
    "the group of workers",
  );
  return answer[0]! & 0xffff;
};

/** Lasts as long as the socket and the interface. */
export const hearOthers = (fd: number, interfaceIndex: number): void => {
  const request = new Uint8Array(16);
  const view = new DataView(request.buffer);
  view.setInt32(0, interfaceIndex, true);
  view.setUint16(4, PACKET_MR_PROMISC, true);
  // The interface may be gone already.
  libc().setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length);
};

/** Packets, lost ones among them, and how often the ring was found full; since the last call. */
export const takeStatistics = (fd: number, into: Uint32Array): void => {
  check(
    libc().getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, into, new Uint32Array([into.byteLength])),
    "statistics",
  );
};

const setNumber = (fd: number, name: number, value: number): number =>
  libc().setsockopt(fd, SOL_PACKET, name, new Int32Array([value]), 4);
