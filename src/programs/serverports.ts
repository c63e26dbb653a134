import { Direction, type FlowInfo } from "../reassemble/stream.ts";

/** Connections that carried bytes, by the port of the end that was called. At most 65,536 entries. */
export class ServerPorts {
  readonly #flows = new Map<number, number>();

  get flows(): ReadonlyMap<number, number> {
    return this.#flows;
  }

  add(flow: FlowInfo): void {
    const port = serverPort(flow);
    this.#flows.set(port, (this.#flows.get(port) ?? 0) + 1);
  }
}

/** Without a handshake, the lower port: clients take high ones. */
export const serverPort = ({ a, b, initiator }: FlowInfo): number => {
  if (initiator === null) return Math.min(a.port, b.port);
  return initiator === Direction.AToB ? b.port : a.port;
};
