/** Which metrics a task has, and which way is better. */
import type { Task } from '../core/model';
import type { MetricName } from '../core/policy';

const METRICS: Readonly<Record<Task, readonly MetricName[]>> = {
  binary: ['accuracy', 'precision', 'recall', 'f1', 'auc', 'logLoss', 'brier'],
  multiclass: ['accuracy', 'precision', 'recall', 'f1', 'logLoss'],
  regression: ['rmse', 'mae'],
};
const LOSSES: readonly MetricName[] = ['logLoss', 'brier', 'rmse', 'mae'];

export const metricsOf = (task: Task): readonly MetricName[] => METRICS[task];
export const isLoss = (metric: MetricName): boolean => LOSSES.includes(metric);
