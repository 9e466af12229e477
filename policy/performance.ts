/** When the answers themselves got worse, by matured labels. */
import { z } from 'zod';
import { count, share } from './fields';

export const metric = z
  .enum(['accuracy', 'precision', 'recall', 'f1', 'auc', 'logLoss', 'brier', 'rmse', 'mae'])
  .describe(
    'logLoss, brier, rmse and mae: lower is better. The others: higher is better. rmse and mae: regression only.',
  );

const rule = z.strictObject({
  metric,
  kind: z
    .enum(['ratioToHoldout', 'absolute'])
    .describe(
      "`ratioToHoldout`: the bound is a factor on the version's own hold-out metric. `absolute`: the bound itself.",
    ),
  bound: z
    .number()
    .gt(0)
    .describe('Losses fire above it, gains below it. As a ratio: at least 1 for losses, at most 1 for gains.'),
  withConfidence: z
    .boolean()
    .default(true)
    .describe('true: the confidence bound of the metric must break the bound too, not only its estimate.'),
});

export const performance = z
  .strictObject({
    rules: z
      .array(rule)
      .max(20)
      .describe('Any of them firing is a performance breach. Empty: performance never fires.'),
    minLabelled: count(1).describe('Fewest matured, labelled rows of a window for a verdict; below it `insufficient`.'),
    minCoverage: share().describe('Least share of the rows of a window that must carry a label for a verdict. 0 to 1.'),
  })
  .describe('Realised performance.');
