import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { Id, Upload, UploadPage } from "../contract.ts";
import { operation, scoped } from "../operation.ts";
import type { Uploads } from "../uploads.ts";

const UploadParams = Type.Object({ upload: Id });
const tag = "uploads";

export function addUploadRoutes(app: FastifyInstance, uploads: Uploads): void {
  operation(
    app,
    {
      method: "GET",
      path: "/uploads",
      id: "listUploads",
      summary: "Files that were given, the newest first",
      tag,
      answer: UploadPage,
    },
    () => {
      const items = uploads.list();
      return { items, next: null, total: items.length };
    },
  );
  operation(
    app,
    {
      method: "GET",
      path: "/uploads/:upload",
      id: "getUpload",
      summary: "How far the reading of a file is",
      tag,
      params: UploadParams,
      answer: Upload,
    },
    ({ params }) => uploads.get(params.upload),
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/uploads/:upload",
      id: "cancelUpload",
      summary: "Reads no further; what was learned stays",
      tag,
      params: UploadParams,
      answer: Upload,
    },
    ({ params }) => uploads.cancel(params.upload),
  );
  scoped(app, (scope) => addReceiver(scope, uploads));
}

function addReceiver(app: FastifyInstance, uploads: Uploads): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  operation(
    app,
    {
      method: "POST",
      path: "/uploads",
      id: "upload",
      summary: "Takes a capture, a HAR file or a description; the body is the file",
      tag,
      query: Type.Object({ name: Type.Optional(Type.String({ maxLength: 200 })) }),
      answer: Upload,
      status: 202,
      bodyBytesMax: Number.MAX_SAFE_INTEGER,
      readsBody: true,
    },
    async ({ query, request, who }) => {
      const length = request.headers["content-length"];
      const bytes = length === undefined ? null : Number(length);
      return await uploads.receive(request.raw, query.name ?? "upload", bytes, who);
    },
  );
}
