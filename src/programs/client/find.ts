import { UsageError } from "../../base/errors.ts";
import type { ApiRow } from "../../server/contract.ts";
import type { ServerClient } from "./server.ts";

/** The API with this id, name or host. @throws UsageError where there is none, or several. */
export const findApi = async (server: ServerClient, name: string): Promise<ApiRow> => {
  const found: ApiRow[] = [];
  for await (const row of server.all<ApiRow>("/apis", { limit: 1000 })) {
    if (row.id === name) return row;
    const places = row.hosts.flatMap((host) => row.ports.map((port) => `${host}:${port}`));
    if (row.name === name || row.hosts.includes(name) || places.includes(name)) found.push(row);
  }
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new UsageError(`there is no API "${name}"; nta apis lists all`);
  const ids = found.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new UsageError(`several APIs are called "${name}"; name one by its id: ${ids}`);
};
