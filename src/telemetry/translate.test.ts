import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyScan } from "./bodyscan.ts";
import { Book } from "./book.ts";
import { freezeShape } from "./freeze.ts";
import { Joiner } from "./join.ts";
import { mediaTypeOf } from "./mediatype.ts";
import { defaultPrivacy } from "./privacy.ts";
import type { Shape } from "./shape.ts";
import { Tables } from "./tables.ts";
import { translate } from "./translate.ts";

test("a tape that was begun under other tables gives the same shape", () => {
  const newTables = (): Tables => new Tables(new Uint8Array(8), defaultPrivacy);
  const body = Buffer.from(
    '{"id":17,"type":"admin","tags":["active","active",1,1,1],"owner":{"login":"alice","uuid":"550e8400-e29b-41d4-a716-446655440000"},"n":-12345678901}',
  );
  const shapeUnder = (scanned: Tables, joined: Tables): Shape => {
    const scan = new BodyScan(scanned);
    scan.begin(mediaTypeOf("application/json"), () => {});
    scan.data(body, 0, body.length);
    scan.end(true);
    if (scanned !== joined) translate(scan.tape, scanned, joined);
    const book = new Book({ left: 1e3, refused: 0 });
    const root = book.node(0);
    new Joiner(joined).join(scan.tape, book, root);
    return freezeShape(book, root, joined);
  };
  const one = newTables();
  const other = newTables();
  for (const name of ["some", "other", "names", "first"]) other.names.intern(name);
  other.words.idOf("elsewhere");
  assert.deepEqual(shapeUnder(one, other), shapeUnder(one, one));
});
