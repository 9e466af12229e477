import { countLabelled } from './count';
import { metricsFromCounts } from './from-counts';
import type { LabelledRows } from './labelled-rows';
import type { MetricValue } from './metric';

/** Every metric that the task has and these rows define, but business value, which needs a matrix. */
export function metricsOf(rows: LabelledRows): readonly MetricValue[] {
  const classes = rows.task === 'multiclass' ? [...new Set([...rows.truth, ...rows.answer])] : [];
  return metricsFromCounts(countLabelled(rows, classes), { task: rows.task });
}
