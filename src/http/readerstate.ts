/**
 * Where the reader of one direction is.
 *
 *   Probe -> Boundary <-> Body                Probe: the flow's first bytes; is it HTTP, and which role?
 *     |         |  ^       |                  Boundary: a message begins with the next byte
 *     v         v  |       v                  Body: within a body
 *   Search <---(framing was lost)             Search: looking for the next message
 *     |
 *     v
 *   Closed: nothing of this direction is wanted or trusted any more
 */
export const ReaderState = { Probe: 0, Boundary: 1, Body: 2, Search: 3, Closed: 4 } as const;
export type ReaderState = (typeof ReaderState)[keyof typeof ReaderState];
