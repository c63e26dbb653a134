import { ago, exactTime } from "./format.ts";

/** A moment: how long ago, and on hovering when exactly, in the reader's zone. */
export const When = ({ ms }: { ms: number }) => (
  <time dateTime={new Date(ms).toISOString()} title={exactTime(ms)}>
    {ago(ms)}
  </time>
);
