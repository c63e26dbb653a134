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
 * Whether a SQLSTATE says nothing of what was asked: all but those of what the values are (21, 22, 23), of what is too much (54)
 * and of how a statement is written (42). Of the last a table that is another now, as when a partition is dropped (42P01), and a
 * right that is missing (42501) are no fault of the statement. So a server that became a standby (25006), forgot what was made
 * ready (26000) or changed its password (28P01) loses nothing.
 */
export const isPassing = (code: unknown): boolean =>
  typeof code === "string" &&
  /^[0-9A-Z]{5}$/.test(code) &&
  (!/^(?:21|22|23|42|54)/.test(code) || code === "42P01" || code === "42501");
