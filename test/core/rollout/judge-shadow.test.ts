import type { PairedRow } from '../../../core/rollout/evidence';
import { judgeShadow, type ShadowEvidence } from '../../../core/rollout/judge-shadow';
import { judgeWatch } from '../../../core/rollout/watch';
import { seededRandom } from './seeded-random';

const HOUR = 3_600_000;
/** Rows whose candidate is closer to the truth by `gain` in probability (negative: farther). */
function pairs(n: number, gain: number): PairedRow[] {
  const random = seededRandom(5);
  return Array.from({ length: n }, (_, i) => {
    const late = random() < 0.3;
    const champion = late ? 0.6 : 0.3;
    return {
      championScore: champion,
      championLabel: 'x',
      candidateScore: champion + (late ? gain : -gain),
      candidateLabel: 'x',
      truth: late ? 'late' : 'ok',
      occurredAt: i,
    };
  });
}
const evidence = (
  more: Partial<ShadowEvidence> = {},
  policy: Partial<ShadowEvidence['policy']> = {},
): ShadowEvidence => ({
  pairs: pairs(500, 0.1),
  counts: { requests: 500, errors: 0, dropped: 0, disagreements: 20 },
  policy: {
    share: 10_000,
    minMs: HOUR,
    maxMs: 24 * HOUR,
    loss: 'logLoss',
    margin: 0.01,
    clip: null,
    clusterBy: 'none',
    alpha: 0.05,
    minPairs: 200,
    maxErrorShare: 0.01,
    ...policy,
  },
  task: 'binary',
  classes: ['ok', 'late'],
  threshold: 0.5,
  elapsedMs: 2 * HOUR,
  ...more,
});
const codes = (e: ShadowEvidence): (string | boolean)[] => {
  const { verdict, final, reasons } = judgeShadow(e);
  return [verdict, final, ...reasons.map((r) => r.code)];
};

describe('judgeShadow', () => {
  it('passes a better challenger with the certificate, the pairs and the time, and is final', () => {
    const judged = judgeShadow(evidence());
    expect(judged).toMatchObject({ verdict: 'pass', final: true, evidenceThreshold: 20 });
    expect(judged.pairs?.eOk).toBeGreaterThanOrEqual(20);
    expect(judged.reasons[0]?.text).toMatch(/^logLoss 0\.\d+ → 0\.\d+ \(-0\.\d+\) on 500 pairs: certified/);
  });

  it('fails a worse challenger at once, before the shortest time, and is final', () => {
    expect(codes(evidence({ pairs: pairs(500, -0.2), elapsedMs: 1000 }))).toEqual(['fail', true, 'shadow.worse']);
  });

  it('fails when errors are beyond doubt above the allowed share, and only then', () => {
    const counts = { requests: 500, errors: 30, dropped: 0, disagreements: 0 };
    expect(codes(evidence({ counts }))).toEqual(['fail', true, 'shadow.errors']);
    expect(codes(evidence({ counts: { ...counts, errors: 7 } }))).toEqual(['inconclusive', false, 'shadow.errors']);
  });

  it.each([
    ['pairs below the minimum', evidence({}, { minPairs: 501 }), ['shadow.pairs']],
    ['too short a time', evidence({ elapsedMs: HOUR - 1 }), ['shadow.time']],
    ['no certificate', evidence({ pairs: pairs(500, 0) }, { margin: 0.001 }), ['shadow.certificate']],
    ['no label', evidence({ pairs: [] }), ['shadow.pairs', 'shadow.certificate']],
    [
      'no traffic',
      evidence({ pairs: [], counts: { requests: 0, errors: 0, dropped: 9, disagreements: 0 } }),
      ['shadow.noTraffic', 'shadow.pairs', 'shadow.certificate'],
    ],
  ])('is inconclusive, not final, and names what is missing with %s', (_, e, missing) => {
    expect(codes(e)).toEqual(['inconclusive', false, ...missing]);
  });

  it('becomes final without a verdict when the longest time has passed', () => {
    expect(codes(evidence({ pairs: [], elapsedMs: 24 * HOUR }))).toEqual([
      'inconclusive',
      true,
      'shadow.pairs',
      'shadow.certificate',
      'shadow.overdue',
    ]);
  });

  it('gives error, never pass, for a score that is no number and for impossible counts', () => {
    const broken = pairs(500, 0.1).map((p, i) => (i === 7 ? { ...p, candidateScore: Number.NaN } : p));
    expect(codes(evidence({ pairs: broken }))).toEqual(['error', false, 'shadow.unusable']);
    const counts = { requests: 1, errors: 2, dropped: 0, disagreements: 0 };
    expect(codes(evidence({ counts }))).toEqual(['error', false, 'shadow.counts']);
  });
});

describe('judgeWatch', () => {
  const policy = { watchMaxErrorShare: 0.02, alpha: 0.05 };
  it.each([
    [0, 0, 'inconclusive', 'watch.noTraffic'],
    [1000, 0, 'pass', 'watch.errors'],
    [1000, 25, 'pass', 'watch.errors'],
    [1000, 60, 'fail', 'watch.errors'],
    [3, 5, 'error', 'watch.counts'],
    [Number.NaN, 0, 'error', 'watch.counts'],
  ])('%d requests with %d errors against 2 %%: %s', (requests, errors, verdict, code) => {
    expect(judgeWatch({ requests, errors, policy })).toMatchObject({ verdict, reasons: [{ code }] });
  });
});
