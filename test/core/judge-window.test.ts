import { judgeWindow, type WindowFindings } from '../../core/judge-window';
import type { Policy } from '../../core/policy';
import { testPolicy } from '../workflows/fixtures';

const REQUIRE = ['driftAndPerformance', 'driftOrPerformance', 'performance', 'drift'] as const;
const QUALITY = ['pass', 'inconclusive', 'error', 'fail'] as const;
const DRIFT = [null, 'noDrift', 'warn', 'drift', 'insufficient'] as const;
const PERFORMANCE = ['pass', 'fail', 'inconclusive'] as const;
const ESTIMATE = [null, 'suspicious', 'unsuspicious', 'unreliable', 'insufficient'] as const;
const MODE = ['off', 'warn', 'trigger'] as const;
const DETECTORS = [null, 'quiet', 'warn:warning', 'warn:drift', 'breach:warning', 'breach:drift', 'unusable'] as const;

interface Case {
  readonly require: (typeof REQUIRE)[number];
  readonly quality: (typeof QUALITY)[number];
  readonly drift: (typeof DRIFT)[number];
  readonly performance: (typeof PERFORMANCE)[number];
  readonly estimate: (typeof ESTIMATE)[number];
  readonly mode: (typeof MODE)[number];
  readonly detector: (typeof DETECTORS)[number];
}

const CASES: readonly Case[] = REQUIRE.flatMap((require) =>
  QUALITY.flatMap((quality) =>
    DRIFT.flatMap((drift) =>
      PERFORMANCE.flatMap((performance) =>
        ESTIMATE.flatMap((estimate) =>
          MODE.flatMap((mode) =>
            DETECTORS.map((detector) => ({ require, quality, drift, performance, estimate, mode, detector })),
          ),
        ),
      ),
    ),
  ),
);

const BASE = testPolicy();

function policyOf({ require, mode }: Pick<Case, 'require' | 'mode'>): Policy {
  return {
    ...BASE,
    triggers: { ...BASE.triggers, require },
    performance: { ...BASE.performance, estimate: mode },
  };
}

function measurementOf({ quality, drift, performance, estimate, detector }: Case): WindowFindings {
  const reason = (code: string) => [{ code, text: code }];
  const [action, kind] = (detector ?? '').split(':');
  return {
    rows: 1,
    profileDigest: null,
    quality: { verdict: quality, reasons: reason('quality') },
    drift: drift === null ? null : { verdict: drift, reasons: reason('drift') },
    multivariate: null,
    target: null,
    performance: { verdict: performance, reasons: reason('performance') },
    estimate: estimate === null ? null : { judgement: { verdict: estimate, reasons: reason('estimate') } },
    detectors:
      detector === null
        ? null
        : {
            detectors: [
              {
                action: action === 'breach' ? 'breach' : 'warn',
                signals: kind === undefined ? [] : [{ index: 3, kind }],
                problem: detector === 'unusable' ? 'not 0 or 1' : null,
              },
            ],
            reasons: reason('detector'),
          },
  } as unknown as WindowFindings;
}

/** The rule as the policy's documentation tells it, each family first in three values: bad, good, unknown. */
function expected(c: Case): { outcome: string; judged: boolean } {
  type Family = 'bad' | 'good' | 'unknown';
  const drift: Family = c.drift === 'drift' ? 'bad' : c.drift === 'noDrift' || c.drift === 'warn' ? 'good' : 'unknown';
  let performance: Family = c.performance === 'fail' ? 'bad' : c.performance === 'pass' ? 'good' : 'unknown';
  if (performance === 'unknown' && c.mode === 'trigger' && c.estimate === 'suspicious') performance = 'bad';
  if (c.detector === 'breach:drift') performance = 'bad';

  const both = [drift, performance];
  let rule: Family;
  if (c.require === 'drift') rule = drift;
  else if (c.require === 'performance') rule = performance;
  else if (c.require === 'driftAndPerformance')
    rule = both.includes('good') ? 'good' : both.includes('unknown') ? 'unknown' : 'bad';
  else rule = both.includes('bad') ? 'bad' : both.includes('unknown') ? 'unknown' : 'good';

  if (c.quality === 'fail') return { outcome: 'dataInvalid', judged: false };
  if (rule === 'bad') return { outcome: 'breach', judged: true };
  const judged = rule === 'good' && c.quality === 'pass';
  const unrest =
    both.includes('bad') || c.drift === 'warn' || c.estimate === 'suspicious' || /:/.test(c.detector ?? '');
  if (unrest) return { outcome: 'warn', judged };
  const allGood = drift === 'good' && performance === 'good' && c.quality === 'pass';
  return { outcome: allGood ? 'noDrift' : 'insufficient', judged };
}

