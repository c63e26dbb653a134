import { createHash } from "node:crypto";

/** Bytes of a file name that every file system takes (255), less room for a suffix and a temporary name. */
const stemBytesMax = 180;

/**
 * File names for documents, one an API, in the order given: `<host>_<port>.openapi.<yaml|json>`. Safe on any file system:
 * only `a-z 0-9 . _ -`, no name that Windows reserves, unique without regard to case, bounded in length.
 */
export function fileNames(
  apis: readonly { readonly host: string; readonly port: number }[],
  format: "yaml" | "json",
): string[] {
  const taken = new Set<string>();
  return apis.map(({ host, port }) => {
    const stem = safeStem(host, port);
    let name = stem;
    for (let suffix = 2; taken.has(name); suffix++) name = `${stem}-${suffix}`;
    taken.add(name);
    return `${name}.openapi.${format}`;
  });
}

function safeStem(host: string, port: number): string {
  const lower = host.toLowerCase();
  let safe = lower.replace(/[^a-z0-9.-]+/g, "-").replace(/^[.-]+|[.-]+$/g, "");
  const isReserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/.test(safe);
  const isChanged = safe !== lower && !lower.includes(":");
  if (safe === "" || isReserved || isChanged || safe.length > stemBytesMax)
    safe = `${safe.slice(0, stemBytesMax - 9)}-${shortHash(lower)}`.replace(/^-/, "host-");
  return `${isReserved ? "host-" : ""}${safe}_${port}`;
}

/** Tells apart what was made safe by dropping characters. */
function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
