import koffi from "koffi";
import { readU32 } from "../../base/bytes.ts";
import { assert, UsageError } from "../../base/errors.ts";
import { liveLimits } from "../../base/limits.ts";
import type { Packet, PacketSink } from "../packet.ts";
import { PcapReader } from "../pcap.ts";
import { captureExpression } from "./expression.ts";
import { InterfaceWatch, missingInterfaces } from "./interfaces.ts";
import { bindAll, loadFirst } from "./libc.ts";
import {
  addressInLibpcap,
  type Handle,
  type Libpcap,
  needLibpcap,
  PROBLEM_BYTES,
  setExpression,
} from "./libpcap.ts";
import type { LiveOptions, LiveSource, LiveStats } from "./livesource.ts";
import { inNetworkNamespace } from "./namespace.ts";
import { MISSING_PERMISSION } from "./packetsocket.ts";

/** Linux's device that is all interfaces. */
const ANY = "any";

const DLT_ETHERNET = 1;
const LINKTYPE_LINUX_SLL2 = 276;
const PCAP_ERROR_PERMISSION = -8;
const PCAP_ERROR_PROMISCUOUS_PERMISSION = -11;
const PCAP_INTERFACE_RUNNING = 4;

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_VLAN_TAGS = 2;

/** libpcap on one device, or on each of several; those that are missing are tried again. */
export class PcapSource implements LiveSource {
  readonly #options: LiveOptions;
  readonly #pcap: Libpcap;
  readonly #devices = new Map<string, Device>();
  /** Why a device that is wanted is not captured now. */
  readonly #problems = new Map<string, string>();
  readonly #names: string[] = [];
  readonly #stats = { packets: 0, drops: 0, deviceDrops: 0 };
  readonly #ended = Promise.withResolvers<void>();
  #sink: PacketSink | null = null;
  #timers: NodeJS.Timeout[] = [];
  /** Names for the indexes that the device of all interfaces tells. */
  readonly #watch: InterfaceWatch | null;
  #open = true;

  /** @throws UsageError where libpcap is missing, refuses the expression, or the process may not capture. */
  constructor(options: LiveOptions) {
    this.#options = options;
    this.#pcap = needLibpcap("--capture pcap");
    this.#openMissing();
    this.#watch = this.#wanted().includes(ANY) ? new InterfaceWatch(options.namespace) : null;
    this.#watch?.start(() => {});
  }

