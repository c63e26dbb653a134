import { Counters } from "../base/counters.ts";
import { decodeLimits } from "../base/limits.ts";
import type { Packet } from "../capture/packet.ts";
import { readEthernet, readLlc, readTag } from "./ethernet.ts";
import { type FragmentEventName, FragmentTable, WHOLE } from "./fragments.ts";
import { emptyFrame, Layer, type Step } from "./frame.ts";
import { readGre, readNsh } from "./gre.ts";
import { protocolStep } from "./ipprotocol.ts";
import { readIpv4 } from "./ipv4.ts";
import { readExtension, readIpv6, readRawIp } from "./ipv6.ts";
import { readLink } from "./linktype.ts";
import { readMpls } from "./mpls.ts";
import { OUTCOME_NAMES, Outcome, type OutcomeName } from "./outcome.ts";
import { readPpp, readPppoe } from "./ppp.ts";
import type { Segment } from "./segment.ts";
import { readTcp } from "./tcp.ts";
import { readUdp } from "./udp.ts";
import { readWifi } from "./wifi.ts";

const LINKTYPE_ETHERNET = 1;

/**
 * Peels packets down to their TCP segments. Nothing is allocated for a packet; only fragments are copied. Any bytes
 * give an outcome, and every outcome is counted.
 */
export class Decoder {
  /** Packets, and their bytes on the wire, by outcome; together all packets. */
  readonly counters = new Counters<OutcomeName>(OUTCOME_NAMES);
  readonly #frame = emptyFrame();
  readonly #fragments = new FragmentTable();

  /** Datagrams that came in fragments, and the bytes held of them. */
  get fragmentCounters(): Counters<FragmentEventName> {
    return this.#fragments.counters;
  }

  /**
   * For `Outcome.Tcp` fills the segment, whose bytes are valid until the next call; for every other outcome what is in
   * the segment means nothing.
   */
  decode(packet: Packet, segment: Segment): Outcome {
    const frame = this.#frame;
    frame.bytes = packet.bytes;
    frame.at = packet.start;
    frame.end = packet.end;
    frame.wireEnd = packet.start + packet.wireBytes;
    let step: Step =
      packet.linkType === LINKTYPE_ETHERNET
        ? readEthernet(frame)
        : readLink(frame, packet.linkType);
    // Nearly all packets are done with these two lines, which V8 compiles without a jump table.
    if (step === Layer.Ipv4) step = readIpv4(frame, segment);
    if (step === Layer.Tcp) step = readTcp(frame, segment);
    if (step >= Layer.First) step = this.#readLayers(step as Layer, packet, segment);
    segment.timeMs = packet.timeMs;
    segment.frameBytes = packet.wireBytes;
    this.counters.add(step, packet.wireBytes);
    return step as Outcome;
  }

  /** Lets go of fragments whose datagram has waited too long for its rest. */
  expire(nowMs: number): void {
    this.#fragments.expire(nowMs);
  }

  /** Takes the packet, not its time: a fraction as an argument would be boxed. */
  #readLayers(first: Layer, packet: Packet, segment: Segment): Step {
    let step: Step = first;
    let layers = 0;
    while (step >= Layer.First) {
      layers += 1;
      if (layers > decodeLimits.layersMax) return Outcome.TooManyLayers;
      step = this.#readLayer(step as Layer, packet, segment);
    }
    return step;
  }

  #readLayer(layer: Layer, packet: Packet, segment: Segment): Step {
    const frame = this.#frame;
    switch (layer) {
      case Layer.Ethernet:
        return readEthernet(frame);
      case Layer.Ipv4:
        return readIpv4(frame, segment);
      case Layer.Ipv6:
        return readIpv6(frame, segment);
      case Layer.Tcp:
        return readTcp(frame, segment);
      case Layer.Udp:
        return readUdp(frame);
      case Layer.RawIp:
        return readRawIp(frame);
      case Layer.Tag:
        return readTag(frame);
      case Layer.Extension:
        return readExtension(frame);
      case Layer.Fragment: {
        const outcome = this.#fragments.add(frame, segment, packet.timeMs);
        return outcome === WHOLE ? protocolStep(frame, frame.protocol) : outcome;
      }
      case Layer.Llc:
        return readLlc(frame);
      case Layer.Mpls:
        return readMpls(frame);
      case Layer.Ppp:
        return readPpp(frame);
      case Layer.Pppoe:
        return readPppoe(frame);
      case Layer.Gre:
        return readGre(frame);
      case Layer.Nsh:
        return readNsh(frame);
      default:
        return readWifi(frame);
    }
  }
}
