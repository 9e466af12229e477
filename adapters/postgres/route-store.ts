import type { Pool, PoolClient } from 'pg';
import { RatchetError } from '../../core/errors';
import type { DecisionDraft, Fence, Route, RouteChange, RouteStore } from '../../core/ports';
import { applyRouteChange, checkFence, checkLease, type RouteState } from '../../core/rollout/route-change';
import { inTransaction, rows } from './database';
import { findDecision, insertDecision } from './decision-store';
import { ROUTE_CHANNEL, ROUTE_COLUMNS, toRoute, type RouteRow } from './route-row';

/** Routes in `ratchet.routes`: a change, its decision and the NOTIFY are one transaction. */
export class PostgresRouteStore implements RouteStore {
  constructor(private readonly pool: Pool) {}

  async getRoute(model: string): Promise<Route | null> {
    const [row] = await rows<RouteRow>(
      this.pool,
      'reading a route',
      `SELECT ${ROUTE_COLUMNS} FROM ratchet.routes WHERE model = $1`,
      [model],
    );
    return row === undefined ? null : toRoute(row);
  }

  async listRoutes(): Promise<readonly Route[]> {
    const found = await rows<RouteRow>(
      this.pool,
      'listing routes',
      `SELECT ${ROUTE_COLUMNS} FROM ratchet.routes ORDER BY model`,
    );
    return found.map((row) => toRoute(row));
  }

  async changeRoute(
    model: string,
    change: RouteChange,
    fence: Fence | null,
    decision: DecisionDraft,
    expectGeneration?: number,
  ): Promise<Route> {
    return inTransaction(this.pool, `changing the route of ${model} (${change.kind})`, async (client) => {
      // One writer a model at a time, also before the row exists.
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`ratchet.route:${model}`]);
      const current = await lockRoute(client, model);
      if ((await findDecision(client, decision.key)) !== null) {
        if (current === null) throw new RatchetError('RATCHET_NO_CHAMPION', `model ${model} has no route`);
        return current;
      }
      checkFence(model, change.kind, fence, await lockRolloutClaim(client, model));
      if (expectGeneration !== undefined && (current?.generation ?? 0) !== expectGeneration) {
        throw new RatchetError(
          'RATCHET_ROUTE_CONFLICT',
          `route of ${model} is at generation ${current?.generation ?? 0}, not ${expectGeneration}`,
          { details: { observed: current?.generation ?? 0, expected: expectGeneration } },
        );
      }
      const generation = (current?.generation ?? 0) + 1;
      const next = await writeRoute(client, applyRouteChange(model, current, change), generation);
      await insertDecision(client, {
        ...decision,
        evidence: {
          ...decision.evidence,
          change,
          route: { generation, champion: next.champion, previous: next.previous },
        },
      });
      await client.query('SELECT pg_notify($1, $2)', [ROUTE_CHANNEL, `${model} ${generation}`]);
      return next;
    });
  }

  /** Does not raise the generation. Rejects RATCHET_ROUTE_FENCED when `fence` is not the rollout claim that stands. */
  async renewLease(
    model: string,
    what: 'canary' | 'shadow',
    run: string,
    leaseMs: number,
    fence: Fence,
  ): Promise<{ readonly renewed: boolean }> {
    checkLease(model, leaseMs);
    const lease = what === 'canary' ? 'canary_lease_until' : 'shadow_lease_until';
    const holder = what === 'canary' ? 'canary_run' : 'shadow_run';
    const version = what === 'canary' ? 'canary_version' : 'shadow_version';
    return inTransaction(this.pool, `renewing the lease of ${run}`, async (client) => {
      checkFence(model, 'setCanary', fence, await lockRolloutClaim(client, model));
      const renewed = await rows<{ generation: number }>(
        client,
        'renewing a lease',
        // The deadline is judged and set by one clock, the database's; a row that waited for a lock is judged anew.
        `UPDATE ratchet.routes SET ${lease} = clock_timestamp() + $3 * interval '1 millisecond'
         WHERE model = $1 AND ${version} IS NOT NULL AND ${holder} = $2 AND ${lease} > clock_timestamp()
         RETURNING generation`,
        [model, run, leaseMs],
      );
      const [row] = renewed;
      if (row === undefined) return { renewed: false };
      await client.query('SELECT pg_notify($1, $2)', [ROUTE_CHANNEL, `${model} ${row.generation}`]);
      return { renewed: true };
    });
  }
}

async function lockRoute(client: PoolClient, model: string): Promise<Route | null> {
  const [row] = await rows<RouteRow>(
    client,
    'reading a route',
    `SELECT ${ROUTE_COLUMNS} FROM ratchet.routes WHERE model = $1 FOR UPDATE`,
    [model],
  );
  return row === undefined ? null : toRoute(row);
}

/** Shared lock: whoever steals the claim waits until this transaction ends, so a fenced write cannot slip in after it. */
async function lockRolloutClaim(client: PoolClient, model: string): Promise<Fence | null> {
  const [row] = await rows<{ holder: string; token: number }>(
    client,
    'reading a claim',
    `SELECT holder, token FROM ratchet.claims WHERE model = $1 AND kind = 'rollout' FOR SHARE`,
    [model],
  );
  return row ?? null;
}

async function writeRoute(client: PoolClient, next: RouteState, generation: number): Promise<Route> {
  const { canary, shadow } = next;
  const [row] = await rows<RouteRow>(
    client,
    'writing a route',
    `INSERT INTO ratchet.routes AS r (model, generation, champion, previous, salt,
       canary_version, canary_weight, canary_run, canary_step, canary_lease_until,
       shadow_version, shadow_share, shadow_run, shadow_lease_until)
     VALUES ($1, $2, $3, $4, $5,
       $6, $7, $8, $9, clock_timestamp() + $10::float8 * interval '1 millisecond',
       $11, $12, $13, clock_timestamp() + $14::float8 * interval '1 millisecond')
     ON CONFLICT (model) DO UPDATE SET generation = excluded.generation, champion = excluded.champion,
       previous = excluded.previous, salt = excluded.salt, updated_at = clock_timestamp(),
       canary_version = excluded.canary_version, canary_weight = excluded.canary_weight,
       canary_run = excluded.canary_run, canary_step = excluded.canary_step,
       canary_lease_until = CASE WHEN $15 THEN r.canary_lease_until ELSE excluded.canary_lease_until END,
       shadow_version = excluded.shadow_version, shadow_share = excluded.shadow_share, shadow_run = excluded.shadow_run,
       shadow_lease_until = CASE WHEN $16 THEN r.shadow_lease_until ELSE excluded.shadow_lease_until END
     RETURNING ${ROUTE_COLUMNS}`,
    [
      next.model,
      generation,
      next.champion,
      next.previous,
      next.salt,
      canary?.version ?? null,
      canary?.weight ?? null,
      canary?.run ?? null,
      canary?.step ?? null,
      // A placeholder when the deadline is kept: the row's CHECK looks at the proposed row first.
      canary === null ? null : (canary.leaseMs ?? 0),
      shadow?.version ?? null,
      shadow?.share ?? null,
      shadow?.run ?? null,
      shadow === null ? null : (shadow.leaseMs ?? 0),
      canary !== null && canary.leaseMs === null,
      shadow !== null && shadow.leaseMs === null,
    ],
  );
  if (row === undefined) throw new RatchetError('RATCHET_INTERNAL', `route of ${next.model} was not written`);
  return toRoute(row);
}
