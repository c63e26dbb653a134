/** `pg` as kysely's PostgreSQL dialect wants it, where a lost connection can be told from what the server says of a statement. */
import { type Dialect, PostgresDialect, type PostgresPoolClient } from "kysely";
import { inventoryLimits } from "../base/limits.ts";

const INT8 = 20;
const NUMERIC = 1700;

export async function postgresDialect(url: string): Promise<Dialect> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: inventoryLimits.connectionsMax,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary") =>
        oid === INT8 || oid === NUMERIC
          ? Number
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  // A connection that breaks while it is idle is replaced when it is asked for; one that breaks between two queries of a
  // transaction says so at the next.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  /** What the driver itself says is always of the connection, in words of its own and often without a code. */
  const named = (error: unknown): never => {
    if (error instanceof pg.DatabaseError) throw error;
    throw new ConnectionLost((error as Error).message, { cause: error });
  };
  const connect = async (): Promise<PostgresPoolClient> => {
    const client = await pool.connect().catch(named);
    return {
      query: ((text: string, parameters: unknown[]) =>
        client.query(text, parameters).catch(named)) as unknown as PostgresPoolClient["query"],
      release: (isBroken) => client.release(isBroken),
    };
  };
  return new PostgresDialect({ pool: { connect, end: () => pool.end(), options: pool.options } });
}

/** A server that is away, or a connection that broke: what was asked may be asked again. */
export class ConnectionLost extends Error {}

/**
 * Whether a SQLSTATE says nothing of what was asked: connection, serialization, resources, objects not in the state that is needed,
 * an operator's intervention, the system, and the server itself (classes 08, 40, 53, 55, 57, 58, XX), and a table or a
 * plan that was another when the statement was made ready (42P01, 0A000), as when a partition is dropped.
 */
export const isPassing = (code: unknown): boolean =>
  typeof code === "string" && /^(?:(?:08|40|53|55|57|58|XX)...|42P01|0A000)$/.test(code);
