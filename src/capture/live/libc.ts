/**
 * The calls of the C library that live capture needs, and nothing else of it. Linux only, and loaded on first use,
 * so that a program that only reads files loads no foreign library.
 */
import { constants } from "node:os";
import koffi, { type LibraryHandle } from "koffi";
import { assert, UsageError } from "../../base/errors.ts";

/** A struct that is laid out for the call. */
type Cast = ReturnType<typeof koffi.as>;

export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, byteCount: number): number;
  setsockopt(
    fd: number,
    level: number,
    name: number,
    value: ArrayBufferView | Cast,
    byteCount: number,
  ): number;
  getsockopt(
    fd: number,
    level: number,
    name: number,
    value: ArrayBufferView,
    byteCount: Uint32Array,
  ): number;
  send(fd: number, bytes: Uint8Array, byteCount: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, byteCount: number, flags: number): number;
  mmap(
    at: null,
    byteCount: number,
    protection: number,
    flags: number,
    fd: number,
    from: number,
  ): bigint;
  munmap(at: bigint, byteCount: number): number;
  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  setns(fd: number, kind: number): number;
}

/** glibc, then musl on the two processors that we ship for. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

const DECLARATIONS = [
  "int socket(int domain, int type, int protocol)",
  "int bind(int fd, const void *address, uint32_t byteCount)",
  "int setsockopt(int fd, int level, int name, const void *value, uint32_t byteCount)",
  "int getsockopt(int fd, int level, int name, void *value, void *byteCount)",
  "intptr_t send(int fd, const void *bytes, size_t byteCount, int flags)",
  "intptr_t recv(int fd, void *bytes, size_t byteCount, int flags)",
  "void *mmap(void *at, size_t byteCount, int protection, int flags, int fd, int64_t from)",
  "int munmap(void *at, size_t byteCount)",
  "int open(const char *path, int flags, int mode)",
  "int close(int fd)",
  "int setns(int fd, int kind)",
];

let loaded: Libc | null = null;

export const libc = (): Libc => {
  if (loaded === null) {
    const library = loadFirst(LIBRARIES);
    if (library === null || process.platform !== "linux") {
      throw new UsageError(
        "this system has no AF_PACKET sockets, only Linux has; use --capture pcap",
      );
    }
    loaded = bindAll<Libc>(library, DECLARATIONS);
  }
  return loaded;
};

/**
 * The first of the libraries that is there. Deep binding keeps a library's own calls away from the zlib and
 * OpenSSL inside Node, which have the same names and other layouts.
 */
export const loadFirst = (names: readonly string[]): LibraryHandle | null => {
  for (const name of names) {
    try {
      return koffi.load(name, { deep: true });
    } catch {}
  }
  return null;
};

/** The error number of the last call; 0 after a success is not promised. */
export const lastError = (): number => koffi.errno();

export const bindAll = <Calls>(library: LibraryHandle, declarations: readonly string[]): Calls =>
  Object.fromEntries(
    declarations.map((declaration) => {
      const call = library.func(declaration);
      return [call.info.name, call];
    }),
  ) as Calls;

/** `EPERM`, `ENOBUFS`, ...; the number where it has no name. */
export const errorName = (number: number): string =>
  Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`;

/** For calls that only fail by a mistake of ours or for want of memory. */
export const check = (result: number, call: string): number => {
  if (result >= 0) return result;
  const name = errorName(lastError());
  assert(name !== "EFAULT" && name !== "EBADF", `${call}: ${name}`);
  throw new UsageError(`live capture failed: the kernel refused ${call} (${name})`);
};

/** Calls `wake` in the event loop whenever the descriptor can be read or has failed, until `close`. */
export interface Poll {
  close(): void;
}

/**
 * libuv's own poll, so nothing blocks and no thread is needed. Its callback runs outside of Node's callback scope
 * (no microtasks after it, exceptions lost), hence the immediate; the loop runs immediates right after polling.
 * libuv stops a poll whose socket failed, as a netlink socket does on overrun; what `wake` reads clears the error.
 */
export const pollReadable = (fd: number, wake: () => void): Poll => {
  let open = true;
  const enter = (status: unknown): void => {
    setImmediate(() => {
      if (!open) return;
      wake();
      if (open && status !== 0) handle.start({ readable: true }, enter);
    });
  };
  const handle = koffi.node.poll(fd, { readable: true }, enter);
  return {
    close: () => {
      open = false;
      handle.close();
    },
  };
};
