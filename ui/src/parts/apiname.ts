import type { ApiRow } from "../../../src/server/contract.ts";

/** The name that an API is known by; where it is a host, with the ports that tell it from others of that host. */
export const nameOf = ({
  name,
  hosts,
  ports,
}: Pick<ApiRow, "name" | "hosts" | "ports">): string => {
  const isHost = hosts.includes(name);
  const telling = ports.filter((port) => port !== 80 && port !== 443);
  return isHost && telling.length > 0 && telling.length <= 3
    ? `${name}:${telling.join(",")}`
    : name;
};
