import { RatchetError } from '../../core/errors';
import type { DecisionDraft, Fence, Route, RouteChange, RouteSource, RouteStore } from '../../core/ports';
import { applyRouteChange, checkFence, checkLease } from '../../core/rollout/route-change';
import type { MemoryDatabase } from './database';
import { insertDecision } from './decisions';

/** The database's clock is the injected one. */
export class MemoryRouteStore implements RouteStore {
  constructor(private readonly db: MemoryDatabase) {}

  async getRoute(model: string): Promise<Route | null> {
    return readRoute(this.db, model);
  }

  async listRoutes(): Promise<readonly Route[]> {
    return [...this.db.routes.keys()].sort().flatMap((model) => readRoute(this.db, model) ?? []);
  }

  async changeRoute(
    model: string,
    change: RouteChange,
    fence: Fence | null,
    decision: DecisionDraft,
    expectGeneration?: number,
  ): Promise<Route> {
    const current = readRoute(this.db, model);
    if (this.db.decisions.some((d) => d.key === decision.key)) {
      if (current === null) throw new RatchetError('RATCHET_NO_CHAMPION', `model ${model} has no route`);
      return current;
    }
    checkFence(model, change.kind, fence, this.rolloutClaim(model));
    const there = current?.generation ?? 0;
    if (expectGeneration !== undefined && there !== expectGeneration) {
      throw new RatchetError(
        'RATCHET_ROUTE_CONFLICT',
        `route of ${model} is at generation ${there}, not ${expectGeneration}`,
        { details: { observed: there, expected: expectGeneration } },
      );
    }
    const state = applyRouteChange(model, current, change);
    const now = this.db.clock.now();
    const kept = this.db.routes.get(model);
    const until = (leaseMs: number | null | undefined, before: number | undefined): number =>
      leaseMs === null || leaseMs === undefined ? (before ?? now) : now + leaseMs;
    const generation = there + 1;
    this.db.routes.set(model, {
      state,
      generation,
      canaryUntil: until(state.canary?.leaseMs, kept?.canaryUntil),
      shadowUntil: until(state.shadow?.leaseMs, kept?.shadowUntil),
    });
    insertDecision(this.db, {
      ...decision,
      evidence: {
        ...decision.evidence,
        change,
        route: { generation, champion: state.champion, previous: state.previous },
      },
    });
    this.db.notifyRoute(model);
    const next = readRoute(this.db, model);
    if (next === null) throw new RatchetError('RATCHET_INTERNAL', `route of ${model} was not written`);
    return next;
  }

  async renewLease(
    model: string,
    what: 'canary' | 'shadow',
    run: string,
    leaseMs: number,
    fence: Fence,
  ): Promise<{ readonly renewed: boolean }> {
    checkLease(model, leaseMs);
    checkFence(model, 'setCanary', fence, this.rolloutClaim(model));
    const stored = this.db.routes.get(model);
    const now = this.db.clock.now();
    const until = what === 'canary' ? stored?.canaryUntil : stored?.shadowUntil;
    if (stored === undefined || until === undefined || stored.state[what]?.run !== run || until <= now) {
      return { renewed: false };
    }
    this.db.routes.set(model, { ...stored, [what === 'canary' ? 'canaryUntil' : 'shadowUntil']: now + leaseMs });
    this.db.notifyRoute(model);
    return { renewed: true };
  }

  private rolloutClaim(model: string): Fence | null {
    const held = this.db.claims.get(`${model}/rollout`);
    return held === undefined ? null : { holder: held.holder, token: held.token };
  }
}

/** Calls back at once, in the same turn as the change. */
export class MemoryRouteSource implements RouteSource {
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly db: MemoryDatabase) {}

  async start(onRoute: (route: Route) => void): Promise<void> {
    const push = (model: string): void => {
      const route = readRoute(this.db, model);
      if (route !== null) onRoute(route);
    };
    for (const model of this.db.routes.keys()) push(model);
    this.unsubscribe = this.db.onRouteChange(push);
  }

  async stop(): Promise<void> {
    this.unsubscribe();
  }
}

function readRoute(db: MemoryDatabase, model: string): Route | null {
  const stored = db.routes.get(model);
  if (stored === undefined) return null;
  const { state, generation, canaryUntil, shadowUntil } = stored;
  const now = db.clock.now();
  const { canary, shadow } = state;
  return {
    model,
    generation,
    champion: state.champion,
    previous: state.previous,
    salt: state.salt,
    canary:
      canary === null
        ? null
        : {
            version: canary.version,
            weight: canary.weight,
            run: canary.run,
            step: canary.step,
            leaseRemainingMs: canaryUntil - now,
          },
    shadow:
      shadow === null
        ? null
        : { version: shadow.version, share: shadow.share, run: shadow.run, leaseRemainingMs: shadowUntil - now },
  };
}
