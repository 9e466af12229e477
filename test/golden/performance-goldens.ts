/** What scikit-learn answered, and direct definitions (make-performance-goldens.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Case<Name extends string, Value> = Readonly<Record<Name, number>> & { truth: Value[] };

export interface PerformanceGoldens {
  readonly versions: Readonly<Record<'numpy' | 'scikitLearn', string>>;
  readonly binary: readonly (Case<(typeof BINARY)[number] | 'aucVariance', boolean> & {
    score: number[];
    values: number[][];
  })[];
  readonly multiclass: readonly (Case<(typeof MULTICLASS)[number] | 'f1Variance', string> & { label: string[] })[];
  readonly regression: readonly (Case<(typeof REGRESSION)[number], number> & { score: number[] })[];
}

export const BINARY = [
  'auc',
  'logLoss',
  'brier',
  'accuracy',
  'precision',
  'recall',
  'f1',
  'fpr',
  'calibrationError',
  'businessValue',
] as const;
export const MULTICLASS = [
  'accuracy',
  'precision',
  'recall',
  'f1',
  'precisionMicro',
  'recallMicro',
  'f1Micro',
] as const;
export const REGRESSION = ['rmse', 'mae', 'mse', 'mape'] as const;

export const performanceGoldens = JSON.parse(
  readFileSync(join(__dirname, 'performance-goldens.json'), 'utf8'),
) as PerformanceGoldens;
