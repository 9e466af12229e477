/** Which metrics a task has. */
import type { Task } from '../core/model';
import type { MetricName } from '../core/policy';

const METRICS: Readonly<Record<Task, readonly MetricName[]>> = {
  binary: ['accuracy', 'precision', 'recall', 'f1', 'auc', 'logLoss', 'brier'],
  multiclass: ['accuracy', 'precision', 'recall', 'f1', 'logLoss'],
  regression: ['rmse', 'mae'],
};

export const metricsOf = (task: Task): readonly MetricName[] => METRICS[task];
