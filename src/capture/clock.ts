/** How far a packet may be from those before it and be believed at once: longer than any time-out. */
const LEAP_MS = 3_600_000;

/**
 * What time it is, as packets tell: the latest of their times, as they come a little out of order. One with a time far from
 * all others (a broken clock, or somebody's doing) must neither end every connection nor stop all time-outs, so a
 * leap is believed when the next packet confirms it. That the clock was set back is a leap, too.
 */
export class PacketClock {
  nowMs = Number.NEGATIVE_INFINITY;
  #leapMs = Number.NaN;

  /** Takes the time of the next packet. Returns whether the clock leaped. */
  note(timeMs: number): boolean {
    const aheadMs = timeMs - this.nowMs;
    if (aheadMs <= LEAP_MS && aheadMs >= -LEAP_MS) {
      if (aheadMs > 0) this.nowMs = timeMs;
      return false;
    }
    return this.#noteLeap(timeMs);
  }

  /** Somebody knows better. */
  set(nowMs: number): void {
    this.nowMs = nowMs;
    this.#leapMs = Number.NaN;
  }

  #noteLeap(timeMs: number): boolean {
    const isFirst = this.nowMs === Number.NEGATIVE_INFINITY;
    const isConfirmed = Math.abs(timeMs - this.#leapMs) <= LEAP_MS;
    this.#leapMs = timeMs;
    if (!isFirst && !isConfirmed) return false;
    this.set(timeMs);
    return true;
  }
}
