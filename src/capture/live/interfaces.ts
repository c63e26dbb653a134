import { assertNever } from "../../base/errors.ts";
import { liveLimits } from "../../base/limits.ts";
import { nearest } from "../../base/spelling.ts";
import { check, errorName, lastError, libc, type Poll, pollReadable } from "./libc.ts";
import { inNetworkNamespace } from "./namespace.ts";
import {
  type LinkMessage,
  linkDumpRequest,
  type NetworkInterface,
  readLinkMessages,
} from "./netlink.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const NETLINK_ROUTE = 0;
const RTMGRP_LINK = 1;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const MSG_DONTWAIT = 0x40;
const RECEIVE_BUFFER_BYTES = 1 << 20;

/**
 * The interfaces that the kernel's messages tell of. Between `expectAll` and the message that ends the answer, those
 * not told of again are known to have gone.
 */
export class InterfaceTable {
  readonly #interfaces = new Map<number, NetworkInterface>();
  #unconfirmed: Set<number> | null = null;

  /** By index. */
  get interfaces(): ReadonlyMap<number, NetworkInterface> {
    return this.#interfaces;
  }

  get expectsMore(): boolean {
    return this.#unconfirmed !== null;
  }

  expectAll(): void {
    this.#unconfirmed = new Set(this.#interfaces.keys());
  }

  apply(message: LinkMessage): void {
    switch (message.kind) {
      case "link": {
        const { index } = message.link;
        this.#unconfirmed?.delete(index);
        if (this.#interfaces.size < liveLimits.interfacesMax || this.#interfaces.has(index)) {
          this.#interfaces.set(index, message.link);
        }
        break;
      }
      case "gone":
        this.#interfaces.delete(message.index);
        break;
      case "done":
        for (const index of this.#unconfirmed ?? []) this.#interfaces.delete(index);
        this.#unconfirmed = null;
        break;
      case "failed":
        this.#unconfirmed = null;
        break;
      default:
        assertNever(message);
    }
  }
}

/**
 * The interfaces of a network namespace as they come and go. A netlink socket, unlike /sys/class/net, belongs to
 * the namespace in which it was opened, works in every container, and needs no privilege.
 */
export class InterfaceWatch {
  readonly #table = new InterfaceTable();
  readonly #buffer = new Uint8Array(liveLimits.netlinkBytesMax);
  readonly #fd: number;
  #poll: Poll | null = null;

  /** @throws UsageError where the namespace cannot be entered. */
  constructor(namespace: string | null = null) {
    this.#fd = inNetworkNamespace(namespace, openSocket);
    this.#ask();
    // The kernel answers while it is read, so the answer ends before the socket is empty.
    while (this.#table.expectsMore && this.#receive()) {}
  }

  /** By index. */
  get interfaces(): ReadonlyMap<number, NetworkInterface> {
    return this.#table.interfaces;
  }

  /** Calls `onChange` after each change, until `close`. */
  start(onChange: () => void): void {
    this.#poll = pollReadable(this.#fd, () => {
      let changed = false;
      while (this.#receive()) changed = true;
      if (changed) onChange();
    });
  }

  close(): void {
    this.#poll?.close();
    libc().close(this.#fd);
  }

  #ask(): void {
    this.#table.expectAll();
    const request = linkDumpRequest();
    check(libc().send(this.#fd, request, request.length, 0), "a netlink request");
  }

  /** Takes one datagram; false where there is none. */
  #receive(): boolean {
    const length = libc().recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT);
    if (length >= 0) {
      for (const message of readLinkMessages(this.#buffer, length)) this.#table.apply(message);
      return true;
    }
    const error = errorName(lastError());
    if (error === "EAGAIN") return false;
    // The kernel had more to tell than the socket could hold, and some of it is lost.
    if (error === "ENOBUFS") this.#ask();
    else if (error !== "EINTR") check(length, "a netlink answer");
    return true;
  }
}

const openSocket = (): number => {
  const fd = check(
    libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
    "a netlink socket",
  );
  libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([RECEIVE_BUFFER_BYTES]), 4);
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, RTMGRP_LINK, true);
  check(libc().bind(fd, address, address.length), "to bind a netlink socket");
  return fd;
};

/** The interfaces of a network namespace at this moment, by index. */
export const listInterfaces = (namespace: string | null = null): NetworkInterface[] => {
  const watch = new InterfaceWatch(namespace);
  watch.close();
  return [...watch.interfaces.values()].sort((a, b) => a.index - b.index);
};

/** Indexes of the wanted names that are there now, in order; null where none is named, which means all. */
export const selectInterfaces = (
  wanted: readonly string[],
  present: Iterable<NetworkInterface>,
): readonly number[] | null =>
  wanted.length === 0
    ? null
    : [...present]
        .filter(({ name }) => wanted.includes(name))
        .map(({ index }) => index)
        .sort((a, b) => a - b);

/**
 * One line for each wanted name that no interface has now. It may come later, so this is a warning, not a refusal.
 */
export const missingInterfaces = (
  wanted: readonly string[],
  present: readonly string[],
): string[] =>
  wanted
    .filter((name) => !present.includes(name))
    .map((name) => {
      const meant = nearest(name, present);
      const hint = meant === null ? "" : ` Did you mean ${meant}?`;
      return `--interfaces: there is no interface ${name} now; it is used as soon as there is. Present: ${present.join(", ")}.${hint}`;
    });
