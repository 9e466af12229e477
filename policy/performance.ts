/** When the answers themselves got worse, by matured labels. */
import { z } from 'zod';
import { columnName, count, duration, share } from './fields';

export const metric = z
  .enum([
    'accuracy',
    'precision',
    'recall',
    'f1',
    'fpr',
    'auc',
    'logLoss',
    'brier',
    'calibrationError',
    'precisionMicro',
    'recallMicro',
    'f1Micro',
    'businessValue',
    'rmse',
    'mae',
    'mse',
    'mape',
  ])
  .describe(
    'fpr, logLoss, brier, calibrationError, rmse, mae, mse and mape: lower is better. The others: higher is better. rmse, mae, mse and mape: regression only; …Micro: multiclass only (precision, recall and f1 are macro averages there). mape is a fraction: 0.1 = 10 %.',
  );

const rule = z.strictObject({
  metric,
  kind: z
    .enum(['ratioToHoldout', 'dropFromHoldout', 'absolute'])
    .describe(
      "`ratioToHoldout`: the bound is a factor on the version's own hold-out metric. `dropFromHoldout`: how much worse than it, in units of the metric. `absolute`: the bound itself.",
    ),
  bound: z
    .number()
    .describe(
      'Losses fire above it, gains below it. Above 0, but for an absolute bound of businessValue. As a ratio: at least 1 for losses, at most 1 for gains.',
    ),
  withConfidence: z
    .boolean()
    .default(true)
    .describe('true: the confidence bound of the metric must break the bound too, not only its estimate.'),
  slice: columnName()
    .exactOptional()
    .describe(
      'One of `slices`: the rule is judged on every value of this feature, with confidence bounds corrected for their number. Absent: on all rows.',
    ),
});

const detector = z.strictObject({
  detector: z
    .enum(['adwin', 'ddm', 'eddm', 'hddm_a', 'hddm_w', 'page_hinkley', 'kswin'])
    .describe('A streaming detector over the errors of labelled answers, in the order of event time.'),
  action: z.enum(['warn', 'breach']).describe('`breach`: a detection counts as a performance breach.'),
});

export const performance = z
  .strictObject({
    rules: z
      .array(rule)
      .max(20)
      .describe('Any of them firing is a performance breach. Empty: performance never fires.'),
    minLabelled: count(1).describe('Fewest matured, labelled rows of a window for a verdict; below it `insufficient`.'),
    minCoverage: share().describe('Least share of the rows of a window that must carry a label for a verdict. 0 to 1.'),
    slices: z
      .array(columnName())
      .max(20)
      .default([])
      .describe('Features whose values are measured one by one (at most 50 values each, those with the most rows).'),
    values: z
      .array(z.array(z.number()))
      .nullable()
      .default(null)
      .describe(
        'Value of one decision, [truth][answer] in the order of `classes`: profit positive, cost negative. Needed for businessValue; null: none.',
      ),
    recompute: duration('0s', '365d')
      .prefault('7d')
      .describe(
        "Labels that come late recompute the evaluation of their window until the window's end plus this, event time. 0s to 365d.",
      ),
    estimate: z
      .enum(['off', 'warn', 'trigger'])
      .default('warn')
      .describe(
        'Performance estimated while labels are missing (CBPE). `warn`: raises suspicion. `trigger`: counts as a performance breach. It never promotes.',
      ),
    maxOutOfSupport: share()
      .default(0.05)
      .describe(
        'Above this share of rows outside the support of the reference, in any feature, an estimate is unreliable and does nothing. 0 to 1.',
      ),
    detectors: z.array(detector).max(7).default([]).describe('Detectors on the stream of late-label errors.'),
  })
  .transform(({ recompute, ...rest }) => ({ ...rest, recomputeMs: recompute }))
  .describe('Realised performance.');
