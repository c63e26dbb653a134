/** Opens the source that is named, and prints how that ends. */
import { RingSource } from "../../src/capture/live/afpacket.ts";
import { PcapSource } from "../../src/capture/live/pcapsource.ts";
import { OPTIONS } from "./tap.ts";

try {
  const source =
    process.argv[2] === "RingSource" ? new RingSource(OPTIONS) : new PcapSource(OPTIONS);
  await source.close();
  console.log("opened");
} catch (error) {
  console.log(String(error));
}
