import type { EpochMs } from '../model';
import type { DriftPolicy } from '../policy';

/**
 * Oldest window [anchor + k·windowMs, anchor + (k+1)·windowMs) that starts at or after `firstStart`, ends at or before the
 * watermark and is not in `done` (starts of evaluated windows). null: none. All in event time.
 */
export function oldestOpenWindow(
  grid: Pick<DriftPolicy, 'anchor' | 'windowMs'>,
  firstStart: EpochMs,
  watermark: EpochMs,
  done: ReadonlySet<EpochMs>,
): { readonly start: EpochMs; readonly end: EpochMs } | null {
  const { anchor, windowMs } = grid;
  if (!(windowMs > 0) || !Number.isFinite(firstStart) || !Number.isFinite(watermark)) return null;
  let start = anchor + Math.ceil((firstStart - anchor) / windowMs) * windowMs;
  while (start + windowMs <= watermark) {
    if (!done.has(start)) return { start, end: start + windowMs };
    start += windowMs;
  }
  return null;
}
