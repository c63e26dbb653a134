/** What sensors sent over NATS and no server merged, for people to decide on. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Inventory } from "../../inventory/inventory.ts";
import { DeadLetter, DeadLetterPage, Id, PageQuery } from "../contract.ts";
import type { DeadLetters } from "../jetstream/deadletters.ts";
import { operation } from "../operation.ts";
import { notFound, Refusal } from "../problem.ts";

const tag = "sensors";
const params = Type.Object({ letter: Id });

export function addDeadLetterRoutes(
  app: FastifyInstance,
  { audit }: Inventory,
  aside: { readonly letters: DeadLetters | null },
): void {
  const decide = async (
    what: "send again" | "discard",
    id: string,
    who: string,
  ): Promise<DeadLetter> => {
    const { letters } = aside;
    if (letters === null) throw notFound("dead letter");
    const letter = await asked(() =>
      what === "discard" ? letters.discard(id) : letters.sendAgain(id),
    );
    const name = what === "discard" ? "dead-letter.discard" : "dead-letter.send-again";
    await audit.note(name, `delta ${letter.name ?? letter.id}: ${letter.reason}`, who);
    return letter;
  };
  operation(
    app,
    {
      method: "GET",
      path: "/dead-letters",
      id: "listDeadLetters",
      summary: "Deltas that came over NATS and no server merged, the oldest first",
      tag,
      query: PageQuery,
      answer: DeadLetterPage,
    },
    async ({ query: { cursor = null, limit = 100 } }) => {
      const { letters } = aside;
      if (letters === null) return { items: [], next: null, total: 0 };
      return await asked(() => letters.list(cursor, limit));
    },
  );
  operation(
    app,
    {
      method: "POST",
      path: "/dead-letters/:letter/send-again",
      id: "sendDeadLetterAgain",
      summary: "Sends it to the servers again",
      tag,
      params,
      answer: DeadLetter,
    },
    ({ params: { letter }, who }) => decide("send again", letter, who),
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/dead-letters/:letter",
      id: "discardDeadLetter",
      summary: "Forgets it; what it would have taught is lost",
      tag,
      params,
      answer: DeadLetter,
    },
    ({ params: { letter }, who }) => decide("discard", letter, who),
  );
}

async function asked<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(503, `the brokers do not answer: ${(error as Error).message}`, {
      headers: { "retry-after": "5" },
    });
  }
}
