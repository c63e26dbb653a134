import type { Inventory, InventoryOptions } from "./inventory.ts";

export function open(options: InventoryOptions): Promise<Inventory> {
  return Promise.reject(new Error(`internal error: no store for ${options.url} yet`));
}
