/** Network namespaces, made with iproute2; needs root. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { inNetworkNamespace } from "../../src/capture/live/namespace.ts";

export interface Network {
  /** A new namespace with `lo` up; `ip` in it is reached by the name. */
  namespace(role: string): string;
  /** `ip -n NAMESPACE ...`, the words separated by spaces. */
  ip(namespace: string, command: string): void;
  /** What it prints. */
  show(namespace: string, command: string): string;
  /** The same, false where it fails, as for devices that the kernel was built without. */
  tryIp(namespace: string, command: string): boolean;
  /** A veth pair, both ends up. */
  veth(from: string, fromName: string, to: string, toName: string): void;
  /** Removes all that was made. */
  remove(): void;
}

/** The path by which a socket is opened in a namespace. */
export const pathOf = (namespace: string): string => `/run/netns/${namespace}`;

/** Without IPv6 a namespace says nothing by itself; frames of IPv6 that a test sends are captured all the same. */
export const silenceNamespace = (namespace: string, silent = true): void => {
  inNetworkNamespace(pathOf(namespace), () => {
    for (const scope of ["all", "default"]) {
      writeFileSync(`/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`, silent ? "1" : "0");
    }
  });
};

/** Whoever asks for it removes it. */
export const openNetwork = (): Network => {
  const made: string[] = [];
  const run = (command: string): void => {
    execFileSync("ip", command.split(" "), { stdio: ["ignore", "ignore", "pipe"] });
  };
  return {
    namespace: (role) => {
      const name = `nta-${process.pid}-${role}`;
      run(`netns add ${name}`);
      made.push(name);
      silenceNamespace(name);
      run(`-n ${name} link set lo up`);
      return name;
    },
    ip: (namespace, command) => run(`-n ${namespace} ${command}`),
    show: (namespace, command) =>
      execFileSync("ip", ["-n", namespace, ...command.split(" ")], { encoding: "utf8" }),
    tryIp: (namespace, command) => {
      try {
        run(`-n ${namespace} ${command}`);
        return true;
      } catch {
        return false;
      }
    },
    veth: (from, fromName, to, toName) => {
      run(`-n ${from} link add ${fromName} type veth peer name ${toName} netns ${to}`);
      run(`-n ${from} link set ${fromName} up`);
      run(`-n ${to} link set ${toName} up`);
    },
    remove: () => {
      for (const namespace of made.splice(0)) {
        // What still runs there would keep the namespace alive without a name.
        for (const pid of execFileSync("ip", ["netns", "pids", namespace]).toString().split("\n")) {
          if (pid !== "") endProcess(Number(pid));
        }
        run(`netns del ${namespace}`);
      }
    },
  };
};

const endProcess = (pid: number): void => {
  try {
    process.kill(pid);
  } catch {
    // It has ended meanwhile.
  }
};
