import type { ModelName } from '../../core/model';
import type { Logger, Route, RouteCanary, RouteShadow } from '../../core/ports';

/** A route and when its leases end, on this process's monotonic clock (ms). */
export interface LiveRoute {
  readonly route: Route;
  readonly canaryEndsAt: number;
  readonly shadowEndsAt: number;
  /** From the local disk, not yet confirmed by PostgreSQL: its leases count as ended. */
  readonly cold: boolean;
}

export interface RouteTableEvents {
  /** A route with a new generation, or a lease that ended or was renewed after it ended. */
  onChange(model: ModelName): void;
  onLeaseEnd(model: ModelName, arm: 'canary' | 'shadow', run: string): void;
}

type Leased = 'canary' | 'shadow';

/**
 * The routes in force. A lease is counted down from the moment the route was read, on the monotonic clock, so neither a
 * stepped wall clock nor a dead PostgreSQL can prolong it (I3). Each look compares the clock; the timers only announce.
 */
export class RouteTable {
  private readonly live = new Map<ModelName, LiveRoute>();
  private readonly announced = new Set<string>();
  private readonly timers = new Map<ModelName, NodeJS.Timeout>();

  constructor(
    private readonly monotonicMs: () => number,
    private readonly logger: Logger,
    private readonly events: RouteTableEvents,
  ) {}

  /** Takes a route that was just read. An older generation than the one in force is ignored. */
  apply(route: Route): void {
    const known = this.live.get(route.model);
    if (known !== undefined && !known.cold && route.generation < known.route.generation) return;
    const now = this.monotonicMs();
    this.live.set(route.model, {
      route,
      canaryEndsAt: now + Math.max(0, route.canary?.leaseRemainingMs ?? 0),
      shadowEndsAt: now + Math.max(0, route.shadow?.leaseRemainingMs ?? 0),
      cold: false,
    });
    const changed = known === undefined || known.cold || known.route.generation !== route.generation;
    if (changed) this.logger.info('route applied', describe(route));
    this.checkLeases(route.model);
    if (changed) this.events.onChange(route.model);
  }

  /** Takes a route from the local disk: the champion alone, because nobody can say how long its leases still run. */
  applyCold(route: Route): void {
    if (this.live.has(route.model)) return;
    this.live.set(route.model, { route, canaryEndsAt: -Infinity, shadowEndsAt: -Infinity, cold: true });
    this.logger.warn('route taken from the local disk until PostgreSQL answers', describe(route));
    this.events.onChange(route.model);
  }

  get(model: ModelName): LiveRoute | undefined {
    return this.live.get(model);
  }

  all(): readonly LiveRoute[] {
    return [...this.live.values()];
  }

  /** The canary, while its lease runs and it has weight. */
  canaryOf(live: LiveRoute): RouteCanary | null {
    const { canary } = live.route;
    if (canary === null || canary.weight <= 0) return null;
    return this.remainingMs(live, 'canary') > 0 ? canary : null;
  }

  /** The shadow, while its lease runs and it has a share. */
  shadowOf(live: LiveRoute): RouteShadow | null {
    const { shadow } = live.route;
    if (shadow === null || shadow.share <= 0) return null;
    return this.remainingMs(live, 'shadow') > 0 ? shadow : null;
  }

  /** Milliseconds left, 0 when the lease has ended. Announces the end at the first look after it. */
  remainingMs(live: LiveRoute, arm: Leased): number {
    const left = (arm === 'canary' ? live.canaryEndsAt : live.shadowEndsAt) - this.monotonicMs();
    if (left <= 0) this.announceEnd(live, arm);
    return Math.max(0, left);
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private checkLeases(model: ModelName): void {
    const live = this.live.get(model);
    if (live === undefined) return;
    clearTimeout(this.timers.get(model));
    const left: number[] = [];
    for (const arm of ['canary', 'shadow'] as const) {
      if (live.route[arm] === null) continue;
      const remaining = this.remainingMs(live, arm);
      if (remaining > 0) {
        this.announced.delete(announcement(live, arm));
        left.push(remaining);
      }
    }
    if (left.length === 0) return;
    const timer = setTimeout(() => this.checkLeases(model), Math.min(Math.min(...left) + 1, 2 ** 31 - 1));
    timer.unref();
    this.timers.set(model, timer);
  }

  private announceEnd(live: LiveRoute, arm: Leased): void {
    const leased = live.route[arm];
    if (leased === null || live.cold) return;
    const key = announcement(live, arm);
    if (this.announced.has(key)) return;
    this.announced.add(key);
    this.logger.warn(`${arm} lease ended: the champion serves alone`, {
      model: live.route.model,
      champion: live.route.champion,
      [arm]: leased.version,
      run: leased.run,
      generation: live.route.generation,
    });
    this.events.onLeaseEnd(live.route.model, arm, leased.run);
  }
}

const announcement = (live: LiveRoute, arm: Leased): string =>
  `${live.route.model} ${arm} ${live.route[arm]?.run ?? ''}`;

function describe(route: Route): Record<string, unknown> {
  return {
    model: route.model,
    generation: route.generation,
    champion: route.champion,
    previous: route.previous,
    canary: route.canary === null ? null : `${route.canary.version} at ${route.canary.weight} bp`,
    shadow: route.shadow === null ? null : `${route.shadow.version} at ${route.shadow.share} bp`,
  };
}
