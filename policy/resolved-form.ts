/** A resolved policy back in the form people write: how a policy that says it is resolved is checked, and shown. */
import type { Policy } from '../core/policy';
import { formatDuration } from './duration';
import { isObject } from './merge';

const PERCENT_PATHS = /^(rollout\.steps\.\d+\.weight|rollout\.approval\.beforeWeight|shadow\.share)$/;
/** Maps whose keys are the user's own: a feature may well be called `delayMs`. */
const VERBATIM = new Set(['training.params', 'training.search', 'features', 'quality.ranges']);

/** Durations with units under their names without `Ms`, weights in percent, the anchor as ISO 8601, no schemaVersion. */
export function toWrittenForm(policy: Policy | Readonly<Record<string, unknown>>): Record<string, unknown> {
  const written = convert(policy, '') as Record<string, unknown>;
  delete written['schemaVersion'];
  return written;
}

function convert(value: unknown, path: string): unknown {
  if (VERBATIM.has(path)) return value;
  if (Array.isArray(value)) return value.map((item, i) => convert(item, `${path}.${i}`));
  if (!isObject(value)) {
    if (typeof value !== 'number') return value;
    if (PERCENT_PATHS.test(path)) return value / 100;
    return path === 'drift.anchor' && Number.isFinite(new Date(value).getTime())
      ? new Date(value).toISOString()
      : value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (!key.endsWith('Ms')) return [key, convert(item, at)];
      return [key.slice(0, -2), typeof item === 'number' ? formatDuration(item) : item];
    }),
  );
}