describe('judgeWindow', () => {
  it('warns of a correlation that changed from 0.90 to 0.10, and names the pair', () => {
    const calm: Case = {
      require: 'drift',
      quality: 'pass',
      drift: 'noDrift',
      performance: 'pass',
      estimate: null,
      mode: 'off',
      detector: null,
    };
    const changed = {
      features: ['a', 'b'] as const,
      reference: 0.9,
      current: 0.1,
      pValue: 0,
      adjustedPValue: 0,
      level: 'changed' as const,
    };
    expect(judgeWindow(measurementOf(calm), policyOf(calm)).outcome).toBe('noDrift');
    const judged = judgeWindow({ ...measurementOf(calm), correlations: [changed] }, policyOf(calm));
    expect(judged.outcome).toBe('warn');
    expect(judged.reasons).toContainEqual(
      expect.objectContaining({ code: 'drift.correlation', observed: 0.1, expected: 0.9 }),
    );
  });

  it('warns of features that no longer move together, says that it could not judge them, and keeps silent when they do', () => {
    const calm: Case = {
      require: 'drift',
      quality: 'pass',
      drift: 'noDrift',
      performance: 'pass',
      estimate: null,
      mode: 'off',
      detector: null,
    };
    const judge = (verdict: 'ok' | 'drift' | 'insufficient') => {
      const multivariate = { verdict, reason: { code: `multivariate.${verdict}`, text: 'seen' } };
      const { outcome, reasons } = judgeWindow({ ...measurementOf(calm), multivariate }, policyOf(calm));
      return { outcome, said: reasons.some(({ code }) => code.startsWith('multivariate')) };
    };
    expect(judge('ok')).toEqual({ outcome: 'noDrift', said: false });
    expect(judge('drift')).toEqual({ outcome: 'warn', said: true });
    expect(judge('insufficient')).toEqual({ outcome: 'noDrift', said: true });
  });

  it(`equals the naive restatement in all ${CASES.length} combinations of rule, quality, drift, performance, estimate and detector`, () => {
    expect(CASES).toHaveLength(4 * 4 * 5 * 3 * 5 * 3 * 7);
    const wrong = CASES.flatMap((c) => {
      const { outcome, judged } = judgeWindow(measurementOf(c), policyOf(c));
      const wanted = expected(c);
      return outcome === wanted.outcome && judged === wanted.judged ? [] : [{ c, outcome, judged, wanted }];
    });
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  const judged = CASES.map((c) => ({ c, ...judgeWindow(measurementOf(c), policyOf(c)) }));

  it('says noDrift only on sufficient evidence of all three: quality and performance pass, drift measured and none', () => {
    const passing = judged.filter(({ outcome }) => outcome === 'noDrift');
    expect(passing.length).toBeGreaterThan(100);
    for (const { c } of passing) expect(c).toMatchObject({ quality: 'pass', performance: 'pass', drift: 'noDrift' });
  });

  it('lets an estimate never improve an outcome: without it, or with any other, a window that passes still passes or did before', () => {
    const passes = new Set(judged.filter(({ outcome }) => outcome === 'noDrift').map(({ c }) => JSON.stringify(c)));
    const without = judged.filter(({ c }) => c.estimate === null && !passes.has(JSON.stringify(c)));
    const improved = without.flatMap(({ c }) =>
      ESTIMATE.filter((estimate) => passes.has(JSON.stringify({ ...c, estimate }))),
    );
    expect(without.length).toBeGreaterThan(1000);
    expect(improved).toEqual([]);
  });

  it('lets dataInvalid beat everything and counts such a window for nothing', () => {
    const invalid = judged.filter(({ c }) => c.quality === 'fail');
    expect(invalid).toHaveLength(CASES.length / 4);
    expect(invalid.every(({ outcome, judged: counts }) => outcome === 'dataInvalid' && !counts)).toBe(true);
  });

  it('counts a window without a reference whose performance passes as judged where performance alone is required', () => {
    const c: Case = {
      require: 'performance',
      quality: 'pass',
      drift: null,
      performance: 'pass',
      estimate: null,
      mode: 'off',
      detector: null,
    };
    expect(judgeWindow(measurementOf(c), policyOf(c))).toMatchObject({ outcome: 'insufficient', judged: true });
    expect(judgeWindow(measurementOf({ ...c, quality: 'inconclusive' }), policyOf(c)).judged).toBe(false);
  });

  it('gives the reasons of every family in order and names a missing reference', () => {
    const c: Case = {
      require: 'drift',
      quality: 'pass',
      drift: 'drift',
      performance: 'fail',
      estimate: 'suspicious',
      mode: 'warn',
      detector: 'warn:drift',
    };
    const codes = (x: Case) => judgeWindow(measurementOf(x), policyOf(x)).reasons.map(({ code }) => code);
    expect(codes(c)).toEqual(['quality', 'drift', 'performance', 'estimate', 'detector']);
    expect(codes({ ...c, drift: null })).toContain('drift.noReference');
  });
});
