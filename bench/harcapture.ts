/** A capture as HAR, bodies included, for tools that read nothing else. */
import type { BodySink, Exchange, ExchangeObserver, Message } from "../src/http/exchange.ts";
import { HeaderName } from "../src/http/headername.ts";
import { readCaptures } from "../src/programs/pipeline.ts";

export interface HarEntry {
  readonly startedDateTime: string;
  readonly [part: string]: unknown;
}

export const harOf = async (capture: string): Promise<HarEntry[]> => {
  const collector = new Collector();
  await readCaptures([capture], collector, {
    signal: new AbortController().signal,
    onPiece: () => {},
  });
  return collector.entries;
};

export const harText = (entries: readonly HarEntry[]): string =>
  JSON.stringify({ log: { version: "1.2", creator: { name: "bench", version: "1" }, entries } });

class Collector implements ExchangeObserver {
  readonly entries: HarEntry[] = [];

  requestHead(): BodySink {
    return new Body();
  }

  responseHead(): BodySink {
    return new Body();
  }

  exchange({ request, response, method, target, status, connection }: Exchange): void {
    if (request === null || response === null) return;
    const { ip, port } = connection.server;
    const url = new URL(target, `http://${request.head.value(HeaderName.Host) ?? `${ip}:${port}`}`);
    const sent = contentOf(request);
    this.entries.push({
      startedDateTime: new Date(request.startTimeMs).toISOString(),
      time: Math.max(0, response.endTimeMs - request.startTimeMs),
      serverIPAddress: ip,
      request: {
        method,
        url: url.href,
        httpVersion: "HTTP/1.1",
        headers: headersOf(request),
        queryString: [...url.searchParams].map(([name, value]) => ({ name, value })),
        cookies: [],
        headersSize: -1,
        bodySize: sent.size,
        ...(sent.size > 0 && { postData: sent }),
      },
      response: {
        status,
        statusText: "",
        httpVersion: "HTTP/1.1",
        headers: headersOf(response),
        cookies: [],
        content: contentOf(response),
        redirectURL: "",
        headersSize: -1,
        bodySize: -1,
      },
      cache: {},
      timings: { send: 0, wait: 0, receive: 0 },
    });
  }
}

class Body implements BodySink {
  readonly pieces: Buffer[] = [];

  data(bytes: Uint8Array, start: number, end: number): void {
    this.pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  end(): void {}
}

const headersOf = ({ head }: Message): object[] =>
  Array.from({ length: head.fieldCount }, (_, index) => ({
    name: head.nameAt(index),
    value: head.valueAt(index),
  }));

const contentOf = ({ head, sink }: Message): { size: number; mimeType: string; text: string } => {
  const bytes = Buffer.concat((sink as Body | null)?.pieces ?? []);
  return {
    size: bytes.length,
    mimeType: head.value(HeaderName.ContentType) ?? "",
    text: bytes.toString("utf8"),
  };
};
