import { fileURLToPath } from "node:url";
import type { Settings } from "../base/config.ts";
import { reconstruct } from "./reconstruct.ts";

const CAPTURE = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));

/** Reconstructs the capture that comes with the package. */
export const demo = async (settings: Settings): Promise<number> => {
  process.stdout.write("A small shop on a network with some noise: examples/shop.pcap\n\n");
  return await reconstruct([CAPTURE], settings);
};
