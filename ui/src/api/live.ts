/** Server-sent events: each makes what it touches be asked for again; many within a second make it be asked for once. */
import type { QueryClient } from "@tanstack/react-query";
import type { ServerEvent } from "../../../src/server/contract.ts";
import { addressOf } from "./client.ts";

export type LiveState = "connecting" | "live" | "waiting";

const gatherMs = 1_000;
/** The browser connects again by itself after a break, but not after a refusal. */
const retryMs = 10_000;

const touched: Record<ServerEvent["kind"], readonly string[]> = {
  change: ["changes", "overview", "apis", "map"],
  api: ["apis", "endpoints", "overview"],
  sensor: ["sensors", "overview"],
  finding: ["findings", "overview"],
  upload: ["uploads"],
};
const kinds = Object.keys(touched) as ServerEvent["kind"][];

/** Listens until the returned function is called. */
export const listen = (client: QueryClient, onState: (state: LiveState) => void): (() => void) => {
  const waiting = new Set<string>();
  let gathering = 0;
  let retrying = 0;
  let source: EventSource;
  let wasInterrupted = false;

  const onEvent = (kind: ServerEvent["kind"]): void => {
    for (const path of touched[kind]) waiting.add(path);
    if (gathering !== 0) return;
    gathering = window.setTimeout(() => {
      gathering = 0;
      const paths = [...waiting];
      waiting.clear();
      for (const path of paths) void client.invalidateQueries({ queryKey: [path] });
    }, gatherMs);
  };
  const connect = (): void => {
    source = new EventSource(addressOf("events"));
    source.onopen = () => {
      onState("live");
      if (wasInterrupted) void client.invalidateQueries();
      wasInterrupted = false;
    };
    source.onerror = () => {
      onState("waiting");
      wasInterrupted = true;
      if (source.readyState === EventSource.CLOSED) retrying = window.setTimeout(connect, retryMs);
    };
    for (const kind of kinds) source.addEventListener(kind, () => onEvent(kind));
  };
  connect();
  return () => {
    source.close();
    clearTimeout(gathering);
    clearTimeout(retrying);
  };
};
