/** Where training data comes from, and how event time behaves. */
import { z } from 'zod';
import { columnName, count, duration } from './fields';

export const eventTime = z
  .strictObject({
    allowedLateness: duration('0s', '30d').describe(
      'The watermark is the latest occurredAt seen minus this; windows close and labels mature by it. 0s to 30d, event time.',
    ),
    labelHorizon: duration('0s', '365d').describe(
      'A label is mature when its prediction lies this far behind the watermark; younger ones are not judged, because early labels are a biased sample. 0s to 365d, event time.',
    ),
  })
  .transform(({ allowedLateness, labelHorizon }) => ({
    allowedLatenessMs: allowedLateness,
    labelHorizonMs: labelHorizon,
  }))
  .describe('How late events and labels may come.');

const holdout = z
  .strictObject({
    every: count(1, 366).describe(
      'Clusters (days) whose day-of-year modulo this equals `offset` are held out. 1 to 366; 1: all of the last part, a hold-out forward in time.',
    ),
    offset: count(0, 365).describe('See `every`; below it.'),
    within: duration('1h', '3650d').describe(
      'Only clusters in this last part of the data are held out, event time. 1h to 3650d, at most `lookback`.',
    ),
  })
  .transform(({ within, ...rest }) => ({ ...rest, withinMs: within }))
  .describe('The held-out clusters of the gate: whole ones, never rows of one.');

export const data = z
  .strictObject({
    query: z
      .string()
      .max(20_000)
      .describe(
        'A SELECT with the bound parameters :from, :to and :asOf (timestamptz) that returns only what was known at :asOf: the features, the target, the event time. Empty: the model is trained elsewhere and `retrain` is refused.',
      ),
    target: columnName().describe('Name of the target column in the result of the query.'),
    timeColumn: columnName().describe('Name of the event-time column in the result of the query.'),
    clusterBy: z
      .enum(['day', 'hour', 'none'])
      .describe(
        'What moves together: every bound of the gate resamples these. `none`: rows are independent (seldom true; bounds come out too narrow).',
      ),
    timeZone: z.string().describe('Time zone of the day, an IANA name such as "UTC" or "America/New_York".'),
    lookback: duration('1h', '3650d').describe('How far back from :to a retraining reads, event time. 1h to 3650d.'),
    holdout,
  })
  .transform(({ lookback, ...rest }) => ({ ...rest, lookbackMs: lookback }))
  .describe('Training data.');
