/** From measurements and messages to a retraining. */
import { z } from 'zod';
import { count, duration } from './fields';

/** Five fields of cron's characters, or a word such as @hourly: the rest is Temporal's to judge, when the Schedule is saved. */
const CRON = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[-\d*/,?LA-Za-z]+( +[-\d*/,?LA-Za-z]+){4})$/;
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const TRIGGER_WEBHOOK_SOURCES = [
  'webhook',
  'mlflow',
  'alertmanager',
  'evidently',
  'greatExpectations',
  'data',
] as const;

const timeZone = () =>
  z.string().refine(isTimeZone, { error: (issue) => `"${String(issue.input)}" is no IANA time zone` });
const clockTime = () => z.string().regex(CLOCK_TIME, 'expected a time of day as HH:MM, e.g. "22:30"');

const heavyWindow = z
  .strictObject({
    from: clockTime().describe('HH:MM, local time.'),
    to: clockTime().describe('HH:MM; not after `from` means the next day.'),
    days: z.array(z.enum(WEEKDAYS)).max(7).default([]).describe('Days on which it opens; none named: every day.'),
    timeZone: timeZone().default('UTC').describe('IANA name.'),
  })
  .describe('Low-traffic hours.');

const dataArrival = z
  .strictObject({
    newRows: count(1)
      .nullable()
      .default(null)
      .describe('So many new rows of the training query are a trigger; null: any newer row is.'),
    checkEvery: duration('1s', '31d')
      .nullable()
      .default(null)
      .describe('How often the training query is counted, real time. 1s to 31d; null: never.'),
  })
  .transform(({ newRows, checkEvery }) => ({ newRows, checkEveryMs: checkEvery }))
  .describe('Retraining because new data have arrived.');

const webhook = z.strictObject({
  source: z.enum(TRIGGER_WEBHOOK_SOURCES).describe('What sends it.'),
  secretEnv: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'expected the name of an environment variable, never the secret itself')
    .nullable()
    .default(null)
    .describe('Name of the environment variable that holds its secret; null: the API key alone must do.'),
});

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
    // Defaults here are what a policy meant that was stored before the field existed (OFF in core/trigger/settings.ts).
    cron: z
      .array(z.string().trim().regex(CRON, 'expected five cron fields, e.g. "0 */6 * * *", or @hourly, @daily, …'))
      .max(50)
      .default([])
      .describe('When not empty, drift checks start at these times instead of every checkEvery.'),
    jitter: duration('0s', '24h').default(0).describe('A check starts up to this long after its time, at random.'),
    timeZone: timeZone().default('UTC').describe('Time zone of `cron`, an IANA name.'),
    debounce: duration('0s', '7d')
      .default(0)
      .describe('A trigger waits this long for others; at most five times this after the first one.'),
    clearAfter: count(1, 100)
      .default(100)
      .describe('So many evaluations in a row without a breach clear the counter. 1 to 100.'),
    dailyBudget: count(1, 1000)
      .nullable()
      .default(null)
      .describe('Most retrainings that start by themselves in any 24 h; null: no limit.'),
    heavyWindow: heavyWindow
      .nullable()
      .default(null)
      .describe('Hours in which a training may start by itself; null: at any time.'),
    minNewLabelledRows: count(0)
      .default(0)
      .describe('Rows of the training query that must be new since the last retraining; 0: not asked.'),
    skipUnchangedSnapshot: z
      .boolean()
      .default(false)
      .describe('true: the very same training data as last time end a retraining as `unchanged`.'),
    deployDeadline: duration('1m', '365d')
      .nullable()
      .default(null)
      .describe('People are told, once, when an incident is still open after this time; null: never.'),
    dataArrival: dataArrival.default({ newRows: null, checkEveryMs: null }),
    webhooks: z
      .array(webhook)
      .max(20)
      .refine((list) => new Set(list.map((w) => w.source)).size === list.length, 'a source appears twice')
      .default([])
      .describe('Sources that may send triggers over HTTP.'),
  })
  .transform(({ checkEvery, cooldown, maximumAge, jitter, debounce, deployDeadline, ...rest }) => ({
    ...rest,
    checkEveryMs: checkEvery,
    cooldownMs: cooldown,
    maximumAgeMs: maximumAge,
    jitterMs: jitter,
    debounceMs: debounce,
    deployDeadlineMs: deployDeadline,
  }))
  .describe('Triggers.');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
