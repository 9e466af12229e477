import type { PairedRow } from '../../../core/rollout/evidence';
import { assessPairedLoss, type PairedLossQuestion } from '../../../core/rollout/paired-loss';
import { seededRandom } from './seeded-random';

const row = (championScore: number, candidateScore: number, truth: string, occurredAt = 0): PairedRow => ({
  championScore,
  championLabel: championScore >= 0.5 ? 'late' : 'ok',
  candidateScore,
  candidateLabel: candidateScore >= 0.5 ? 'late' : 'ok',
  truth,
  occurredAt,
});
const ask = (rows: readonly PairedRow[], more: Partial<PairedLossQuestion> = {}): PairedLossQuestion => ({
  rows,
  loss: 'logLoss',
  task: 'binary',
  classes: ['ok', 'late'],
  threshold: 0.5,
  margin: 0.01,
  clip: null,
  clusterBy: 'none',
  ...more,
});

/** Rows with base rate about 18 %; the candidate's logit is shifted by `harm` towards the wrong side, plus noise. */
function simulate(random: () => number, n: number, harm: number): PairedRow[] {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const noise = (): number => (random() + random() + random() - 1.5) * 0.6;
  return Array.from({ length: n }, () => {
    const logit = -1.9 + noise() * 3;
    const truth = random() < sigmoid(logit) ? 'late' : 'ok';
    return row(sigmoid(logit + noise()), sigmoid(logit + noise() + harm * (truth === 'late' ? -1 : 1)), truth);
  });
}

describe('assessPairedLoss', () => {
  it('gives E = 1 and no mean without rows', () => {
    const evidence = assessPairedLoss(ask([]));
    expect(evidence).toMatchObject({
      n: 0,
      units: 0,
      meanDifference: null,
      logEWorse: 0,
      logEOk: 0,
      eWorse: 1,
      eOk: 1,
    });
  });

  it('equals the formula written out for two rows', () => {
    const d1 = Math.log(0.8 / 0.6); // truth late: champion .8, candidate .6
    const d2 = Math.log(0.9 / 0.95); // truth ok: champion .1, candidate .05
    const clip = Math.log(0.98 / 0.02);
    const bets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8];
    const worse = bets.map((b) => (1 + (b * d1) / clip) * (1 + (b * d2) / clip));
    const ok = bets.map((b) => (1 + (b * (0.01 - d1)) / (clip + 0.01)) * (1 + (b * (0.01 - d2)) / (clip + 0.01)));
    const mean = (xs: number[]): number => xs.reduce((s, x) => s + x, 0) / xs.length;
    const evidence = assessPairedLoss(ask([row(0.8, 0.6, 'late'), row(0.1, 0.05, 'ok')]));
    expect(evidence.eWorse).toBeCloseTo(mean(worse), 12);
    expect(evidence.eOk).toBeCloseTo(mean(ok), 12);
    expect(evidence.meanDifference).toBeCloseTo((d1 + d2) / 2, 12);
    expect(evidence.clip).toBeCloseTo(3.8918, 4);
  });

  it('certifies an equal candidate within some thousand rows and does not find it worse', () => {
    const evidence = assessPairedLoss(ask(simulate(seededRandom(1), 6000, 0)));
    expect(evidence.eOk).toBeGreaterThanOrEqual(20);
    expect(evidence.eWorse).toBeLessThan(20);
  });

  it('finds a broken candidate (mean difference above +.1) worse within 600 rows and does not certify it', () => {
    const evidence = assessPairedLoss(ask(simulate(seededRandom(2), 600, 0.9)));
    expect(evidence.meanDifference).toBeGreaterThan(0.1);
    expect(evidence.eWorse).toBeGreaterThanOrEqual(20);
    expect(evidence.eOk).toBeLessThan(1);
  });

  it('finds an equal candidate worse in at most 5 % of 200 runs looked at every 20 of 400 rows', () => {
    const random = seededRandom(3);
    let alarms = 0;
    for (let run = 0; run < 200; run += 1) {
      const rows = simulate(random, 400, 0);
      const fired = Array.from(
        { length: 20 },
        (_, k) => assessPairedLoss(ask(rows.slice(0, (k + 1) * 20))).eWorse >= 20,
      );
      if (fired.includes(true)) alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(10);
  });

  it('counts a score that is no number and a truth that is no class as unusable, and bets on neither', () => {
    const evidence = assessPairedLoss(
      ask([row(0.2, Number.NaN, 'ok'), row(0.2, 0.3, 'diverted'), row(0.2, 0.3, 'ok')]),
    );
    expect(evidence).toMatchObject({ n: 1, unusable: 2 });
  });

  it('averages hours and leaves the newest hour out, which may still grow', () => {
    const hour = 3_600_000;
    const rows = [row(0.2, 0.4, 'ok', 1), row(0.2, 0.6, 'ok', 2), row(0.2, 0.3, 'ok', hour + 1)];
    const evidence = assessPairedLoss(ask(rows, { clusterBy: 'hour', loss: 'brier' }));
    const d = (0.12 + 0.32) / 2;
    expect(evidence).toMatchObject({ n: 3, units: 1 });
    const bets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8];
    expect(evidence.eWorse).toBeCloseTo(bets.reduce((s, b) => s + 1 + b * d, 0) / bets.length, 12);
  });

  it.each([
    ['zeroOne', 'binary', null, row(0.2, 0.6, 'ok'), 1],
    ['absolute', 'regression', 10, { ...row(3, 5, '4.5'), championLabel: null, candidateLabel: null }, -1],
    ['squared', 'regression', 10, { ...row(3, 5, '4'), championLabel: null, candidateLabel: null }, 0],
    ['brier', 'binary', null, row(0.5, 1, 'late'), -0.25],
  ] as const)('%s loss of a %s task, clip %s: the difference is as computed by hand', (loss, task, clip, pair, d) => {
    expect(assessPairedLoss(ask([pair], { loss, task, clip })).meanDifference).toBeCloseTo(d, 12);
  });

  it.each([
    [{ loss: 'squared', task: 'regression', clip: null }, 'shadow.clip is needed'],
    [{ loss: 'logLoss', task: 'regression', clip: 1 }, 'does not fit a regression task'],
    [{ loss: 'logLoss', task: 'multiclass', clip: null }, 'does not fit a multiclass task'],
    [{ loss: 'brier', clip: 0 }, 'shadow.clip must be'],
    [{ margin: Number.NaN }, 'shadow.margin must be'],
  ] as const)('refuses %j: %s', (more, text) => {
    expect(() => assessPairedLoss(ask([], more))).toThrow(
      expect.objectContaining({ code: 'RATCHET_POLICY_INVALID', message: expect.stringContaining(text) }),
    );
  });
});
