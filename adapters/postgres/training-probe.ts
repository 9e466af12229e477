import type { Pool } from 'pg';
import { isRatchetError, RatchetError } from '../../core/errors';
import type { EpochMs } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { TrainingProbe } from '../../core/ports';
import { inTransaction, timestamp } from './database';
import { postgresError } from './errors';
import { bindNamedParameters } from './named-parameters';

export interface TrainingProbeOptions {
  /** Where the policy's query runs, as for the training source. */
  readonly warehouse: Pool;
  /** Longest time of the count, milliseconds. Default 1 minute. */
  readonly statementTimeoutMs?: number;
}

/** Counts what the training query would return: one aggregate in a READ ONLY transaction, no row leaves the server. */
export class PostgresTrainingProbe implements TrainingProbe {
  constructor(private readonly options: TrainingProbeOptions) {}

  async countRows(
    policy: Policy,
    from: EpochMs,
    to: EpochMs,
    asOf: EpochMs,
  ): Promise<{ readonly rows: number; readonly newest: EpochMs | null }> {
    const column = `"${policy.data.timeColumn.replaceAll('"', '""')}"`;
    const query = bindNamedParameters(policy.data.query).replace(/;\s*$/, '');
    const text = `SELECT count(*) AS rows, extract(epoch FROM max(q.${column})::timestamptz) * 1000 AS newest FROM (${query}\n) AS q`;
    return inTransaction(
      this.options.warehouse,
      'counting the training query',
      async (client) => {
        await client.query(`SET LOCAL statement_timeout = ${this.options.statementTimeoutMs ?? 60_000}`);
        await client.query(`SET LOCAL TIME ZONE 'UTC'`);
        const answer = await client
          .query<{ rows: string; newest: string | null }>(text, [from, to, asOf].map(timestamp))
          .catch(refuse);
        const { rows = '0', newest = null } = answer.rows[0] ?? {};
        return { rows: Number(rows), newest: newest === null ? null : Math.round(Number(newest)) };
      },
      'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
    );
  }
}

/** What the server says against the user's own SQL is the query's fault, except that the server is away. */
function refuse(error: unknown): never {
  if (isRatchetError(error)) throw error;
  const mapped = postgresError(error, 'counting the training query');
  const state = (error as { code?: unknown }).code;
  if (mapped.code === 'RATCHET_POSTGRES_UNAVAILABLE' && state !== '57014' && state !== '25006') throw mapped;
  throw new RatchetError('RATCHET_QUERY_INVALID', `the training query fails: ${(error as Error).message}`, {
    cause: error,
    details: { sqlState: state ?? null },
  });
}
