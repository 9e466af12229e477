import type { Pool } from 'pg';
import {
  MemoryClaimStore,
  MemoryDatabase,
  MemoryDecisionStore,
  MemoryEvaluationStore,
  MemoryGatewayStatusStore,
  MemoryIncidentStore,
  MemoryLabelStore,
  MemoryModelStore,
  MemoryPredictionReader,
  MemoryPredictionSink,
  MemoryRouteSource,
  MemoryRouteStore,
  MemoryWindowStatistics,
  MemoryTriggerInbox,
  MemoryProfileStore,
} from '../../adapters/memory';
import {
  createPool,
  migrate,
  PostgresClaimStore,
  PostgresDecisionStore,
  PostgresEvaluationStore,
  PostgresGatewayStatusStore,
  PostgresIncidentStore,
  PostgresLabelStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresPredictionSink,
  PostgresRouteSource,
  PostgresRouteStore,
  PostgresWindowStatistics,
  PostgresTriggerInbox,
  PostgresProfileStore,
} from '../../adapters/postgres';
import type * as ports from '../../core/ports';
import { createTestDatabase } from '../setup/database';

/** One database's stores, and what a test needs beside them. */
export interface Stores {
  readonly models: ports.ModelStore;
  readonly routes: ports.RouteStore;
  readonly source: ports.RouteSource;
  readonly claims: ports.ClaimStore;
  readonly decisions: ports.DecisionStore;
  readonly incidents: ports.IncidentStore;
  readonly sink: ports.PredictionSink;
  readonly reader: ports.PredictionReader;
  readonly labels: ports.LabelStore;
  readonly evaluations: ports.EvaluationStore;
  readonly profiles: ports.ProfileStore;
  readonly triggers: ports.TriggerInbox;
  readonly statistics: ports.WindowStatistics;
  readonly gateways: ports.GatewayStatusStore;
  /** The store's own time: what leases and TTLs run on. */
  now(): number;
  /** Lets leases and reports grow older. */
  passTime(ms: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenStores = () => Promise<Stores>;

/** Runs one suite over the fake and over the real thing. Each file has a database of its own. */
export function overBothStores(port: string, suite: (name: string, open: OpenStores) => void): void {
  suite(`${port} in memory`, openMemory);
  suite(`${port} in PostgreSQL`, openPostgres);
}

export async function openMemory(): Promise<Stores> {
  let now = Date.UTC(2026, 0, 1);
  const db = new MemoryDatabase({ now: () => now });
  return {
    models: new MemoryModelStore(db),
    routes: new MemoryRouteStore(db),
    source: new MemoryRouteSource(db),
    claims: new MemoryClaimStore(db),
    decisions: new MemoryDecisionStore(db),
    incidents: new MemoryIncidentStore(db),
    sink: new MemoryPredictionSink(db),
    reader: new MemoryPredictionReader(db),
    labels: new MemoryLabelStore(db),
    evaluations: new MemoryEvaluationStore(db),
    profiles: new MemoryProfileStore(db),
    triggers: new MemoryTriggerInbox(db),
    statistics: new MemoryWindowStatistics(db),
    gateways: new MemoryGatewayStatusStore(db),
    now: () => now,
    passTime: async (ms) => {
      now += ms;
    },
    close: async () => undefined,
  };
}

export async function openPostgres(): Promise<Stores> {
  const { pool, close } = await openMigratedDatabase();
  return {
    models: new PostgresModelStore(pool),
    routes: new PostgresRouteStore(pool),
    source: new PostgresRouteSource(pool, { pollMs: 60_000 }),
    claims: new PostgresClaimStore(pool),
    decisions: new PostgresDecisionStore(pool),
    incidents: new PostgresIncidentStore(pool),
    sink: new PostgresPredictionSink(pool),
    reader: new PostgresPredictionReader(pool),
    labels: new PostgresLabelStore(pool),
    evaluations: new PostgresEvaluationStore(pool),
    profiles: new PostgresProfileStore(pool),
    triggers: new PostgresTriggerInbox(pool),
    statistics: new PostgresWindowStatistics(pool),
    gateways: new PostgresGatewayStatusStore(pool),
    now: () => Date.now(),
    // The database's clock cannot be moved, so what it is compared with is.
    passTime: async (ms) => {
      const back = `- $1::float8 * interval '1 millisecond'`;
      await pool.query(
        `UPDATE ratchet.routes SET canary_lease_until = canary_lease_until ${back}, shadow_lease_until = shadow_lease_until ${back}`,
        [ms],
      );
      await pool.query(`UPDATE ratchet.labels SET received_at = received_at ${back}`, [ms]);
      await pool.query(`UPDATE ratchet.evaluations SET at = at ${back}`, [ms]);
      await pool.query(`UPDATE ratchet.gateways SET expires_at = expires_at ${back}`, [ms]);
    },
    close,
  };
}

/** A migrated database of its own; `close` removes it. */
export async function openMigratedDatabase(): Promise<{
  readonly pool: Pool;
  readonly url: string;
  close(): Promise<void>;
}> {
  const database = await createTestDatabase();
  const pool = createPool(database.url, { applicationName: 'ratchet-test' });
  await migrate(pool);
  return {
    pool,
    url: database.url,
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}
