/**
 * Whether what was learned from a capture describes it: the document is made, then every selected exchange of the same
 * capture is routed and validated against it, JSON bodies and parameters included.
 */
import { KeyedHash } from "../../src/base/hash.ts";
import type { BodySink, Exchange, ExchangeObserver, Message } from "../../src/http/exchange.ts";
import { HeaderName } from "../../src/http/headername.ts";
import { infer } from "../../src/infer/infer.ts";
import type { Api } from "../../src/infer/model.ts";
import { readCaptures } from "../../src/programs/pipeline.ts";
import { emit } from "../../src/spec/emit.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { Reason, type Selection, Selector } from "../../src/telemetry/selection.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { DocumentCheck } from "./documentcheck.ts";

const HASH_KEY = Buffer.from("nta test", "latin1");

export interface SoundnessReport {
  /** Exchanges that were selected and whole. */
  readonly checked: number;
  /** What did not fit, as sentences. */
  readonly problems: readonly string[];
  readonly apis: readonly Api[];
}

/** An exchange with what `Telemetry` never keeps. */
export interface Witness {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly status: number;
  readonly request: WitnessBody;
  readonly response: WitnessBody;
}

export interface WitnessBody {
  readonly type: string | null;
  readonly bytes: Buffer;
  readonly whole: boolean;
}

export const checkCapture = async (
  path: string,
  selection: Selection,
): Promise<SoundnessReport> => {
  const telemetry = new Telemetry({ selection, privacy: defaultPrivacy, hashKey: HASH_KEY });
  const witnesses = new Witnesses(selection);
  const options = { signal: new AbortController().signal, onPiece: () => {} };
  await readCaptures([path], telemetry, options);
  await readCaptures([path], witnesses, options);
  const hash = new KeyedHash(HASH_KEY);
  const hashOf = (text: string): number => {
    const bytes = Buffer.from(text);
    return hash.number(bytes, 0, bytes.length);
  };
  const { apis } = infer(telemetry.summaries(), { hashOf });
  const checks = apis.map(
    (api) => [api, new DocumentCheck(emit(api, { openapi: "3.1.0", evidence: true }))] as const,
  );
  const problems: string[] = [];
  for (const witness of witnesses.all) {
    const check = checks.find(
      ([api]) => api.port === witness.port && api.hosts.includes(witness.host),
    )?.[1];
    if (check === undefined) problems.push(`no document for ${witness.host}:${witness.port}`);
    else problems.push(...check.problemsOf(witness));
  }
  return { checked: witnesses.all.length, problems, apis };
};

class Witnesses implements ExchangeObserver {
  readonly all: Witness[] = [];
  readonly #selector: Selector;

  constructor(selection: Selection) {
    this.#selector = new Selector(selection);
  }

  requestHead(): BodySink {
    return new Collector();
  }

  responseHead(): BodySink {
    return new Collector();
  }

  exchange(exchange: Exchange): void {
    const { request, response, connection } = exchange;
    if (request === null || response === null) return;
    if (this.#selector.select(exchange) !== Reason.Selected) return;
    const authority = request.head.value(HeaderName.Host) ?? connection.server.ip;
    this.all.push({
      method: exchange.method,
      target: exchange.target.replace(/^https?:\/\/[^/?]*/, "") || "/",
      host: authority.replace(/:\d+$/, "").toLowerCase(),
      port: connection.server.port,
      status: exchange.status,
      request: bodyOf(request),
      response: bodyOf(response),
    });
  }
}

class Collector implements BodySink {
  readonly pieces: Buffer[] = [];
  whole = false;

  data(bytes: Uint8Array, start: number, end: number): void {
    this.pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  end(whole: boolean): void {
    this.whole = whole;
  }
}

const bodyOf = (message: Message): WitnessBody => {
  const sink = message.sink as Collector | null;
  return {
    type: message.head.value(HeaderName.ContentType),
    bytes: Buffer.concat(sink?.pieces ?? []),
    whole: sink?.whole ?? false,
  };
};
