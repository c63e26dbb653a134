import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { ForwarderTarget } from "../../inventory/administration.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import {
  AuditPage,
  AuditQuery,
  AuditRow,
  Delivery,
  DeliveryPage,
  DeliveryQuery,
  Forwarder,
  ForwarderPage,
  ForwarderRequest,
  Id,
  Preferences,
  TokenMade,
  TokenPage,
  TokenRequest,
} from "../contract.ts";
import type { Forwarding } from "../forward/forwarding.ts";
import { operation } from "../operation.ts";
import { Refusal } from "../problem.ts";

const tag = "administration";

export interface AdministrationOptions {
  readonly inventory: Inventory;
  readonly forwarding: Forwarding;
}

export function addAdministrationRoutes(
  app: FastifyInstance,
  { inventory, forwarding }: AdministrationOptions,
): void {
  addTokens(app, inventory);
  addForwarders(app, inventory, forwarding);
  addDeliveries(app, inventory, forwarding);
  addRecords(app, inventory);
  addBackup(app, inventory);
}

function addTokens(app: FastifyInstance, { tokens }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/tokens",
      id: "listTokens",
      summary: "Tokens, without what is secret of them",
      tag,
      answer: TokenPage,
      needs: "editor",
    },
    async () => onePage(await tokens.list()),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/tokens",
      id: "makeToken",
      summary: "Makes a token; the only time that it is shown",
      tag,
      body: TokenRequest,
      answer: TokenMade,
      status: 201,
    },
    ({ body, who }) => tokens.create(body.name, body.role, who),
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/tokens/:token",
      id: "revokeToken",
      summary: "Revokes a token and the sessions that began with it",
      tag,
      params: Type.Object({ token: Id }),
      answer: null,
    },
    ({ params, who }) => tokens.remove(params.token, who),
  );
}

function addForwarders(app: FastifyInstance, inventory: Inventory, sender: Forwarding): void {
  const { forwarding } = inventory;
  const params = Type.Object({ forwarder: Id });
  operation(
    app,
    {
      method: "GET",
      path: "/forwarders",
      id: "listForwarders",
      summary: "Where documents and changes are sent to",
      tag,
      answer: ForwarderPage,
    },
    async () => onePage(await forwarding.list()),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/forwarders",
      id: "makeForwarder",
      summary: "Sends to one more place from now on",
      tag,
      body: ForwarderRequest,
      answer: Forwarder,
      status: 201,
    },
    async ({ body, who }) => {
      await sender.check(body.target);
      return await forwarding.create(body, who);
    },
  );
  operation(
    app,
    {
      method: "PUT",
      path: "/forwarders/:forwarder",
      id: "putForwarder",
      summary: "Changes a forwarder; a secret that is left out stays",
      tag,
      params,
      body: ForwarderRequest,
      answer: Forwarder,
    },
    async ({ params, body, who }) => {
      await sender.check(body.target);
      refuseDetour(await forwarding.target(params.forwarder), body.target);
      return await forwarding.update(params.forwarder, body, who);
    },
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/forwarders/:forwarder",
      id: "removeForwarder",
      summary: "Sends there no more",
      tag,
      params,
      answer: null,
    },
    async ({ params, who }) => await forwarding.remove(params.forwarder, who),
  );
}

/** A secret that is left out stays; sent to another place it would be told to whoever listens there. */
function refuseDetour(before: ForwarderTarget, after: ForwarderTarget): void {
  if (placeOf(before) === placeOf(after) || !keepsSecret(before, after)) return;
  throw new Refusal(422, "the address changes, so give the secret anew with it");
}

function placeOf(target: ForwarderTarget): string {
  if (target.kind === "s3") return target.endpoint;
  return target.kind === "http" || target.kind === "webhook" ? originOf(target.url) : "";
}

/** Of a template too: its host is what stands before the path. */
const originOf = (url: string): string =>
  /^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase() ?? url;

const keepsSecret = (before: ForwarderTarget, after: ForwarderTarget): boolean =>
  (after.kind === "s3" && before.kind === "s3" && after.secretAccessKey === undefined) ||
  (after.kind === "webhook" && before.kind === "webhook" && after.secret === undefined) ||
  (after.kind === "http" &&
    before.kind === "http" &&
    Object.values(after.headers).some((value) => /^\*+$/.test(value)));

function addDeliveries(app: FastifyInstance, inventory: Inventory, sender: Forwarding): void {
  const { forwarding } = inventory;
  operation(
    app,
    {
      method: "POST",
      path: "/forwarders/:forwarder/test",
      id: "testForwarder",
      summary: "Sends a test now, and says what came of it",
      tag,
      params: Type.Object({ forwarder: Id }),
      answer: Type.Object({ problem: Type.Union([Type.String(), Type.Null()]) }),
    },
    async ({ params }) => ({ problem: await sender.test(params.forwarder) }),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/deliveries",
      id: "listDeliveries",
      summary: "What was sent, waits or failed",
      tag,
      query: DeliveryQuery,
      answer: DeliveryPage,
    },
    ({ query }) => forwarding.deliveries(query),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/deliveries/:delivery/retry",
      id: "retryDelivery",
      summary: "Sends a delivery again",
      tag,
      params: Type.Object({ delivery: Id }),
      answer: Delivery,
    },
    async ({ params, who }) => {
      const delivery = await forwarding.retry(params.delivery, who);
      sender.wake();
      return delivery;
    },
  );
}

function addRecords(app: FastifyInstance, { audit, preferences }: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/audit",
      id: "listAudit",
      summary: "Who changed what, the newest first",
      tag,
      query: AuditQuery,
      answer: AuditPage,
    },
    ({ query }) => audit.list(query),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/audit/:entry/undo",
      id: "undo",
      summary: "Undoes a change by a person",
      tag,
      params: Type.Object({ entry: Id }),
      answer: AuditRow,
    },
    ({ params, who }) => audit.undo(params.entry, who),
  );
  operation(
    app,
    {
      method: "GET",
      path: "/preferences",
      id: "getPreferences",
      summary: "What people may set while the server runs",
      tag,
      answer: Preferences,
    },
    () => preferences.get(),
  );
  operation(
    app,
    {
      method: "PUT",
      path: "/preferences",
      id: "putPreferences",
      summary: "Sets it",
      tag,
      body: Preferences,
      answer: Preferences,
    },
    ({ body, who }) => preferences.put(body, who),
  );
}

function addBackup(app: FastifyInstance, inventory: Inventory): void {
  operation(
    app,
    {
      method: "GET",
      path: "/backup",
      id: "getBackup",
      summary: "The whole store as one file, made while it is in use",
      tag,
      answer: Type.String(),
      answerType: "application/octet-stream",
      needs: "editor",
    },
    async ({ reply }) => {
      const folder = await mkdtemp(join(tmpdir(), "nta-backup-"));
      const path = join(folder, "inventory.db");
      const remove = (): void => {
        rm(folder, { recursive: true, force: true }).catch(() => undefined);
      };
      try {
        await inventory.backup(path);
        const { size } = await stat(path);
        void reply.headers({
          "content-type": "application/octet-stream",
          "content-length": size,
          "content-disposition": 'attachment; filename="inventory.db"',
        });
      } catch (error) {
        remove();
        throw error;
      }
      const stream = createReadStream(path);
      stream.once("close", remove);
      return await reply.send(stream);
    },
  );
}

const onePage = <Row>(items: Row[]) => ({ items, next: null, total: items.length });
