/** Hard and soft rules on the data of a window or a snapshot. */
import { z } from 'zod';
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
  })
  .transform(({ maxStaleness, ...rest }) => ({ ...rest, maxStalenessMs: maxStaleness }))
  .describe('Data quality.');
