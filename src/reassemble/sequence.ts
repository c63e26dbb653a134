/**
 * Bytes from sequence number `from` to `to`, negative where `to` lies before `from`: the one definition of
 * sequence arithmetic (RFC 9293, section 3.4). Sequence numbers are taken modulo 2^32, so it holds across
 * the wrap while the two are less than 2^31 apart. `| 0` turns any sequence number, signed or not, into the
 * one form that is kept in typed arrays.
 */
export const sequenceDistance = (from: number, to: number): number => (to - from) | 0;
