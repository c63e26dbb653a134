/**
 * A process to be killed: opens an inventory and lets sensors send until it ends, saying after each acknowledgement which
 * delta it was: `SENSOR SEQUENCE`. `killed.ts URL ROUND`
 */
import { openInventory } from "../../src/inventory/inventory.ts";
import { deltaOf, SENSORS } from "./killdeltas.ts";

const [, , url, round] = process.argv;
const inventory = await openInventory({ url: url!, inferAfterMs: 50 });
process.stdout.write("open\n");

const send = async (sensor: number): Promise<void> => {
  for (let sequence = 1; ; sequence += 1) {
    await inventory.ingest([deltaOf(Number(round), sensor, sequence)]);
    process.stdout.write(`${sensor} ${sequence}\n`);
  }
};
await Promise.all(Array.from({ length: SENSORS }, (_, sensor) => send(sensor)));
