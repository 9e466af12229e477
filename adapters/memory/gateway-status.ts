import type { GatewayStatusStore } from '../../core/ports';
import type { MemoryDatabase } from './database';

type Reported = Parameters<GatewayStatusStore['report']>[1];
type Readiness = Awaited<ReturnType<GatewayStatusStore['readiness']>>;

export class MemoryGatewayStatusStore implements GatewayStatusStore {
  constructor(private readonly db: MemoryDatabase) {}

  async report(
    gateway: string,
    versions: Reported,
    appliedGenerations: Readonly<Record<string, number>>,
    ttlMs: number,
  ): Promise<void> {
    this.db.gateways.set(gateway, {
      versions: new Map(versions.map(({ model, version, state, error }) => [`${model}/${version}`, { state, error }])),
      generations: { ...appliedGenerations },
      expiresAt: this.db.clock.now() + ttlMs,
    });
  }

  async readiness(model: string, version: string): Promise<Readiness> {
    const now = this.db.clock.now();
    return [...this.db.gateways.entries()]
      .filter(([, g]) => g.expiresAt > now)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([gateway, g]) => {
        const loaded = g.versions.get(`${model}/${version}`);
        return {
          gateway,
          state: loaded?.state ?? 'absent',
          error: loaded?.error ?? null,
          appliedGeneration: g.generations[model] ?? null,
        };
      });
  }

  async requestLoad(model: string, version: string): Promise<void> {
    if (!this.db.requestedLoads.has(`${model}/${version}`)) {
      this.db.requestedLoads.set(`${model}/${version}`, { model, version });
    }
  }

  async requestedLoads(): Promise<readonly { readonly model: string; readonly version: string }[]> {
    return [...this.db.requestedLoads.values()].filter(({ model, version }) => {
      const state = this.db.routes.get(model)?.state;
      const routed = [state?.champion, state?.previous, state?.canary?.version, state?.shadow?.version];
      return !routed.includes(version);
    });
  }

  async cancelLoad(model: string, version: string): Promise<void> {
    this.db.requestedLoads.delete(`${model}/${version}`);
  }
}
