import type { ArmCounts, Segment } from '../../../core/rollout/evidence';
import { judgeCanary } from '../../../core/rollout/judge-canary';
import { rolloutPolicy } from './canary-fixtures';

const arm = (more: Partial<ArmCounts>): ArmCounts => ({
  keys: 0,
  requests: 0,
  errors: 0,
  slow: 0,
  wrong: 0,
  labelled: 0,
  ...more,
});
const even = (n: number, more: Partial<ArmCounts> = {}): ArmCounts =>
  arm({ keys: n, requests: n, labelled: n, ...more });
const segment = (candidate: ArmCounts, champion: ArmCounts, weight = 1000): Segment => ({
  step: 0,
  weight,
  candidate,
  champion,
});

describe('judgeCanary', () => {
  it('passes equal arms and says so with the numbers', () => {
    const judged = judgeCanary({
      segments: [segment(even(1000, { errors: 10 }), even(9000, { errors: 90 }))],
      policy: rolloutPolicy(),
    });
    expect(judged).toMatchObject({ verdict: 'pass', candidateKeys: 1000, championKeys: 9000, candidateRequests: 1000 });
    expect(judged.reasons[0]?.text).toMatch(/^errors 1 % \(10 of 1000\) against 1 % \(90 of 9000\), E = [\d.]+ < 20$/);
  });

  it('fails at E >= M/alpha: one of one guardrails needs 20, one of three needs 60', () => {
    const segments = [segment(even(1000, { wrong: 30 }), even(9000, { wrong: 100 }))];
    const wrong = { event: 'wrong', ratio: 1 } as const;
    const one = judgeCanary({ segments, policy: rolloutPolicy({ guardrails: [wrong] }) });
    expect(one.verdict).toBe('fail');
    expect(one.guardrails[0]).toMatchObject({ threshold: 20, fired: true, candidateTotal: 1000, championTotal: 9000 });
    expect(one.reasons[0]).toMatchObject({ code: 'guardrail.wrong', expected: 20 });
    const three = judgeCanary({
      segments: [segment(even(1000, { wrong: 24 }), even(9000, { wrong: 100 }))],
      policy: rolloutPolicy({ guardrails: [wrong, { event: 'error', ratio: 1 }, { event: 'slow', ratio: 1.25 }] }),
    });
    expect(three.guardrails.map((g) => g.threshold)).toEqual([60, 60, 60]);
    expect(three.guardrails[0]?.e).toBeGreaterThan(20);
    expect(three.guardrails[0]?.e).toBeLessThan(60);
    expect(three.verdict).toBe('pass');
  });

  it('does not fire on an incident that hits both arms five times (scenario 22)', () => {
    const segments = [
      segment(even(1000, { errors: 5 }), even(9000, { errors: 45 })),
      segment(even(1000, { errors: 25 }), even(9000, { errors: 225 })),
    ];
    expect(judgeCanary({ segments, policy: rolloutPolicy() }).verdict).toBe('pass');
  });

  it.each([
    ['no segment', []],
    ['no key on the candidate', [segment(arm({}), even(50))]],
    ['no key on the champion', [segment(even(10), arm({}))]],
  ])('is inconclusive with %s', (_, segments) => {
    const judged = judgeCanary({ segments, policy: rolloutPolicy() });
    expect(judged).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'canary.noData' }] });
  });

  it('is inconclusive when a guardrail on wrong answers has no mature label on the candidate', () => {
    const judged = judgeCanary({
      segments: [segment(even(1000, { labelled: 0 }), even(9000))],
      policy: rolloutPolicy({ guardrails: [{ event: 'wrong', ratio: 1 }] }),
    });
    expect(judged).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'guardrail.wrong.noData' }] });
  });

  it('is inconclusive on a sample ratio mismatch (12 % of 20,000 keys at weight 10 %), and says the shares', () => {
    const judged = judgeCanary({ segments: [segment(even(2400), even(17_600))], policy: rolloutPolicy() });
    expect(judged).toMatchObject({ verdict: 'inconclusive', srm: { fired: true } });
    expect(judged.reasons[0]?.text).toContain('12 % of 20000 keys where 10 % were due');
    const off = judgeCanary({
      segments: [segment(even(2400), even(17_600))],
      policy: rolloutPolicy({ srmBayesFactor: null }),
    });
    expect(off.verdict).toBe('pass');
  });

  it.each([
    [{ keys: -1 }],
    [{ requests: 1.5 }],
    [{ errors: Number.NaN }],
    [{ requests: 5, errors: 9 }],
    [{ labelled: 1, wrong: 2 }],
  ])('gives error, never pass, for the impossible counts %j', (counts) => {
    const judged = judgeCanary({ segments: [segment(arm(counts), arm({}))], policy: rolloutPolicy() });
    expect(judged).toMatchObject({ verdict: 'error', reasons: [{ code: 'canary.counts' }] });
  });

  it('gives plain JSON without Infinity or NaN, also at overwhelming evidence', () => {
    const judged = judgeCanary({
      segments: [segment(even(100_000, { errors: 90_000 }), even(900_000, { errors: 1 }))],
      policy: rolloutPolicy(),
    });
    expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
    expect(judged.verdict).toBe('fail');
  });
});
