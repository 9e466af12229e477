import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { canonicalJson } from '../../core/canonical-json';
import type { ReferenceProfile } from '../../core/drift/profile';
import type { ProfileStore } from '../../core/ports';
import { inTransaction, rows } from './database';

/** Frozen profiles: a row is never changed. The digest is the SHA-256 of the profile's canonical JSON. */
export class PostgresProfileStore implements ProfileStore {
  constructor(private readonly pool: Pool) {}

  async saveProfile(
    model: string,
    version: string,
    profile: ReferenceProfile,
    histograms: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<{ readonly digest: string }> {
    const digest = createHash('sha256').update(canonicalJson(profile)).digest('hex');
    const named = Object.entries(histograms);
    await inTransaction(this.pool, `saving a profile of ${model}/${version}`, async (client) => {
      await client.query(
        `INSERT INTO ratchet.reference_profiles (digest, model, version, profile) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [digest, model, version, JSON.stringify(profile)],
      );
      if (named.length === 0) return;
      await client.query(
        `INSERT INTO ratchet.reference_histograms (digest, feature, histogram)
         SELECT $1, feature, histogram FROM unnest($2::text[], $3::bytea[]) AS h (feature, histogram) ORDER BY feature
         ON CONFLICT DO NOTHING`,
        [digest, named.map(([feature]) => feature), named.map(([, bytes]) => Buffer.from(bytes))],
      );
    });
    return { digest };
  }

  async getProfile(
    model: string,
    version: string,
  ): Promise<{ readonly digest: string; readonly profile: ReferenceProfile; readonly savedAt: number } | null> {
    const [found] = await rows<{ digest: string; profile: ReferenceProfile; saved_at: number }>(
      this.pool,
      `reading the profile of ${model}/${version}`,
      `SELECT digest, profile, saved_at FROM ratchet.reference_profiles
       WHERE model = $1 AND version = $2 ORDER BY saved_at DESC LIMIT 1`,
      [model, version],
    );
    return found === undefined ? null : { digest: found.digest, profile: found.profile, savedAt: found.saved_at };
  }

  async getHistograms(digest: string): Promise<Readonly<Record<string, Uint8Array>>> {
    const found = await rows<{ feature: string; histogram: Buffer }>(
      this.pool,
      'reading histograms',
      'SELECT feature, histogram FROM ratchet.reference_histograms WHERE digest = $1 ORDER BY feature',
      [digest],
    );
    return Object.fromEntries(found.map(({ feature, histogram }) => [feature, new Uint8Array(histogram)]));
  }
}
