/** The shadow test: proof on a copy of the traffic. */
import { z } from 'zod';
import { count, duration, errorRate, percent, share } from './fields';

export const shadow = z
  .strictObject({
    share: percent(0.01, 100).describe('Share of the requests that is copied, percent. 0.01 to 100.'),
    min: duration('0s', '90d').describe('The test lasts at least this, real time.'),
    max: duration('1s', '90d').describe('… and at most this: without every certificate it is then inconclusive.'),
    loss: z
      .enum(['logLoss', 'brier', 'zeroOne', 'squared', 'absolute'])
      .describe('Loss of one answer; its paired difference is tested. squared and absolute: regression.'),
    margin: z
      .number()
      .gt(0)
      .describe(
        'Certifies "worse by less than this, if at all", in units of the loss. Above 0; there is no right value for all models.',
      ),
    clip: z
      .number()
      .gt(0)
      .nullable()
      .describe('Clip of one difference, in units of the loss; null: from the loss. Needed for squared and absolute.'),
    clusterBy: z
      .enum(['none', 'hour'])
      .describe(
        '`none`: every row is a unit. `hour`: rows of an hour are averaged first (slower, honest under bursts).',
      ),
    alpha: errorRate().describe(
      'Error rate of each certificate and of the alarm, valid at every look. Above 0, at most 0.5.',
    ),
    minPairs: count(1).describe('Fewest pairs with mature labels before a pass.'),
    maxErrorShare: share().describe('Fails when the share of errors among shadow requests exceeds this. 0 to 1.'),
  })
  .transform(({ min, max, ...rest }) => ({ ...rest, minMs: min, maxMs: max }))
  .describe('The shadow test; null: none, a challenger goes to the canary at once.');
