import type { ReportedFeature } from '../drift/report-data';

const LEVELS = { drift: 0, warn: 1, ok: 2, insufficient: 3 } as const;

/**
 * By level, then by effect / threshold × importance, so that a small shift of what the model leans on comes before a large one
 * of what it hardly looks at. Importance is relative to the largest known; an unknown one counts as the largest, because what
 * is not known to be harmless is looked at first. Ties by name.
 */
export function rankFeatures(features: readonly ReportedFeature[]): readonly ReportedFeature[] {
  const known = features.flatMap(({ importance }) => (importance === null ? [] : [importance]));
  const largest = Math.max(0, ...known);
  const weight = (importance: number | null): number =>
    importance === null || largest === 0 ? 1 : Math.max(0, importance) / largest;
  const strength = ({ effect, threshold, importance }: ReportedFeature): number =>
    effect === null ? -1 : (threshold !== null && threshold > 0 ? effect / threshold : effect) * weight(importance);
  return [...features].sort(
    (a, b) =>
      LEVELS[a.level] - LEVELS[b.level] ||
      strength(b) - strength(a) ||
      (b.effect ?? -1) - (a.effect ?? -1) ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}
