/** When a feature, and when the data as a whole, has drifted. */
import { z } from 'zod';
import { count, duration, errorRate, instant } from './fields';

const effect = (name: string) =>
  z.number().gt(0).max(100).describe(`${name}; above 0. The feature needs this effect and a small corrected p.`);

export const drift = z
  .strictObject({
    window: duration('1m', '365d').describe(
      'Length of a drift and performance window, event time. 1m to 365d; never 0.',
    ),
    anchor: instant().describe(
      'Start of the grid of windows, event time, ISO 8601: windows are [anchor + k·window, anchor + (k+1)·window).',
    ),
    numeric: z
      .strictObject({
        method: z.literal('psi').describe('Quantile bins of the reference, smoothed population stability index.'),
        bins: count(2, 100).describe('Quantile bins of the reference. 2 to 100; fewer when values repeat.'),
        warn: effect('PSI from which a number feature is shown as `warn`'),
        threshold: effect('PSI from which a number feature counts as drifted'),
      })
      .describe('Number features.'),
    categorical: z
      .strictObject({
        method: z
          .enum(['psi', 'js'])
          .describe('`psi`: over categories. `js`: Jensen–Shannon distance, base 2, 0 to 1.'),
        warn: effect('Effect from which a string feature is shown as `warn`'),
        threshold: effect('Effect from which a string feature counts as drifted'),
      })
      .describe('String features.'),
    alpha: errorRate().describe(
      'Benjamini–Hochberg adjusted p must be at most this (KS for numbers, χ² for categories). Above 0, at most 0.5.',
    ),
    minRows: count(2).describe(
      'Fewest rows a side; below it the feature is `insufficient`, never "no drift". At least 2.',
    ),
    minFeatures: count(1, 2000).describe('The data has drifted when at least this many features did. At least 1.'),
    minShare: z
      .number()
      .gt(0)
      .max(1)
      .describe('… or when at least this share of the features did, whichever is reached first. Above 0, at most 1.'),
  })
  .transform(({ window, ...rest }) => ({ ...rest, windowMs: window }))
  .describe('Drift of the inputs.');
