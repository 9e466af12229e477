/** Hard and soft rules on the data of a window or a snapshot. */
import { z } from 'zod';
import { expectations } from './expectations';
import { columnName, count, duration, share } from './fields';

const range = z
  .strictObject({
    min: z.number().nullable().default(null).describe('Smallest allowed value, inclusive; null: none.'),
    max: z.number().nullable().default(null).describe('Largest allowed value, inclusive; null: none.'),
  })
  .describe('Allowed range of one number feature; a value outside fails the data.');

export const quality = z
  .strictObject({
    minRows: count(1).describe(
      'Fewest rows for a verdict; below it the outcome is `insufficient`, never a pass. At least 1.',
    ),
    maxNullShare: share().describe('The data fails when a share of nulls in a feature exceeds this. 0 to 1.'),
    maxNullShareIncrease: share().describe(
      'The data fails when the share of nulls in a feature exceeds the share in the reference by more than this. 0 to 1.',
    ),
    ranges: z.record(columnName(), range).describe('Allowed ranges by number feature. Replaces the map of the preset.'),
    maxNewCategoryShare: share().describe(
      'Warns when the share of rows with a category unknown to the reference exceeds this. 0 to 1.',
    ),
    maxStaleness: duration('1m', '365d')
      .nullable()
      .describe(
        'The data fails when its newest row is older than this before the end of the window, event time; null: not checked.',
      ),
    minRowsRatio: z
      .number()
      .gt(0)
      .max(1)
      .nullable()
      .default(null)
      .describe(
        'The data fails when a window has fewer rows than this share of the median of earlier ones; null: not checked.',
      ),
    maxDuplicateShare: share()
      .nullable()
      .default(null)
      .describe('Warns when a larger share of rows repeats the features of an earlier row; null: not counted.'),
    maxCardinalityRatio: z
      .number()
      .min(1)
      .nullable()
      .default(null)
      .describe('Warns when a text feature has more than this many times the categories of the reference; null: off.'),
    leakageThreshold: z
      .number()
      .gt(0.5)
      .max(1)
      .nullable()
      .default(null)
      .describe(
        'Warns when one feature alone predicts the target this well (AUC, squared rank correlation or ε²); null: off.',
      ),
    unitChange: z
      .boolean()
      .default(false)
      .describe('Warns when the deciles of a feature are those of the reference in another unit.'),
    expectations: expectations.describe(
      "Rules with Great Expectations' names and arguments, `mostly` and `severity` (hard, soft). Replaces the list of the preset.",
    ),
  })
  .transform(({ maxStaleness, ...rest }) => ({ ...rest, maxStalenessMs: maxStaleness }))
  .describe('Data quality.');
