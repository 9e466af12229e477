/** The canary: steps, guardrails, lease, approval, watch. */
import { z } from 'zod';
import { count, duration, errorRate, percent, share } from './fields';

const step = z
  .strictObject({
    weight: percent(0.01, 100).describe(
      'Weight of the candidate, percent. 0.01 to 100, rising; the last is 100 (promotion).',
    ),
    minHold: duration('0s', '30d').describe('The step lasts at least this, real time.'),
    maxHold: duration('0s', '30d').describe(
      'Without a verdict by then the step is inconclusive (`onInconclusive`). At least minHold.',
    ),
    minKeys: count(0).describe(
      'Distinct keys that the candidate must have answered in this rollout before the step may end.',
    ),
  })
  .transform(({ minHold, maxHold, ...rest }) => ({ ...rest, minHoldMs: minHold, maxHoldMs: maxHold }));

const guardrail = z.strictObject({
  event: z
    .enum(['error', 'slow', 'wrong'])
    .describe(
      '`error`: the candidate failed. `slow`: slower than the p99 of the champion at the first analysis, and than 2 ms. `wrong`: the answer differs from the matured label (classification).',
    ),
  ratio: z
    .number()
    .min(1)
    .max(20)
    .describe(
      'Rolls back when the rate on the candidate is proven above this multiple of that on the champion. 1 to 20.',
    ),
});

export const approval = z
  .strictObject({
    beforeWeight: percent(0.01, 100).describe(
      'The weight before which a person must agree, percent; one of the steps. 100: before promotion.',
    ),
    expires: duration('1s', '90d').describe('How long the rollout waits for the decision, real time.'),
    reminder: duration('1s', '90d')
      .nullable()
      .describe('A reminder is sent this long before expiry; null: none. Below `expires`.'),
    onExpiry: z.enum(['rollback', 'promote']).describe('What happens without a decision.'),
    actors: z.array(z.string().min(1)).describe('Who may decide; empty: anyone who can reach the workflow.'),
  })
  .transform(({ expires, reminder, ...rest }) => ({ ...rest, expiresMs: expires, reminderMs: reminder }))
  .describe('Approval by a person; null: none.');

export const rollout = z
  .strictObject({
    steps: z.array(step).min(1).max(50).describe('The ladder. [{weight: 100}] alone is blue-green.'),
    tick: duration('100ms', '1h').describe(
      'Interval of the analysis, real time; each tick measures, decides and renews the lease.',
    ),
    lease: duration('1s', '1d').describe(
      'The canary ends by itself this long after the last tick that could measure, with everything else dead. Above `tick`; a few ticks.',
    ),
    onLeaseLost: z.enum(['rollback', 'hold']).describe('What a workflow does that comes back to a lost lease.'),
    deadline: duration('1s', '90d').describe(
      'Counted from the first weight, real time: a canary that is not proven by then goes back. Above the sum of minHold.',
    ),
    guardrails: z.array(guardrail).max(3).describe('They may roll back at any moment. Each event at most once.'),
    alpha: errorRate().describe(
      'False alarm rate of all guardrails together, over the whole rollout. Above 0, at most 0.5.',
    ),
    maxMeasureErrors: count(0, 1000).describe('Consecutive ticks that could not measure before the rollout holds.'),
    noTraffic: duration('1s', '30d').describe('Real time without any request on the candidate before `onNoTraffic`.'),
    onNoTraffic: z.enum(['hold', 'rollback']).describe('Silence never advances a rollout.'),
    onInconclusive: z
      .enum(['hold', 'extendOnce', 'rollback', 'promote'])
      .describe('When a step is inconclusive at its maxHold. `promote` moves to the next step without proof.'),
    srmBayesFactor: z
      .number()
      .gt(1)
      .nullable()
      .describe('Sample-ratio check: holds when the split of keys is off by this Bayes factor; null: off. Above 1.'),
    approval: approval.nullable(),
    watch: duration('0s', '90d').describe(
      'After promotion: real time in which `previous` stays loaded and the watch may roll back.',
    ),
    watchMaxErrorShare: share().describe(
      'In the watch: rolls back when the lower bound of the share of errors exceeds this. 0 to 1.',
    ),
  })
  .transform(({ tick, lease, deadline, noTraffic, watch, ...rest }) => ({
    ...rest,
    tickMs: tick,
    leaseMs: lease,
    deadlineMs: deadline,
    noTrafficMs: noTraffic,
    watchMs: watch,
  }))
  .describe('The canary.');
