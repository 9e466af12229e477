import type { ModelName, ModelVersion } from '../core/model';
import type { PredictionLogStats } from './log/segment-prediction-log';
import type { VersionPool, VersionState } from './models/version-pool';
import type { Assignment } from './routing/assignment';
import type { LiveRoute, RouteTable } from './routing/route-table';

export interface GatewayStatus {
  readonly gateway: string;
  readonly ready: boolean;
  /** false: PostgreSQL has not been read since the start; the routes are the local disk's. */
  readonly routesRead: boolean;
  readonly models: readonly ModelStatus[];
  readonly versions: readonly VersionState[];
  readonly log: Readonly<Record<ModelName, PredictionLogStats>>;
  readonly shadow: { readonly waiting: number; readonly dropped: number };
}

export interface ModelStatus {
  readonly model: ModelName;
  readonly generation: number;
  /** From the local disk, not confirmed by PostgreSQL. */
  readonly cold: boolean;
  readonly champion: ModelVersion;
  /** The version that answers as champion; null: none is loaded. Another than `champion` while that one loads. */
  readonly serving: ModelVersion | null;
  readonly previous: ModelVersion | null;
  readonly canary: LeasedStatus | null;
  readonly shadow: LeasedStatus | null;
}

export interface LeasedStatus {
  readonly version: ModelVersion;
  /** Weight or share of the route, basis points. */
  readonly share: number;
  readonly run: string;
  /** `leaseEnded`: the champion serves alone. `notLoaded`: so it does, on this gateway. */
  readonly state: 'serving' | 'leaseEnded' | 'notLoaded' | 'idle';
  readonly leaseRemainingMs: number;
}

export interface StatusSources {
  readonly name: string;
  readonly table: RouteTable;
  readonly pool: VersionPool;
  readonly assignment: Assignment;
  readonly logs: readonly (readonly [ModelName, PredictionLogStats])[];
  readonly shadow: GatewayStatus['shadow'];
  readonly routesRead: boolean;
  readonly ready: boolean;
}

export function describeStatus(sources: StatusSources): GatewayStatus {
  return {
    gateway: sources.name,
    ready: sources.ready,
    routesRead: sources.routesRead,
    models: sources.table.all().map((live) => describeModel(sources, live)),
    versions: sources.pool.states(),
    log: Object.fromEntries(sources.logs),
    shadow: sources.shadow,
  };
}

function describeModel(sources: StatusSources, live: LiveRoute): ModelStatus {
  const { route } = live;
  const serving = sources.assignment.serving(route.model) ?? null;
  const leased = (arm: 'canary' | 'shadow', share: number): LeasedStatus | null => {
    const part = route[arm];
    if (part === null) return null;
    const left = Math.round(sources.table.remainingMs(live, arm));
    const active = serving?.[arm] != null;
    const state = left <= 0 ? 'leaseEnded' : active ? 'serving' : share === 0 ? 'idle' : 'notLoaded';
    return { version: part.version, share, run: part.run, state, leaseRemainingMs: left };
  };
  return {
    model: route.model,
    generation: route.generation,
    cold: live.cold,
    champion: route.champion,
    serving: serving?.champion.version ?? null,
    previous: route.previous,
    canary: leased('canary', route.canary?.weight ?? 0),
    shadow: leased('shadow', route.shadow?.share ?? 0),
  };
}