  run(sink: PacketSink): Promise<void> {
    assert(this.#sink === null && this.#open, "a source runs once");
    this.#sink = sink;
    this.#timers = [
      setInterval(() => this.#guard(() => this.#turn(sink)), liveLimits.libpcapPollMs),
      setInterval(() => this.#guard(() => this.#openMissing()), liveLimits.libpcapRetryMs),
    ];
    return this.#ended.promise;
  }

  stats(): LiveStats {
    for (const device of this.#devices.values()) device.addStats(this.#stats);
    return { ...this.#stats };
  }

  backlog(): null {
    return null;
  }

  interfaceName(id: number): string | null {
    if (this.#watch !== null) return this.#watch.interfaces.get(id)?.name ?? null;
    return this.#names[id] ?? null;
  }

  problems(): readonly string[] {
    return [...this.#problems.values()];
  }

  async close(): Promise<void> {
    if (this.#open) {
      if (this.#sink !== null) this.#guard(() => this.#turn(this.#sink!));
      this.#release();
      this.#ended.resolve();
    }
    await this.#ended.promise.catch(() => {});
  }

  /** One look at each device; where there is more than one turn takes, the rest follows at once. */
  #turn(sink: PacketSink): void {
    const endMs = performance.now() + liveLimits.turnMsMax;
    let more = false;
    for (const [name, device] of this.#devices) {
      const outcome = device.read(sink, endMs);
      if (outcome === "more") more = true;
      if (outcome !== "failed") continue;
      this.#problems.set(name, `--interfaces: capture on ${name} ended: ${device.problem()}`);
      this.#closeDevice(name, device);
    }
    if (more) setImmediate(() => this.#open && this.#guard(() => this.#turn(sink)));
  }

  #openMissing(): void {
    const wanted = this.#wanted();
    const bufferBytes = Math.floor(this.#options.bufferBytes / Math.max(1, wanted.length));
    for (const name of wanted) {
      if (this.#devices.has(name)) continue;
      const id = this.#names.includes(name) ? this.#names.indexOf(name) : this.#names.length;
      const opened = Device.open(this.#pcap, name, id, { ...this.#options, bufferBytes });
      if (typeof opened === "string") {
        this.#problems.set(name, opened);
        continue;
      }
      this.#names[id] = name;
      this.#devices.set(name, opened);
      this.#problems.delete(name);
    }
  }

  #wanted(): readonly string[] {
    if (this.#options.interfaces.length > 0) return this.#options.interfaces;
    return process.platform === "linux" ? [ANY] : runningDevices(this.#pcap);
  }

  #closeDevice(name: string, device: Device): void {
    device.addStats(this.#stats);
    device.close();
    this.#devices.delete(name);
  }

  /** What goes wrong in a callback of the event loop ends `run`. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#release();
      this.#ended.reject(error);
    }
  }

  #release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch?.close();
    for (const timer of this.#timers) clearInterval(timer);
    for (const [name, device] of this.#devices) this.#closeDevice(name, device);
  }
}

interface Stdio {
  fmemopen(bytes: Uint8Array, byteCount: number, mode: string): Handle;
  rewind(file: Handle): void;
}

let stdio: Stdio | null = null;

const needStdio = (): Stdio => {
  if (stdio === null) {
    const library = loadFirst([
      "libc.so.6",
      "libc.musl-x86_64.so.1",
      "libc.musl-aarch64.so.1",
      "libc.dylib",
    ]);
    if (library === null) throw new UsageError("--capture pcap does not know the C library here");
    stdio = bindAll<Stdio>(library, [
      "void *fmemopen(void *bytes, size_t byteCount, const char *mode)",
      "void rewind(void *file)",
    ]);
  }
  return stdio;
};

/**
 * One open device. A call across the language border for each packet would cost more than reading it; so libpcap
 * hands its packets to its own function for dump files, `pcap_dump`, and the file is a buffer of ours, which then holds
 * a batch of pcap records.
 */
class Device {
  readonly #pcap: Libpcap;
  readonly #handle: Handle;
  readonly #file: Handle;
  readonly #dumper: Handle;
  readonly #dump = addressInLibpcap("pcap_dump");
  readonly #buffer = new Uint8Array(liveLimits.batchBytesMax);
  readonly #reader: PcapReader;
  readonly #id: number;
  readonly #last = new Uint32Array(3);
  readonly #now = new Uint32Array(3);
  #sink: PacketSink = () => {};

  private constructor(pcap: Libpcap, handle: Handle, id: number) {
    this.#pcap = pcap;
    this.#handle = handle;
    this.#id = id;
    this.#file = needStdio().fmemopen(this.#buffer, this.#buffer.length, "w");
    this.#dumper = pcap.pcap_dump_fopen(handle, this.#file);
    this.#reader = new PcapReader((packet) => this.#handOn(packet));
    pcap.pcap_dump_flush(this.#dumper);
    this.#reader.read(this.#buffer, 0, FILE_HEADER_BYTES);
    needStdio().rewind(this.#file);
  }

  /** A problem that may pass is returned as a line. */
  static open(pcap: Libpcap, name: string, id: number, options: LiveOptions): Device | string {
    const problem = new Uint8Array(PROBLEM_BYTES);
    const handle = pcap.pcap_create(name, problem);
    if (handle === null) return `--interfaces: ${textOf(problem)}`;
    pcap.pcap_set_snaplen(handle, liveLimits.libpcapSnapBytes);
    pcap.pcap_set_promisc(handle, options.promiscuous && options.interfaces.length > 0 ? 1 : 0);
    pcap.pcap_set_timeout(handle, liveLimits.libpcapPollMs);
    pcap.pcap_set_buffer_size(handle, options.bufferBytes);
    try {
      const status = inNetworkNamespace(options.namespace, () => pcap.pcap_activate(handle));
      if (status === PCAP_ERROR_PERMISSION || status === PCAP_ERROR_PROMISCUOUS_PERMISSION) {
        throw new UsageError(MISSING_PERMISSION);
      }
      if (status < 0) {
        const reason = pcap.pcap_geterr(handle) || pcap.pcap_statustostr(status);
        pcap.pcap_close(handle);
        return `${missingInterfaces([name], [])[0]} (${reason})`;
      }
      if (name === ANY) pcap.pcap_set_datalink(handle, LINKTYPE_LINUX_SLL2);
      pcap.pcap_setnonblock(handle, 1, problem);
      filterDevice(pcap, handle, options);
      return new Device(pcap, handle, id);
    } catch (error) {
      pcap.pcap_close(handle);
      throw error;
    }
  }

  /** Until there is no more, or the time is up. */
  read(sink: PacketSink, endMs: number): "empty" | "more" | "failed" {
    this.#sink = sink;
    const packetsMax = Math.floor(
      liveLimits.batchBytesMax / (liveLimits.libpcapSnapBytes + RECORD_HEADER_BYTES),
    );
    do {
      const packets = this.#pcap.pcap_dispatch(this.#handle, packetsMax, this.#dump, this.#dumper);
      if (packets < 0) return "failed";
      if (packets === 0) return "empty";
      this.#pcap.pcap_dump_flush(this.#dumper);
      const end = this.#pcap.pcap_dump_ftell(this.#dumper);
      needStdio().rewind(this.#file);
      this.#reader.read(this.#buffer, 0, end);
    } while (performance.now() < endMs);
    return "more";
  }

  problem(): string {
    return this.#pcap.pcap_geterr(this.#handle);
  }

  /** Adds what was counted since the last time; libpcap's own counters wrap at 2^32. */
  addStats(to: { packets: number; drops: number; deviceDrops: number }): void {
    if (this.#pcap.pcap_stats(this.#handle, this.#now) !== 0) return;
    const [packets, drops, deviceDrops] = this.#now.map(
      (count, index) => count - this.#last[index]!,
    );
    this.#last.set(this.#now);
    to.packets += packets!;
    to.drops += drops!;
    to.deviceDrops += deviceDrops!;
  }

  close(): void {
    this.#pcap.pcap_dump_close(this.#dumper);
    this.#pcap.pcap_close(this.#handle);
  }

  #handOn(packet: Packet): void {
    packet.interfaceId =
      packet.linkType === LINKTYPE_LINUX_SLL2 && packet.end - packet.start >= 8
        ? readU32(packet.bytes, packet.start + 4)
        : this.#id;
    this.#sink(packet);
  }
}

const filterDevice = (pcap: Libpcap, handle: Handle, options: LiveOptions): void => {
  const vlanTags = pcap.pcap_datalink(handle) === DLT_ETHERNET ? ETHERNET_VLAN_TAGS : 0;
  const rules = captureExpression({ ...options.rules, interfaces: null }, vlanTags);
  if (options.expression === null) setExpression(pcap, handle, rules, "--ports");
  // The operator's own goes first: `vlan` in the rules would move its offsets.
  else setExpression(pcap, handle, `(${options.expression}) and (${rules})`, "--filter");
};

const DeviceInfo = koffi.struct({
  next: "void *",
  name: "const char *",
  description: "const char *",
  addresses: "void *",
  flags: "uint32_t",
});

const runningDevices = (pcap: Libpcap): string[] => {
  const first = new BigUint64Array(1);
  const problem = new Uint8Array(PROBLEM_BYTES);
  if (pcap.pcap_findalldevs(first, problem) !== 0) throw new UsageError(textOf(problem));
  const names: string[] = [];
  for (let at = first[0]!; at !== 0n && names.length < liveLimits.interfacesMax; ) {
    const device = koffi.decode(at, DeviceInfo) as {
      next: bigint | null;
      name: string;
      flags: number;
    };
    if ((device.flags & PCAP_INTERFACE_RUNNING) !== 0) names.push(device.name);
    at = device.next ?? 0n;
  }
  pcap.pcap_freealldevs(first[0]!);
  return names;
};

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString();
