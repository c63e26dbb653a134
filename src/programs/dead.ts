import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import type { DeadLetter } from "../server/contract.ts";
import { ServerClient } from "./client/server.ts";
import { ago, tableText } from "./client/table.ts";
import { printLine } from "./standardoutput.ts";

const PAGE = 1000;

/** Shows the dead letters of the servers' NATS, or those that are named, and does with them what is asked. */
export const dead = async (ids: readonly string[], settings: Settings): Promise<number> => {
  const { sendAgain, discard, json } = settings;
  if (sendAgain && discard) {
    throw new UsageError("--send-again and --discard: choose one of the two");
  }
  const server = new ServerClient(settings);
  const all: DeadLetter[] = [];
  for await (const letter of server.all<DeadLetter>("/dead-letters", { limit: PAGE })) {
    all.push(letter);
  }
  const unknown = ids.find((id) => !all.some((letter) => letter.id === id));
  if (unknown !== undefined) {
    throw new UsageError(`there is no dead letter "${unknown}"; nta dead lists all`);
  }
  const letters = ids.length === 0 ? all : all.filter(({ id }) => ids.includes(id));
  for (const { id } of letters) {
    if (sendAgain) await server.tell("POST", `/dead-letters/${id}/send-again`);
    if (discard) await server.tell("DELETE", `/dead-letters/${id}`);
  }
  if (json) {
    for (const letter of letters) printLine(JSON.stringify(letter));
    return 0;
  }
  const count = `${letters.length} dead letter${letters.length === 1 ? "" : "s"}`;
  if (letters.length === 0) printLine("There are no dead letters: whatever came was merged.");
  else if (sendAgain) printLine(`${count} sent again. Who cannot be merged still comes back here.`);
  else if (discard) printLine(`${count} discarded.`);
  else printLine(tableText(["ID", "SINCE", "DELTA", "BYTES", "REASON"], letters.map(cells)));
  return 0;
};

const cells = ({ id, atMs, name, bytes, reason }: DeadLetter): (string | number)[] => [
  id,
  ago(atMs, Date.now()),
  name ?? "unknown",
  bytes,
  reason,
];
