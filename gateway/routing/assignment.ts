import type { ModelName, ModelVersion } from '../../core/model';
import type { RouteCanary, RouteShadow } from '../../core/ports';
import { isCandidate } from '../../core/rollout/assign';
import type { ModelSlot } from '../models/model-slot';
import type { VersionPool } from '../models/version-pool';
import type { LiveRoute, RouteTable } from './route-table';

export interface ServedVersion<T> {
  readonly version: ModelVersion;
  readonly slot: ModelSlot;
  /** The part of the route that it serves for. */
  readonly as: T;
}

/** What serves a model at this moment. */
export interface Serving {
  readonly live: LiveRoute;
  readonly champion: { readonly version: ModelVersion; readonly slot: ModelSlot };
  readonly canary: ServedVersion<RouteCanary> | null;
  readonly shadow: ServedVersion<RouteShadow> | null;
}

/** Asked before each request; a breaker in the process (later work) answers here, beside the lease. */
export type CanaryGuard = (model: ModelName, canary: RouteCanary) => boolean;

/**
 * Turns routes and loaded versions into who serves. A canary or shadow that is not loaded, or whose contract is not the
 * champion's, gets nothing. While a new champion loads, the version that served last goes on: a swap drops no request.
 */
export class Assignment {
  private readonly lastChampion = new Map<ModelName, ModelVersion>();

  constructor(
    private readonly table: RouteTable,
    private readonly pool: VersionPool,
    private readonly guard: CanaryGuard = () => true,
  ) {}

  /** undefined: no route. null: a route, but nothing that can serve it is loaded. */
  serving(model: ModelName): Serving | null | undefined {
    const live = this.table.get(model);
    if (live === undefined) return undefined;
    const champion = this.champion(live);
    if (champion === null) return null;
    const canary = this.table.canaryOf(live);
    const shadow = this.table.shadowOf(live);
    return {
      live,
      champion,
      canary: canary !== null && this.guard(model, canary) ? this.loaded(model, champion, canary) : null,
      shadow: shadow === null ? null : this.loaded(model, champion, shadow),
    };
  }

  /** Versions that must be loaded for the routes, and the one that stands in for a champion that is not ready. */
  *wanted(): Iterable<readonly [ModelName, ModelVersion]> {
    for (const { route } of this.table.all()) {
      yield [route.model, route.champion];
      if (route.previous !== null) yield [route.model, route.previous];
      if (route.canary !== null) yield [route.model, route.canary.version];
      if (route.shadow !== null) yield [route.model, route.shadow.version];
      const last = this.lastChampion.get(route.model);
      if (last !== undefined && this.pool.slot(route.model, route.champion) === null) yield [route.model, last];
    }
  }

  private champion({ route }: LiveRoute): Serving['champion'] | null {
    const last = this.lastChampion.get(route.model);
    for (const version of [route.champion, last, route.previous]) {
      const slot = version == null ? null : this.pool.slot(route.model, version);
      if (version == null || slot === null) continue;
      if (version === route.champion) this.lastChampion.set(route.model, version);
      return { version, slot };
    }
    return null;
  }

  private loaded<T extends { readonly version: ModelVersion }>(
    model: ModelName,
    champion: Serving['champion'],
    as: T,
  ): ServedVersion<T> | null {
    const slot = this.pool.slot(model, as.version);
    return slot === null || !takesSameRows(slot, champion.slot) ? null : { version: as.version, slot, as };
  }
}

/** Sticky by key and monotone in the weight. */
export const isCanary = isCandidate;

/** By prediction id, so that the copies are a share of the requests, not of the keys; independent of the canary's split. */
export const isShadowed = (salt: string, predictionId: string, share: number): boolean =>
  isCandidate(`${salt}/shadow`, predictionId, share);

/** The same features in the same order, in any layout, and the same classes: the prediction log's columns depend on it. */
export function takesSameRows(a: ModelSlot, b: ModelSlot): boolean {
  const describe = ({ contract }: ModelSlot): string =>
    JSON.stringify([contract.task, contract.classes, contract.features.map((f) => [f.kind, f.name])]);
  return a === b || describe(a) === describe(b);
}
