import type { Pool } from 'pg';
import type { GatewayStatusStore } from '../../core/ports';
import { inTransaction, rows } from './database';

type Reported = Parameters<GatewayStatusStore['report']>[1];
type Readiness = Awaited<ReturnType<GatewayStatusStore['readiness']>>;

/** What gateways have loaded, each report living for its TTL by the database's clock; and what they are asked to load. */
export class PostgresGatewayStatusStore implements GatewayStatusStore {
  constructor(private readonly pool: Pool) {}

  async report(
    gateway: string,
    versions: Reported,
    appliedGenerations: Readonly<Record<string, number>>,
    ttlMs: number,
  ): Promise<void> {
    await inTransaction(this.pool, `reporting gateway ${gateway}`, async (client) => {
      await client.query(
        `INSERT INTO ratchet.gateways (gateway, generations, reported_at, expires_at)
         VALUES ($1, $2, clock_timestamp(), clock_timestamp() + $3::float8 * interval '1 millisecond')
         ON CONFLICT (gateway) DO UPDATE SET generations = excluded.generations,
           reported_at = excluded.reported_at, expires_at = excluded.expires_at`,
        [gateway, JSON.stringify(appliedGenerations), ttlMs],
      );
      await client.query('DELETE FROM ratchet.gateway_versions WHERE gateway = $1', [gateway]);
      await client.query(
        `INSERT INTO ratchet.gateway_versions (gateway, model, version, state, error)
         SELECT $1, v.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS v ON CONFLICT DO NOTHING`,
        [
          gateway,
          versions.map((v) => v.model),
          versions.map((v) => v.version),
          versions.map((v) => v.state),
          versions.map((v) => v.error),
        ],
      );
      // Gateways that went away for good leave nothing behind.
      await client.query(`DELETE FROM ratchet.gateways WHERE expires_at < clock_timestamp() - interval '1 day'`);
    });
  }

  async readiness(model: string, version: string): Promise<Readiness> {
    const found = await rows<{
      gateway: string;
      state: 'ready' | 'failed' | null;
      error: string | null;
      generations: Readonly<Record<string, number>>;
    }>(
      this.pool,
      'reading gateway states',
      `SELECT g.gateway, v.state, v.error, g.generations FROM ratchet.gateways g
       LEFT JOIN ratchet.gateway_versions v ON v.gateway = g.gateway AND v.model = $1 AND v.version = $2
       WHERE g.expires_at > clock_timestamp() ORDER BY g.gateway`,
      [model, version],
    );
    return found.map(({ gateway, state, error, generations }) => ({
      gateway,
      state: state ?? 'absent',
      error,
      appliedGeneration: generations[model] ?? null,
    }));
  }

  async requestLoad(model: string, version: string): Promise<void> {
    await rows(
      this.pool,
      'asking for a version',
      'INSERT INTO ratchet.requested_loads (model, version) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [model, version],
    );
  }

  async requestedLoads(): Promise<readonly { readonly model: string; readonly version: string }[]> {
    return rows(
      this.pool,
      'reading requested versions',
      `SELECT l.model, l.version FROM ratchet.requested_loads l
       WHERE NOT EXISTS (SELECT FROM ratchet.routes r WHERE r.model = l.model
         AND l.version IN (r.champion, r.previous, r.canary_version, r.shadow_version))
       ORDER BY l.requested_at, l.model, l.version`,
    );
  }

  async cancelLoad(model: string, version: string): Promise<void> {
    await rows(
      this.pool,
      'taking back a requested version',
      'DELETE FROM ratchet.requested_loads WHERE model = $1 AND version = $2',
      [model, version],
    );
  }
}
