import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { isRatchetError } from '../../core/errors';
import { postgresError } from './errors';

/** What both a pool and a client in a transaction can do. */
export type Queryable = Pick<PoolClient, 'query'>;

/** Runs one statement; faults arrive as RatchetError. */
export async function rows<R extends QueryResultRow>(
  on: Queryable | Pool,
  doing: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  try {
    return (await on.query<R>(text, [...values])).rows;
  } catch (error) {
    throw postgresError(error, doing);
  }
}

/** Runs `work` in one transaction: all of it or nothing. A connection whose rollback fails is thrown away. */
export async function inTransaction<T>(
  pool: Pool,
  doing: string,
  work: (client: PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await connect(pool, doing);
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    try {
      await client.query('ROLLBACK');
    } catch (rollbackError) {
      broken = rollbackError as Error;
    }
    throw isRatchetError(error) ? error : postgresError(error, doing);
  } finally {
    client.release(broken);
  }
}

export async function connect(pool: Pool, doing: string): Promise<PoolClient> {
  try {
    const client = await pool.connect();
    return client;
  } catch (error) {
    throw postgresError(error, doing);
  }
}

/** For a timestamptz parameter: exact to the microsecond, independent of any time zone. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
