/** A server that knows the shop of `examples/` and, where they are there, two sets of captures from outside. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ApiPage, EndpointPage } from "../../src/server/contract.ts";
import { evalFolder } from "../support/evaldata.ts";
import { type RunningServer, shopCapture, startServer, upload } from "./server.ts";

const sets = ["gitea.io", "real-prometheus"] as const;

export interface Shop extends RunningServer {
  readonly api: string;
  /** `PUT /api/v1/carts/{cartId}/items/{itemId}` */
  readonly endpoint: string;
}

/** Who looks at figures over time gives captures of a whole day instead of the one of three minutes. */
export const startShop = async (captures: readonly string[] = [shopCapture]): Promise<Shop> => {
  const server = await startServer();
  for (const capture of captures) await upload(server.origin, capture);
  const folder = evalFolder();
  if (folder === null) console.error("!! ONLY examples/ WERE IMPORTED: no evaluation data");
  else
    for (const set of sets) {
      const file = join(folder, "traffic", set, "traffic.pcap");
      if (existsSync(file)) await upload(server.origin, file, `${set}.pcap`);
    }
  const api = await findApi(server.origin, "shop");
  const endpoint = await findEndpoint(
    server.origin,
    api,
    "PUT",
    "/api/v1/carts/{cartId}/items/{itemId}",
  );
  return { ...server, api, endpoint };
};

export const ask = async <T>(origin: string, path: string): Promise<T> =>
  (await (await fetch(`${origin}/api/v1/${path}`)).json()) as T;

export const findApi = async (origin: string, q: string): Promise<string> => {
  const { items } = await ask<ApiPage>(origin, `apis?q=${encodeURIComponent(q)}`);
  if (items[0] === undefined) throw new Error(`no API is called ${q}`);
  return items[0].id;
};

export const findEndpoint = async (
  origin: string,
  api: string,
  method: string,
  path: string,
): Promise<string> => {
  const { items } = await ask<EndpointPage>(origin, `apis/${api}/endpoints?limit=5000`);
  const found = items.find((each) => each.method.toUpperCase() === method && each.path === path);
  if (found === undefined)
    throw new Error(`no endpoint ${method} ${path}: ${items.map((e) => e.path)}`);
  return found.id;
};
