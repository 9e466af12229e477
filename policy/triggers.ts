/** From measurements to a retraining. */
import { z } from 'zod';
import { count, duration } from './fields';

export const triggers = z
  .strictObject({
    checkEvery: duration('1s', '31d').describe('How often a Schedule starts a drift check, real time. 1s to 31d.'),
    require: z
      .enum(['driftAndPerformance', 'driftOrPerformance', 'performance', 'drift'])
      .describe('What makes one evaluation a breach. Drift alone is often harmless; performance needs labels.'),
    breaches: count(1, 100).describe(
      'Breaches needed among the last `of` evaluations, the newest one included. 1 to `of`.',
    ),
    of: count(1, 100).describe('See `breaches`. 1 to 100.'),
    cooldown: duration('0s', '365d').describe(
      'After a retraining ends: real time in which triggers are recorded but start nothing. By hand still works.',
    ),
    maximumAge: duration('1h', '3650d')
      .nullable()
      .describe('Retrain when the champion is older than this, event time; null: never for age alone.'),
    automatic: z.boolean().describe('false: a trigger opens an incident and waits for a person.'),
  })
  .transform(({ checkEvery, cooldown, maximumAge, ...rest }) => ({
    ...rest,
    checkEveryMs: checkEvery,
    cooldownMs: cooldown,
    maximumAgeMs: maximumAge,
  }))
  .describe('Triggers.');
