import { httpLimits } from "../base/limits.ts";

/** Bytes of false candidates that are read again for each byte searched. */
const WASTE_SHARE = 8;

/** What the search for the next message has cost since the last one. */
export class SearchEffort {
  /** Bytes that were passed over. */
  searchedBytes = 0;
  #wastedBytes = 0;

  /** A candidate of at most so many bytes was none. */
  waste(byteCount: number): void {
    this.#wastedBytes += Math.min(byteCount, httpLimits.headBytesMax);
  }

  /** Whether reading false candidates costs out of all proportion, `passedBytes` not yet counted as searched. */
  isWasteful(passedBytes: number): boolean {
    const searchedBytes = this.searchedBytes + passedBytes;
    return this.#wastedBytes > httpLimits.headBytesMax + WASTE_SHARE * searchedBytes;
  }

  /** Whether no message was found in so many bytes that the flow is taken for another protocol. */
  get isVain(): boolean {
    return this.searchedBytes >= httpLimits.searchBytesMax;
  }
}
