import { driftScheduleSpec } from '../../client/drift-schedule';
import type { Policy } from '../../core/policy';

const spec = (triggers: Partial<Policy['triggers']>): unknown => driftScheduleSpec({ triggers } as Policy);

describe('driftScheduleSpec', () => {
  it('is the interval, also of a policy stored before there was cron', () => {
    expect(spec({ checkEveryMs: 3_600_000 })).toEqual({ intervals: [{ every: 3_600_000 }] });
  });

  it('is the cron lines in their zone instead, with the jitter', () => {
    const cron = ['0 6 * * mon-fri', '@monthly'];
    expect(spec({ checkEveryMs: 3_600_000, cron, timeZone: 'Europe/Vienna', jitterMs: 60_000 })).toEqual({
      cronExpressions: cron,
      timezone: 'Europe/Vienna',
      jitter: 60_000,
    });
  });
});
