import type { Policy } from '../../core/policy';
import { triggerSettings } from '../../core/trigger/settings';
import { resolvePolicy } from '../../policy';

const base = {
  model: 'late',
  task: 'binary',
  features: [{ name: 'x', kind: 'number' }],
  classes: ['no', 'yes'],
} as const;
const withTriggers = (triggers: Record<string, unknown>, preset = 'default'): Policy =>
  resolvePolicy({ ...base, preset, triggers });
const problemsOf = (triggers: Record<string, unknown>): unknown => {
  try {
    withTriggers(triggers);
    return [];
  } catch (error) {
    return (error as { details: { problems: { path: string }[] } }).details.problems.map((p) => p.path);
  }
};

describe('triggers of a policy', () => {
  it('resolves durations to milliseconds and fills the rest', () => {
    expect(
      withTriggers({
        cron: ['0 */6 * * *', '@daily'],
        jitter: '5m',
        timeZone: 'Europe/Vienna',
        debounce: '90s',
        heavyWindow: { from: '22:00', to: '06:00' },
        deployDeadline: '12h',
        dataArrival: { newRows: 1000, checkEvery: '1h' },
        webhooks: [{ source: 'mlflow', secretEnv: 'MLFLOW_SECRET' }, { source: 'alertmanager' }],
      }).triggers,
    ).toMatchObject({
      cron: ['0 */6 * * *', '@daily'],
      jitterMs: 300_000,
      debounceMs: 90_000,
      heavyWindow: { from: '22:00', to: '06:00', days: [], timeZone: 'UTC' },
      deployDeadlineMs: 43_200_000,
      dataArrival: { newRows: 1000, checkEveryMs: 3_600_000 },
      webhooks: [
        { source: 'mlflow', secretEnv: 'MLFLOW_SECRET' },
        { source: 'alertmanager', secretEnv: null },
      ],
    });
  });

  it('gives the article its 3 of 3, retraining every 30 days and 24 h to deployment', () => {
    expect(withTriggers({}, 'article').triggers).toMatchObject({
      breaches: 3,
      of: 3,
      clearAfter: 1,
      maximumAgeMs: 30 * 86_400_000,
      deployDeadlineMs: 86_400_000,
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a cron line of four fields', { cron: ['0 0 * *'] }, 'triggers.cron.0'],
    ['a zone that is none', { timeZone: 'Mars/Base' }, 'triggers.timeZone'],
    ['a time that is none', { heavyWindow: { from: '24:00', to: '06:00' } }, 'triggers.heavyWindow.from'],
    ['a source twice', { webhooks: [{ source: 'data' }, { source: 'data' }] }, 'triggers.webhooks'],
    [
      'a secret in place of its name',
      { webhooks: [{ source: 'data', secretEnv: 'p4ss' }] },
      'triggers.webhooks.0.secretEnv',
    ],
    ['a budget of 0', { dailyBudget: 0 }, 'triggers.dailyBudget'],
    ['an unknown key', { webhook: [] }, 'triggers.webhook'],
  ])('refuses %s', (_, triggers, path) => {
    expect(problemsOf(triggers)).toEqual([path]);
  });

  it('takes a resolved policy back as it is, and one that was stored before these settings existed as all of them off', () => {
    const policy = withTriggers({ heavyWindow: { from: '22:00', to: '06:00', days: ['sat'] }, debounce: '5m' });
    expect(resolvePolicy(policy)).toEqual(policy);
    const { checkEveryMs, require, breaches, of, cooldownMs, maximumAgeMs, automatic } = policy.triggers;
    const old = { checkEveryMs, require, breaches, of, cooldownMs, maximumAgeMs, automatic };
    const stored = { ...policy, triggers: old } as unknown as Policy;
    expect(resolvePolicy(stored).triggers).toEqual(old);
    expect(triggerSettings(stored)).toMatchObject({
      ...old,
      cron: [],
      debounceMs: 0,
      dailyBudget: null,
      heavyWindow: null,
    });
  });
});
