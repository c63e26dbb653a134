import { UsageError } from "../../base/errors.ts";
import type { ApiRow } from "../../server/contract.ts";
import type { ServerClient } from "./server.ts";
import { printable } from "./table.ts";

/** Its name, with its ports where that is a host, which may have several APIs. */
export const placeOf = ({ name, hosts, ports }: ApiRow): string =>
  hosts.includes(name) && ports.length > 0 ? `${name}:${ports.join(",")}` : name;

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
  const ids = found.map((row) => `${row.id} (${placeOf(row)})`).join(", ");
  throw new UsageError(printable(`several APIs are called "${name}"; name one by its id: ${ids}`));
};
