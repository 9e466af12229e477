/** When a feature, and when the data as a whole, has drifted. */
import { z } from 'zod';
import { count, duration, errorRate, instant } from './fields';

const effect = (name: string) =>
  z.number().gt(0).max(100).describe(`${name}; above 0. The feature needs this effect and a small corrected p.`);

const method = () =>
  z
    .enum(['psi', 'kl', 'js', 'hellinger'])
    .describe(
      '`psi`: population stability index, empty bins filled. `kl`: Kullback–Leibler, reference against window. `js`: Jensen–Shannon distance, natural logarithm, 0 to 0.8326. `hellinger`: 0 to 1.',
    );

const also = () =>
  z
    .array(z.strictObject({ method: method(), threshold: effect('Effect from which the feature counts as drifted') }))
    .max(3)
    .describe('Further distances: one of them at its threshold does as well as the first. At most 3.');

const reaction = (what: string) =>
  z.enum(['off', 'warn', 'drift']).describe(`${what} \`warn\`: at most a warning. \`drift\`: the data has drifted.`);

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
        method: method(),
        bins: count(2, 100).describe('Quantile bins of the reference. 2 to 100; fewer when values repeat.'),
        warn: effect('Effect from which a number feature is shown as `warn`'),
        threshold: effect('Effect from which a number feature counts as drifted'),
        also: also(),
      })
      .describe('Number features.'),
    categorical: z
      .strictObject({
        method: method(),
        warn: effect('Effect from which a string feature is shown as `warn`'),
        threshold: effect('Effect from which a string feature counts as drifted'),
        also: also(),
      })
      .describe('String features.'),
    alpha: errorRate().describe(
      'Benjamini–Hochberg adjusted p must be at most this (see pValue). Above 0, at most 0.5.',
    ),
    pValue: z
      .enum(['counts', 'exact', 'none'])
      .describe(
        '`counts`: χ² on bins and categories, no row leaves the database. `exact`: Kolmogorov–Smirnov on rows for numbers. `none`: the effect alone decides (false alarms on small windows).',
      ),
    clusterBy: z
      .enum(['none', 'hour', 'day'])
      .describe(
        'What moves together: p then counts effective rows (design effect a feature, estimated on the reference). Needs a reference made with event times of at least 30 hours or days, and 7 in the window; else `insufficient`.',
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
    weightByImportance: z
      .boolean()
      .describe("The share is of importance, not of features. Needs the importance in the reference's profile."),
    anyTopK: count(1, 2000).nullable().describe('… or when one of so many most important features did. null: off.'),
    prediction: reaction("Drift of the model's answers against those on its training data."),
    correlation: z
      .enum(['off', 'warn'])
      .describe('Spearman correlations of pairs of number features; in checks that read rows (`pValue: exact`).'),
    correlationChange: z
      .number()
      .gt(0)
      .max(2)
      .describe('Least change of a correlation that counts. Above 0, at most 2.'),
    multivariate: z
      .enum(['off', 'warn'])
      .describe(
        'Do the features still move together (principal components)? In checks that read rows (`pValue: exact`).',
      ),
    importanceDrift: reaction("Order of the features' importance of a new training against the champion's."),
    importanceNdcg: z
      .number()
      .gt(0)
      .max(1)
      .describe('Normalised discounted cumulative gain below this counts. Above 0, at most 1.'),
  })
  .transform(({ window, ...rest }) => ({ ...rest, windowMs: window }))
  .describe('Drift of the inputs.');
