import { canonicalJson } from '../../core/canonical-json';
import type { ReferenceProfile } from '../../core/drift/profile';
import type { ProfileStore } from '../../core/ports';
import { createHash } from 'node:crypto';
import type { MemoryDatabase } from './database';

export class MemoryProfileStore implements ProfileStore {
  constructor(private readonly db: MemoryDatabase) {}

  async saveProfile(
    model: string,
    version: string,
    profile: ReferenceProfile,
    histograms: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<{ readonly digest: string }> {
    const digest = createHash('sha256').update(canonicalJson(profile)).digest('hex');
    const { profiles } = this.db;
    if (!profiles.some((p) => p.model === model && p.version === version && p.digest === digest)) {
      profiles.push({ model, version, digest, profile: structuredClone(profile), savedAt: this.db.clock.now() });
    }
    this.db.histograms.set(digest, { ...structuredClone(histograms), ...this.db.histograms.get(digest) });
    return { digest };
  }

  async getProfile(
    model: string,
    version: string,
  ): Promise<{ readonly digest: string; readonly profile: ReferenceProfile; readonly savedAt: number } | null> {
    const newest = this.db.profiles.filter((p) => p.model === model && p.version === version).at(-1);
    if (newest === undefined) return null;
    return structuredClone({ digest: newest.digest, profile: newest.profile, savedAt: newest.savedAt });
  }

  async getHistograms(digest: string): Promise<Readonly<Record<string, Uint8Array>>> {
    return structuredClone(this.db.histograms.get(digest) ?? {});
  }
}
