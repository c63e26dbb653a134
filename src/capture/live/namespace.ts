import { constants } from "node:fs";
import { UsageError } from "../../base/errors.ts";
import { errorName, lastError, libc } from "./libc.ts";

const CLONE_NEWNET = 0x40000000;
const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/**
 * Runs `open` with this thread in another network namespace, as `/proc/PID/ns/net` or `/run/netns/NAME` names it. A
 * socket stays in the namespace in which it was opened, so the visit lasts one synchronous turn. Null is our own.
 *
 * @throws UsageError where the namespace is not there or may not be entered (CAP_SYS_ADMIN).
 */
export const inNetworkNamespace = <Result>(path: string | null, open: () => Result): Result => {
  if (path === null) return open();
  const home = openNamespace(OWN_NAMESPACE);
  try {
    enter(path);
    try {
      return open();
    } finally {
      returnHome(home);
    }
  } finally {
    libc().close(home);
  }
};

const openNamespace = (path: string): number => {
  const fd = libc().open(path, constants.O_RDONLY, 0);
  if (fd >= 0) return fd;
  throw new UsageError(
    `cannot open the network namespace ${path} (${errorName(lastError())}); name one as /proc/PID/ns/net or /run/netns/NAME`,
  );
};

const enter = (path: string): void => {
  const fd = openNamespace(path);
  try {
    if (libc().setns(fd, CLONE_NEWNET) === 0) return;
    throw new UsageError(
      `cannot enter the network namespace ${path} (${errorName(lastError())}); this needs CAP_SYS_ADMIN beside CAP_NET_RAW`,
    );
  } finally {
    libc().close(fd);
  }
};

const returnHome = (home: number): void => {
  if (libc().setns(home, CLONE_NEWNET) === 0) return;
  // Whatever this thread opened from here on would be in the wrong namespace, the connection to the server included.
  throw new Error(`cannot return to the network namespace (${errorName(lastError())})`);
};
