/** What a candidate must show against the champion on held-out clusters. */
import { z } from 'zod';
import { count } from './fields';
import { metric } from './performance';

const rule = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('improvement').describe('Better than the champion by a difference.'),
      metric,
      min: z
        .number()
        .describe(
          'Least improvement, in units of the metric (champion − candidate for losses, the reverse for gains).',
        ),
      lowerBound: z
        .number()
        .nullable()
        .default(null)
        .describe(
          'The lower end of the interval (clusters resampled) must be at least this; null: only the estimate counts.',
        ),
    }),
    z.strictObject({
      kind: z.literal('relative').describe('Against a multiple of the champion.'),
      metric,
      factor: z
        .number()
        .gt(0)
        .max(100)
        .describe(
          'Gains: candidate ≥ factor × champion (1.02 = 2 % better). Losses: candidate ≤ factor × champion (0.95 = 5 % lower).',
        ),
    }),
    z.strictObject({
      kind: z.literal('absolute').describe('Against a constant; the only kind that judges a first version.'),
      metric,
      min: z.number().nullable().default(null).describe('Smallest allowed value; null: none.'),
      max: z.number().nullable().default(null).describe('Largest allowed value; null: none.'),
    }),
  ])
  .describe('A rule of the gate.');

export const gate = z
  .strictObject({
    rules: z.array(rule).min(1).max(20).describe('All must hold. At least one.'),
    resamples: count(100, 100_000).describe('Bootstrap resamples of clusters. 100 to 100,000.'),
    confidence: z.number().min(0.5).max(0.999).describe('Two-sided confidence level of the bounds. 0.5 to 0.999.'),
    minRows: count(1).describe(
      'Fewest held-out rows for a verdict; below it the gate is inconclusive and the champion stays.',
    ),
    minClusters: count(1).describe(
      'Fewest held-out clusters for a verdict; a bootstrap of fewer than five says little.',
    ),
  })
  .describe('The offline gate.');
