/** Files on their way to the server. `XMLHttpRequest`, because `fetch` does not say how far it is. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { addressOf } from "../../api/client.ts";

export interface Sending {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly sentBytes: number;
  /** Why it did not arrive, null while it may. */
  readonly problem: string | null;
}

export const useSending = () => {
  const [sendings, setSendings] = useState<readonly Sending[]>([]);
  const requests = useRef(new Map<number, XMLHttpRequest>());
  const lastId = useRef(0);
  const client = useQueryClient();
  const change = (id: number, part: Partial<Sending>): void =>
    setSendings((before) => before.map((each) => (each.id === id ? { ...each, ...part } : each)));
  const remove = (id: number): void => {
    requests.current.delete(id);
    setSendings((before) => before.filter((each) => each.id !== id));
  };
  const giveOne = (file: File): void => {
    lastId.current += 1;
    const id = lastId.current;
    setSendings((before) => [
      { id, name: file.name, bytes: file.size, sentBytes: 0, problem: null },
      ...before,
    ]);
    const request = new XMLHttpRequest();
    requests.current.set(id, request);
    request.upload.onprogress = ({ loaded }) => change(id, { sentBytes: loaded });
    request.onload = () => {
      if (request.status >= 300) return change(id, { problem: problemIn(request) });
      remove(id);
      for (const path of ["uploads", "apis", "overview"])
        void client.invalidateQueries({ queryKey: [path] });
    };
    request.onerror = () => change(id, { problem: "The connection to the server broke." });
    request.open("POST", addressOf("uploads", { name: file.name }));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  };
  return {
    sendings,
    give: (files: readonly File[]): void => {
      for (const file of files) giveOne(file);
    },
    cancel: (id: number): void => {
      requests.current.get(id)?.abort();
      remove(id);
    },
  };
};

const problemIn = (request: XMLHttpRequest): string => {
  try {
    const problem = JSON.parse(request.responseText) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? `Status ${request.status}`;
  } catch {
    return `The server answered with status ${request.status}.`;
  }
};
