/** A client that speaks as Envoy does: messages of external processing and of access logs, over HTTP/2. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { BinaryWriter } from "@bufbuild/protobuf/wire";

const bytes = (build: (writer: BinaryWriter) => BinaryWriter): Uint8Array =>
  build(new BinaryWriter()).finish();

type Fields = readonly (readonly [name: string, value: string])[];

function headerMap(fields: Fields): Uint8Array {
  return bytes((writer) => {
    for (const [name, value] of fields) {
      const header = bytes((each) =>
        each.tag(1, 2).string(name).tag(3, 2).bytes(Buffer.from(value, "latin1")),
      );
      writer.tag(1, 2).bytes(header);
    }
    return writer;
  });
}

/** `part`: 2 request, 3 response. */
export function headers(
  part: 2 | 3,
  fields: Fields,
  {
    isLast = false,
    attributes = {},
  }: { isLast?: boolean; attributes?: Record<string, string | number> } = {},
): Uint8Array {
  const struct = bytes((writer) => {
    for (const [name, value] of Object.entries(attributes)) {
      const one = bytes((each) =>
        typeof value === "number" ? each.tag(2, 1).double(value) : each.tag(3, 2).string(value),
      );
      writer.tag(1, 2).bytes(bytes((each) => each.tag(1, 2).string(name).tag(2, 2).bytes(one)));
    }
    return writer;
  });
  return bytes((writer) =>
    writer
      .tag(part, 2)
      .bytes(bytes((each) => each.tag(1, 2).bytes(headerMap(fields)).tag(3, 0).bool(isLast)))
      .tag(9, 2)
      .bytes(
        bytes((each) =>
          each.tag(1, 2).string("envoy.filters.http.ext_proc").tag(2, 2).bytes(struct),
        ),
      )
      .tag(10, 0)
      .bool(true),
  );
}

/** `part`: 4 request, 5 response. */
export const body = (part: 4 | 5, content: string | Uint8Array, isLast = false): Uint8Array =>
  bytes((writer) =>
    writer.tag(part, 2).bytes(
      bytes((each) =>
        each
          .tag(1, 2)
          .bytes(Buffer.from(content as string))
          .tag(2, 0)
          .bool(isLast),
      ),
    ),
  );

export const trailers = (part: 6 | 7): Uint8Array =>
  bytes((writer) =>
    writer.tag(part, 2).bytes(bytes((each) => each.tag(1, 2).bytes(headerMap([["x-sum", "1"]])))),
  );

export const framed = (message: Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

/** One access log of one entry. */
export function accessLog(entry: {
  method: number;
  path: string;
  authority: string;
  status: number;
  upstream: string;
  port: number;
}): Uint8Array {
  const address = bytes((writer) =>
    writer
      .tag(1, 2)
      .bytes(bytes((each) => each.tag(2, 2).string(entry.upstream).tag(3, 0).uint32(entry.port))),
  );
  const common = bytes((writer) =>
    writer
      .tag(5, 2)
      .bytes(bytes((each) => each.tag(1, 0).int64(1_767_225_600n)))
      .tag(13, 2)
      .bytes(address),
  );
  const request = bytes((writer) =>
    writer
      .tag(1, 0)
      .int32(entry.method)
      .tag(3, 2)
      .string(entry.authority)
      .tag(5, 2)
      .string(entry.path),
  );
  const response = bytes((writer) =>
    writer.tag(1, 2).bytes(bytes((each) => each.tag(1, 0).uint32(entry.status))),
  );
  const log = bytes((writer) =>
    writer.tag(1, 2).bytes(common).tag(3, 2).bytes(request).tag(4, 2).bytes(response),
  );
  return bytes((writer) => writer.tag(2, 2).bytes(bytes((each) => each.tag(1, 2).bytes(log))));
}

export const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
export const ACCESS_LOGS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

export class FakeEnvoy {
  readonly #session: ClientHttp2Session;

  constructor(port: number) {
    this.#session = connect(`http://127.0.0.1:${port}`);
    this.#session.on("error", () => {});
  }

  open(path: string): ClientHttp2Stream {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    stream.on("data", () => {});
    return stream;
  }

  close(): void {
    this.#session.destroy();
  }
}

/** The status with which the server ends a call. */
export const statusOf = (stream: ClientHttp2Stream): Promise<string> =>
  new Promise((resolve) => {
    const take = (fields: Record<string, unknown>): void => {
      if (fields["grpc-status"] !== undefined) resolve(String(fields["grpc-status"]));
    };
    stream.on("trailers", take);
    stream.on("response", take);
    stream.on("close", () => resolve("none"));
  });
