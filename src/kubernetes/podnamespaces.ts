/**
 * Finds the network namespace of a pod by its address. The container runtime keeps a file for each namespace (containerd and
 * CRI-O under /run/netns); none says whose it is, so each new one is entered once and asked for its addresses. That needs no
 * view of the node's processes, and no socket of the runtime.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inNetworkNamespace } from "../capture/live/namespace.ts";

interface Known {
  readonly inode: number;
  addresses: readonly string[];
}

export class PodNamespaces {
  readonly #folder: string;
  readonly #known = new Map<string, Known>();
  readonly #addressesIn: (path: string) => readonly string[];

  constructor(folder: string, addressesIn: (path: string) => readonly string[] = readAddresses) {
    this.#folder = folder;
    this.#addressesIn = addressesIn;
  }

  /** Path of the namespace by each address in it, as of now. A namespace that cannot be entered is left out. */
  byAddress(): Map<string, string> {
    const names = namesIn(this.#folder);
    for (const name of this.#known.keys()) if (!names.includes(name)) this.#known.delete(name);
    const paths = new Map<string, string>();
    for (const name of names) {
      const path = join(this.#folder, name);
      for (const address of this.#addresses(name, path)) paths.set(address, path);
    }
    return paths;
  }

  #addresses(name: string, path: string): readonly string[] {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
    const known = this.#known.get(name);
    if (known !== undefined && known.inode === inode && known.addresses.length > 0) {
      return known.addresses;
    }
    let addresses: readonly string[] = [];
    try {
      addresses = this.#addressesIn(path);
    } catch {
      // It went meanwhile, or it is not mounted yet: the next look tells.
    }
    this.#known.set(name, { inode, addresses });
    return addresses;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Addresses of the namespace's interfaces, loopback left out. */
function readAddresses(path: string): string[] {
  return inNetworkNamespace(path, () => [
    ...localIpv4(readFileSync("/proc/thread-self/net/fib_trie", "latin1")),
    ...localIpv6(readFileSync("/proc/thread-self/net/if_inet6", "latin1")),
  ]);
}

/** The kernel's routing trie: an address on a line of its own, and what it is on the next. */
export function localIpv4(trie: string): string[] {
  const addresses = new Set<string>();
  for (const [, address] of trie.matchAll(/\|-- (\d+\.\d+\.\d+\.\d+)\n\s+\/32 host LOCAL/g)) {
    if (!address!.startsWith("127.")) addresses.add(address!);
  }
  return [...addresses];
}

/** One interface's address a line: 32 hexadecimal digits, index, prefix, scope, flags, name. */
export function localIpv6(table: string): string[] {
  const addresses: string[] = [];
  for (const [, digits, scope] of table.matchAll(/^([0-9a-f]{32}) \S+ \S+ (\S+) /gm)) {
    if (scope !== "00") continue;
    const text = digits!.match(/.{4}/g)!.join(":");
    addresses.push(new URL(`http://[${text}]`).hostname.slice(1, -1));
  }
  return addresses;
}
