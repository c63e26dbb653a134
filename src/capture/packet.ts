/**
 * One captured frame, as every source (file, ring, libpcap) hands it on. The object is reused: a receiver
 * that wants something of it later copies that.
 */
export interface Packet {
  /** Where the frame stands; valid only during the call that hands it over. */
  bytes: Uint8Array;
  start: number;
  /** End of what was captured, half-open. */
  end: number;
  /** Length of the frame on the wire, at least `end - start`. More means that it was snapped. */
  wireBytes: number;
  /** Milliseconds since 1970-01-01 UTC, with fractions (microseconds survive). */
  timeMs: number;
  /** LINKTYPE_ value of the tcpdump.org registry. */
  linkType: number;
  /** Which interface of the source; 0 where there is only one. */
  interfaceId: number;
}

export type PacketSink = (packet: Packet) => void;

export const emptyPacket = (): Packet => ({
  bytes: new Uint8Array(0),
  start: 0,
  end: 0,
  wireBytes: 0,
  timeMs: 0,
  linkType: 1,
  interfaceId: 0,
});
