import { createSocket, type Socket } from "node:dgram";
import { UsageError } from "../base/errors.ts";
import type { ListenAddress } from "../base/quantities.ts";
import { readF5, readNginx } from "../collect/accesslog.ts";
import type { ExchangeObserver } from "../http/exchange.ts";

export interface AccessLogSettings {
  readonly nginxSyslogListen: ListenAddress | null;
  readonly f5Listen: ListenAddress | null;
}

/**
 * Listens for access logs where it was told to. Datagrams come unasked and unsigned: whoever reaches the port can make up
 * calls, so the addresses are off by default. Resolves with what closes the sockets.
 */
export async function openAccessLogs(
  { nginxSyslogListen, f5Listen }: AccessLogSettings,
  observer: ExchangeObserver,
): Promise<() => void> {
  const sockets: Socket[] = [];
  if (nginxSyslogListen !== null) {
    const socket = await open("nginx-syslog-listen", nginxSyslogListen);
    socket.on("message", (datagram, sender) => {
      readNginx(datagram, sender.address, observer, Date.now());
    });
    sockets.push(socket);
  }
  if (f5Listen !== null) {
    const socket = await open("f5-listen", f5Listen);
    socket.on("message", (datagram) => void readF5(datagram, observer, Date.now()));
    sockets.push(socket);
  }
  return () => {
    for (const socket of sockets) socket.close();
  };
}

function open(flag: string, { address, port }: ListenAddress): Promise<Socket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", (error: NodeJS.ErrnoException) => {
      reject(new UsageError(`--${flag}: ${address}:${port}: ${error.code}; choose another`));
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners("error");
      // Later errors are of single datagrams.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}
