/**
 * What a change makes of a route: the one place that knows, so that no store can differ from another. Pure: leases are
 * durations here, and whether one has ended is told by the store's own clock.
 */
import { assertNever, RatchetError } from '../errors';
import type { ModelName } from '../model';
import type { Fence, Route, RouteChange } from '../ports';

/** A route whose leases are durations to be counted from the write; null: keep the deadline as it is. */
export interface RouteState extends Omit<Route, 'generation' | 'canary' | 'shadow'> {
  readonly canary:
    (Omit<NonNullable<Route['canary']>, 'leaseRemainingMs'> & { readonly leaseMs: number | null }) | null;
  readonly shadow:
    (Omit<NonNullable<Route['shadow']>, 'leaseRemainingMs'> & { readonly leaseMs: number | null }) | null;
}

/**
 * Rejects RATCHET_NO_CHAMPION (no route yet), RATCHET_NO_PREVIOUS, RATCHET_MODEL_EXISTS (adopt over another champion),
 * RATCHET_LEASE_LOST (traffic to a run whose lease has ended: it must not come back to life by a late step),
 * RATCHET_INPUT_INVALID (weight, share or lease out of range, or the champion as its own canary).
 */
export function applyRouteChange(model: ModelName, current: Route | null, change: RouteChange): RouteState {
  if (current === null) {
    if (change.kind !== 'adopt') {
      throw new RatchetError(
        'RATCHET_NO_CHAMPION',
        `model ${model} has no champion, so ${change.kind} has nothing to change`,
      );
    }
    return { model, champion: change.version, previous: null, canary: null, shadow: null, salt: model };
  }
  const kept = keep(current);
  switch (change.kind) {
    case 'setCanary': {
      checkShare(model, change.weight, change.leaseMs);
      refuseChampion(model, current.champion, change.version);
      const lost = current.canary?.run === change.run && current.canary.leaseRemainingMs <= 0;
      // Weight 0 is allowed: a rollout that lost its lease may wait there for a person.
      if (lost && change.weight > 0) throw leaseLost(model, change.run);
      const { version, weight, run, step, leaseMs, salt } = change;
      return { ...kept, salt, canary: { version, weight, run, step, leaseMs } };
    }
    case 'clearCanary':
      return { ...kept, canary: null };
    case 'setShadow': {
      checkShare(model, change.share, change.leaseMs);
      refuseChampion(model, current.champion, change.version);
      const lost = current.shadow?.run === change.run && current.shadow.leaseRemainingMs <= 0;
      if (lost && change.share > 0) throw leaseLost(model, change.run);
      const { version, share, run, leaseMs, salt } = change;
      return { ...kept, salt, shadow: { version, share, run, leaseMs } };
    }
    case 'clearShadow':
      return { ...kept, shadow: null };
    case 'promote': {
      const previous = change.version === current.champion ? current.previous : current.champion;
      return { ...kept, champion: change.version, previous, canary: null, shadow: null };
    }
    case 'restorePrevious':
      if (current.previous === null) {
        throw new RatchetError(
          'RATCHET_NO_PREVIOUS',
          `model ${model} has no previous champion; ${current.champion} serves`,
        );
      }
      return { ...kept, champion: current.previous, previous: null, canary: null, shadow: null };
    case 'adopt':
      if (change.version !== current.champion) {
        throw new RatchetError(
          'RATCHET_MODEL_EXISTS',
          `model ${model} has the champion ${current.champion}; ${change.version} cannot be adopted over it`,
          { hint: 'Roll the version out instead: `ratchet rollout --version`.' },
        );
      }
      return kept;
    default:
      return assertNever(change);
  }
}

/**
 * May this writer change the route? `held` is the model's rollout claim as it stands. Without a fence a writer may always
 * take traffic away from a canary or shadow (the champion stays, I6), and may do the rest only while nobody holds the claim.
 * Rejects RATCHET_ROUTE_FENCED.
 */
export function checkFence(
  model: ModelName,
  change: RouteChange['kind'],
  fence: Fence | null,
  held: Fence | null,
): void {
  if (fence === null) {
    if (held === null || change === 'clearCanary' || change === 'clearShadow') return;
    throw new RatchetError(
      'RATCHET_ROUTE_FENCED',
      `${held.holder} holds the rollout of ${model}; ${change} needs its fence`,
      {
        details: { held },
      },
    );
  }
  if (held === null || held.token !== fence.token || held.holder !== fence.holder) {
    const now = held === null ? 'nobody holds the claim' : `${held.holder} holds it with token ${held.token}`;
    throw new RatchetError(
      'RATCHET_ROUTE_FENCED',
      `${fence.holder} with token ${fence.token} may not change the route of ${model}: ${now}`,
      { details: { fence, held } },
    );
  }
}

function keep(route: Route): RouteState {
  const { model, champion, previous, salt, canary, shadow } = route;
  return {
    model,
    champion,
    previous,
    salt,
    canary:
      canary === null
        ? null
        : { version: canary.version, weight: canary.weight, run: canary.run, step: canary.step, leaseMs: null },
    shadow: shadow === null ? null : { version: shadow.version, share: shadow.share, run: shadow.run, leaseMs: null },
  };
}

function checkShare(model: ModelName, share: number, leaseMs: number): void {
  if (!Number.isInteger(share) || share < 0 || share > 10_000) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `weight ${share} for ${model} is not an integer from 0 to 10000`);
  }
  checkLease(model, leaseMs);
}

/** A lease is more than 0 and at most a day: longer would not be a lease (I3). Rejects RATCHET_INPUT_INVALID. */
export function checkLease(model: ModelName, leaseMs: number): void {
  if (!(leaseMs > 0 && leaseMs <= 86_400_000)) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `lease of ${leaseMs} ms for ${model} is not above 0 and at most a day`,
    );
  }
}

function refuseChampion(model: ModelName, champion: string, version: string): void {
  if (champion === version) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `version ${version} of ${model} is the champion already`);
  }
}

function leaseLost(model: ModelName, run: string): RatchetError {
  return new RatchetError('RATCHET_LEASE_LOST', `the lease of ${run} on ${model} has ended; the champion serves alone`);
}
