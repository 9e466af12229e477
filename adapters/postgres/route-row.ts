import type { Route } from '../../core/ports';

/** A row of ratchet.routes as `ROUTE_COLUMNS` reads it; leases as what remains by the database's clock. */
export interface RouteRow {
  readonly model: string;
  readonly generation: number;
  readonly champion: string;
  readonly previous: string | null;
  readonly salt: string;
  readonly canary_version: string | null;
  readonly canary_weight: number;
  readonly canary_run: string;
  readonly canary_step: number;
  readonly canary_lease_until: number | null;
  readonly canary_remaining: number;
  readonly shadow_version: string | null;
  readonly shadow_share: number;
  readonly shadow_run: string;
  readonly shadow_lease_until: number | null;
  readonly shadow_remaining: number;
}

// clock_timestamp(), not now(): the latter stands still inside a transaction.
const remaining = (what: string): string =>
  `(extract(epoch FROM ${what}_lease_until - clock_timestamp()) * 1000)::float8 AS ${what}_remaining`;

export const ROUTE_COLUMNS = `model, generation, champion, previous, salt,
  canary_version, canary_weight, canary_run, canary_step, canary_lease_until, ${remaining('canary')},
  shadow_version, shadow_share, shadow_run, shadow_lease_until, ${remaining('shadow')}`;

/** Channel of NOTIFY; the payload is `<model> <generation>`, never more. */
export const ROUTE_CHANNEL = 'ratchet_route';

/** `elapsedMs`: how long the answer may have travelled. It is taken off the leases, so that a reader never believes too long. */
export function toRoute(row: RouteRow, elapsedMs = 0): Route {
  return {
    model: row.model,
    generation: row.generation,
    champion: row.champion,
    previous: row.previous,
    salt: row.salt,
    canary:
      row.canary_version === null
        ? null
        : {
            version: row.canary_version,
            weight: row.canary_weight,
            run: row.canary_run,
            step: row.canary_step,
            leaseRemainingMs: row.canary_remaining - elapsedMs,
          },
    shadow:
      row.shadow_version === null
        ? null
        : {
            version: row.shadow_version,
            share: row.shadow_share,
            run: row.shadow_run,
            leaseRemainingMs: row.shadow_remaining - elapsedMs,
          },
  };
}
