import type { ReferenceProfile } from '../../core/drift/profile';
import type { VersionRecord } from '../../core/model';
import type {
  ClaimKind,
  Clock,
  DecisionRecord,
  EvaluationRecord,
  Fence,
  InboxTrigger,
  Incident,
  ModelRecord,
  PredictionRecord,
} from '../../core/ports';
import type { RouteState } from '../../core/rollout/route-change';

/** A stored route: like the row in PostgreSQL, with deadlines instead of remaining times. */
export interface StoredRoute {
  readonly state: RouteState;
  readonly generation: number;
  readonly canaryUntil: number;
  readonly shadowUntil: number;
}

export interface StoredClaim extends Fence {
  readonly kind: ClaimKind;
  readonly since: number;
}

export interface StoredLabel {
  readonly value: string;
  readonly observedAt: number;
  readonly seq: number;
  /** Real time; a correction moves it. */
  readonly receivedAt: number;
}

export interface StoredProfile {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly profile: ReferenceProfile;
  readonly savedAt: number;
}

export interface StoredTrigger extends InboxTrigger {
  readonly receivedAt: number;
  readonly takenBy: string | null;
}

export interface StoredGateway {
  readonly versions: ReadonlyMap<string, { readonly state: 'ready' | 'failed'; readonly error: string | null }>;
  readonly generations: Readonly<Record<string, number>>;
  readonly expiresAt: number;
}

/** What the in-memory stores share, as the real ones share a database. Time is the injected clock's alone. */
export class MemoryDatabase {
  readonly models = new Map<string, ModelRecord & { readonly revision: number }>();
  /** By `<model>/<version>`. */
  readonly versions = new Map<string, VersionRecord>();
  readonly routes = new Map<string, StoredRoute>();
  /** By `<model>/<kind>`. */
  readonly claims = new Map<string, StoredClaim>();
  readonly decisions: DecisionRecord[] = [];
  readonly incidents: Incident[] = [];
  readonly predictions: PredictionRecord[] = [];
  /** By `<model>/<prediction id>`. */
  readonly labels = new Map<string, StoredLabel>();
  readonly labelHistory: (StoredLabel & { readonly model: string; readonly predictionId: string })[] = [];
  readonly evaluations: EvaluationRecord[] = [];
  readonly profiles: StoredProfile[] = [];
  /** By digest, then feature. */
  readonly histograms = new Map<string, Readonly<Record<string, Uint8Array>>>();
  /** Oldest first. */
  readonly triggers: StoredTrigger[] = [];
  readonly gateways = new Map<string, StoredGateway>();
  /** By `<model>/<version>`. */
  readonly requestedLoads = new Map<string, { readonly model: string; readonly version: string }>();
  private readonly routeListeners = new Set<(model: string) => void>();
  private token = 0;
  private labelSeq = 0;

  constructor(readonly clock: Clock) {}

  nextToken(): number {
    return ++this.token;
  }

  nextLabelSeq(): number {
    return ++this.labelSeq;
  }

  /** The fake's NOTIFY. */
  notifyRoute(model: string): void {
    for (const listener of this.routeListeners) listener(model);
  }

  onRouteChange(listener: (model: string) => void): () => void {
    this.routeListeners.add(listener);
    return () => this.routeListeners.delete(listener);
  }
}
