/** Retraining because data have arrived: new rows of the training query, or merely newer ones. Pure. */
import type { EpochMs } from '../model';
import type { DataArrivalPolicy } from '../policy';
import type { Reason } from '../verdict';

/** What a look at the training query gave: rows after `since`, and the latest event time among them (null: no row). */
export interface ArrivalProbe {
  readonly since: EpochMs;
  readonly rows: number;
  readonly newest: EpochMs | null;
}

/**
 * Arrived when there are at least `newRows` rows after `since`; without a number, when there is any. The reason says how many
 * and up to when. A trigger's id is the watermark, so the same arrival counts once.
 */
export function dataArrived(
  policy: Pick<DataArrivalPolicy, 'newRows'>,
  probe: ArrivalProbe,
): { readonly arrived: boolean; readonly id: string; readonly reason: Reason } {
  const wanted = policy.newRows ?? 1;
  const arrived = probe.newest !== null && probe.newest > probe.since && probe.rows >= wanted;
  const upTo = probe.newest === null ? '' : `, up to ${new Date(probe.newest).toISOString()}`;
  const text = `${probe.rows} new rows since ${new Date(probe.since).toISOString()}${upTo}`;
  return {
    arrived,
    id: `data:${probe.newest ?? probe.since}:${probe.rows}`,
    reason: { code: arrived ? 'data.arrived' : 'data.waits', text, observed: probe.rows, expected: wanted },
  };
}
