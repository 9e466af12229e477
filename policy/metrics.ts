/** Which metrics a task has. */
import type { Task } from '../core/model';
import type { MetricName } from '../core/policy';

const METRICS: Readonly<Record<Task, readonly MetricName[]>> = {
  binary: [
    'accuracy',
    'precision',
    'recall',
    'f1',
    'fpr',
    'auc',
    'logLoss',
    'brier',
    'calibrationError',
    'businessValue',
  ],
  multiclass: [
    'accuracy',
    'precision',
    'recall',
    'f1',
    'precisionMicro',
    'recallMicro',
    'f1Micro',
    'logLoss',
    'businessValue',
  ],
  regression: ['rmse', 'mae', 'mse', 'mape'],
};

export const metricsOf = (task: Task): readonly MetricName[] => METRICS[task];
