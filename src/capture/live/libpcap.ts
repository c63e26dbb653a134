/**
 * The calls of libpcap (pcap(3PCAP)) that are used here, where it is installed: compiling filter expressions, and
 * capture on systems without AF_PACKET.
 */
import koffi, { type LibraryHandle } from "koffi";
import { UsageError } from "../../base/errors.ts";
import { liveLimits } from "../../base/limits.ts";
import { decodeProgram, type Program } from "./bpf.ts";
import { bindAll, loadFirst } from "./libc.ts";

/** Handles are pointers, zero where there is none. */
export type Handle = bigint | null;

export interface Libpcap {
  pcap_create(device: string, problem: Uint8Array): Handle;
  pcap_set_snaplen(pcap: Handle, byteCount: number): number;
  pcap_set_promisc(pcap: Handle, on: number): number;
  pcap_set_timeout(pcap: Handle, ms: number): number;
  pcap_set_buffer_size(pcap: Handle, byteCount: number): number;
  pcap_activate(pcap: Handle): number;
  pcap_setnonblock(pcap: Handle, on: number, problem: Uint8Array): number;
  pcap_datalink(pcap: Handle): number;
  pcap_set_datalink(pcap: Handle, dataLink: number): number;
  pcap_open_dead(dataLink: number, snapBytes: number): Handle;
  pcap_compile(
    pcap: Handle,
    program: Uint8Array,
    expression: string,
    optimize: number,
    netmask: number,
  ): number;
  pcap_setfilter(pcap: Handle, program: Uint8Array): number;
  pcap_freecode(program: Uint8Array): void;
  /** `callback` is the address of a function of libpcap itself. */
  pcap_dispatch(pcap: Handle, packetsMax: number, callback: bigint, user: Handle): number;
  pcap_dump_fopen(pcap: Handle, file: Handle): Handle;
  pcap_dump_ftell(dumper: Handle): number;
  pcap_dump_flush(dumper: Handle): number;
  pcap_dump_close(dumper: Handle): void;
  pcap_stats(pcap: Handle, stats: Uint32Array): number;
  pcap_geterr(pcap: Handle): string;
  pcap_statustostr(status: number): string;
  pcap_close(pcap: Handle): void;
  pcap_findalldevs(devices: BigUint64Array, problem: Uint8Array): number;
  pcap_freealldevs(devices: bigint): void;
}

const LIBRARIES = ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so", "libpcap.dylib"];

const DECLARATIONS = [
  "void *pcap_create(const char *device, void *problem)",
  "int pcap_set_snaplen(void *pcap, int byteCount)",
  "int pcap_set_promisc(void *pcap, int on)",
  "int pcap_set_timeout(void *pcap, int ms)",
  "int pcap_set_buffer_size(void *pcap, int byteCount)",
  "int pcap_activate(void *pcap)",
  "int pcap_setnonblock(void *pcap, int on, void *problem)",
  "int pcap_datalink(void *pcap)",
  "int pcap_set_datalink(void *pcap, int dataLink)",
  "void *pcap_open_dead(int dataLink, int snapBytes)",
  "int pcap_compile(void *pcap, void *program, const char *expression, int optimize, uint32_t netmask)",
  "int pcap_setfilter(void *pcap, void *program)",
  "void pcap_freecode(void *program)",
  "int pcap_dispatch(void *pcap, int packetsMax, void *callback, void *user)",
  "void *pcap_dump_fopen(void *pcap, void *file)",
  "long pcap_dump_ftell(void *dumper)",
  "int pcap_dump_flush(void *dumper)",
  "void pcap_dump_close(void *dumper)",
  "int pcap_stats(void *pcap, void *stats)",
  "const char *pcap_geterr(void *pcap)",
  "const char *pcap_statustostr(int status)",
  "void pcap_close(void *pcap)",
  "int pcap_findalldevs(void *devices, void *problem)",
  "void pcap_freealldevs(void *devices)",
];

export const PROBLEM_BYTES = 256;
const DLT_RAW = 12;
const NETMASK_UNKNOWN = 0xffffffff;

let library: LibraryHandle | null | undefined;
let calls: Libpcap | null = null;

/** Null where libpcap is not installed. */
export const libpcap = (): Libpcap | null => {
  if (library === undefined) {
    library = loadFirst(LIBRARIES);
    calls = library === null ? null : bindAll<Libpcap>(library, DECLARATIONS);
  }
  return calls;
};

/** @throws UsageError where libpcap is not installed; `wanted` is what needs it. */
export const needLibpcap = (wanted: string): Libpcap => {
  const found = libpcap();
  if (found !== null) return found;
  throw new UsageError(
    `${wanted} needs libpcap, which is not installed; install it (apt-get install libpcap0.8, apk add libpcap, dnf install libpcap)`,
  );
};

/** The address of a function of libpcap, to be given to another. */
export const addressInLibpcap = (name: string): bigint => BigInt(library!.symbol(name));

/** `struct bpf_program`: a count, and behind padding a pointer. */
const BPF_PROGRAM_BYTES = 16;

/**
 * The program for an expression of pcap-filter(7), for packets that begin with the network header or, with DLT 1, with
 * Ethernet.
 *
 * @throws UsageError where libpcap is missing or refuses the expression; `source` is where it was written.
 */
export const compileExpression = (
  expression: string,
  source: string,
  dataLink: number = DLT_RAW,
): Program => {
  const pcap = needLibpcap(source);
  const dead = pcap.pcap_open_dead(dataLink, liveLimits.snapBytesMax);
  const compiled = new Uint8Array(BPF_PROGRAM_BYTES);
  try {
    compileInto(pcap, dead, compiled, expression, source);
    const view = new DataView(compiled.buffer);
    const byteCount = view.getUint32(0, true) * 8;
    const program = decodeProgram(
      new Uint8Array(koffi.view(view.getBigUint64(8, true), byteCount)).slice(),
    );
    pcap.pcap_freecode(compiled);
    return program;
  } finally {
    pcap.pcap_close(dead);
  }
};

/** Compiles for a handle and gives the program to it. */
export const setExpression = (
  pcap: Libpcap,
  handle: Handle,
  expression: string,
  source: string,
): void => {
  const compiled = new Uint8Array(BPF_PROGRAM_BYTES);
  compileInto(pcap, handle, compiled, expression, source);
  const refused = pcap.pcap_setfilter(handle, compiled) !== 0;
  pcap.pcap_freecode(compiled);
  if (refused) throw new UsageError(`${source}: ${pcap.pcap_geterr(handle)}`);
};

const compileInto = (
  pcap: Libpcap,
  handle: Handle,
  compiled: Uint8Array,
  expression: string,
  source: string,
): void => {
  if (pcap.pcap_compile(handle, compiled, expression, 1, NETMASK_UNKNOWN) === 0) return;
  throw new UsageError(
    `${source}: ${pcap.pcap_geterr(handle)}; see pcap-filter(7) for what is allowed`,
  );
};
