import type { FeatureSpec } from '../../core/model';
import type { TrainingTable } from '../../core/training-table';
import { Seeded } from './seeded';

export const CLASSES = ['no', 'yes'] as const;
const DAY_MS = 86_400_000;
/** Rows are spread evenly over this many days before it. */
export const DAYS = 90;
export const DATA_END = Date.UTC(2026, 0, 1);

export const numericFeatures = (count: number): readonly FeatureSpec[] =>
  Array.from({ length: count }, (_, i) => ({ name: `x${i}`, kind: 'number' }));

/**
 * A binary problem that trees can learn but not exhaust: standard normal float32 features, a third of which matter, with
 * an interaction and a mood of the day (so that clusters mean something).
 */
export function syntheticRows(rows: number, features: readonly FeatureSpec[], seed: number): TrainingTable {
  const random = new Seeded(seed);
  const columns = features.map(() => new Array<number>(rows));
  const target = new Array<string>(rows);
  const eventTime = new Array<number>(rows);
  const cluster = new Array<string>(rows);
  const moods = Array.from({ length: DAYS + 1 }, () => 0.3 * random.normal());
  const used = Math.max(2, Math.floor(features.length / 3));
  for (let row = 0; row < rows; row++) {
    const time = DATA_END - DAYS * DAY_MS + Math.floor((row / rows) * DAYS * DAY_MS);
    let logit = moods[Math.floor((row / rows) * DAYS)] as number;
    for (let f = 0; f < columns.length; f++) {
      const value = Math.fround(random.normal());
      (columns[f] as number[])[row] = value;
      if (f < used) logit += value * (f % 2 === 0 ? 0.5 : -0.4);
    }
    logit += 0.8 * ((columns[0] as number[])[row] as number) * ((columns[1] as number[])[row] as number);
    target[row] = random.uniform() < 1 / (1 + Math.exp(-logit)) ? CLASSES[1] : CLASSES[0];
    eventTime[row] = time;
    cluster[row] = new Date(time).toISOString().slice(0, 10);
  }
  return {
    rows,
    features: features.map((spec, f) => ({ spec, values: columns[f] as number[] })),
    target,
    eventTime,
    cluster,
  };
}
