/**
 * Is the candidate's loss larger than the champion's on the *same* requests?
 *
 * Betting e-processes on paired differences D = loss(candidate) − loss(champion), clipped to [−B, B] (rollout.md §3.3 c;
 * Waudby-Smith & Ramdas, arXiv:2010.09686):
 *
 *     E_worse = mean_j Π_i [1 + λ_j·D_i / B]                    E_worse >= 1/α rejects "mean D <= 0"
 *     E_ok(m) = mean_j Π_i [1 + λ_j·(m − D_i) / (B + m)]        E_ok >= 1/α certifies "worse by less than m"
 *
 * with λ ∈ {.002 … .8}. Valid at every look. With a fixed λ grid the product does not depend on the order of the rows, so E
 * is the same for any order in which labels arrived; sums are taken over sorted differences to make that exact to the bit.
 *
 * Assumes: a row's chance of being labelled and mature does not depend on its outcome, so callers give only cohorts older than
 * the label horizon. Rows of one hour may move together: `clusterBy: 'hour'` averages them first.
 */
import { RatchetError } from '../errors';
import type { EpochMs, Task } from '../model';
import type { ShadowPolicy } from '../policy';
import type { PairedRow } from './evidence';
import { boundedExp, logMeanExp } from './log-mean-exp';

export type PairedLoss = ShadowPolicy['loss'];

export interface PairedLossQuestion {
  readonly rows: readonly PairedRow[];
  readonly loss: PairedLoss;
  readonly task: Task;
  /** Binary: [negative, positive]. */
  readonly classes: readonly string[];
  /** Binary: positive when score >= threshold; used where an answer carries no label. */
  readonly threshold: number;
  /** m: largest acceptable mean difference, in units of the loss, >= 0. */
  readonly margin: number;
  /** B; null: from the loss. Required for squared and absolute loss of a regression. */
  readonly clip: number | null;
  readonly clusterBy: 'none' | 'hour';
}

export interface PairedLossEvidence {
  /** Usable pairs. */
  readonly n: number;
  /** Units that were bet on: pairs, or complete hours. */
  readonly units: number;
  /** Pairs with a score that is no number or a truth that is no class. They are never passed over in silence. */
  readonly unusable: number;
  /** Mean of the unclipped differences over pairs; null without pairs. Above 0: the candidate is worse. */
  readonly meanDifference: number | null;
  readonly championLoss: number | null;
  readonly candidateLoss: number | null;
  /** ln E_worse and ln E_ok(margin); 0 without evidence. */
  readonly logEWorse: number;
  readonly logEOk: number;
  readonly eWorse: number;
  readonly eOk: number;
  /** B as used. */
  readonly clip: number;
  /** Share of pairs whose difference was clipped. */
  readonly clippedShare: number;
}

const BETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8];
/** Log-loss clips probabilities to [.02, .98], so that one confident error cannot outweigh thousands of rows. */
const PROBABILITY_FLOOR = 0.02;
const HOUR_MS = 3_600_000;

/**
 * Evidence over all rows. Throws RATCHET_POLICY_INVALID when the loss does not fit the task or lacks its clip.
 */
export function assessPairedLoss(question: PairedLossQuestion): PairedLossEvidence {
  const clip = clipOf(question);
  if (!(question.margin >= 0 && Number.isFinite(question.margin))) {
    throw new RatchetError('RATCHET_POLICY_INVALID', `shadow.margin must be a number >= 0, got ${question.margin}`);
  }
  const pairs: Pair[] = [];
  for (const row of question.rows) {
    const champion = lossOf(question, row.championScore, row.championLabel, row.truth);
    const candidate = lossOf(question, row.candidateScore, row.candidateLabel, row.truth);
    if (champion === null || candidate === null) continue;
    pairs.push({ champion, candidate, difference: candidate - champion, occurredAt: row.occurredAt });
  }
  pairs.sort((a, b) => a.difference - b.difference || a.champion - b.champion || a.occurredAt - b.occurredAt);
  const clipped = (p: Pair): number => Math.max(-clip, Math.min(clip, p.difference));
  const units = question.clusterBy === 'hour' ? hourlyMeans(pairs, clipped) : pairs.map(clipped);
  const logEWorse = logWealth(units, (d) => d / clip);
  const logEOk = logWealth(units, (d) => (question.margin - d) / (clip + question.margin));
  return {
    n: pairs.length,
    units: units.length,
    unusable: question.rows.length - pairs.length,
    meanDifference: mean(pairs.map((p) => p.difference)),
    championLoss: mean(pairs.map((p) => p.champion)),
    candidateLoss: mean(pairs.map((p) => p.candidate)),
    logEWorse,
    logEOk,
    eWorse: boundedExp(logEWorse),
    eOk: boundedExp(logEOk),
    clip,
    clippedShare: mean(pairs.map((p) => (Math.abs(p.difference) > clip ? 1 : 0))) ?? 0,
  };
}

interface Pair {
  readonly champion: number;
  readonly candidate: number;
  readonly difference: number;
  readonly occurredAt: EpochMs;
}

/** ln of the mean wealth over the bets; each unit's gain lies in [−1, 1], so with λ <= .8 no bet can go broke. */
function logWealth(units: readonly number[], gain: (difference: number) => number): number {
  if (units.length === 0) return 0;
  return logMeanExp(BETS.map((bet) => units.reduce((sum, d) => sum + Math.log1p(bet * gain(d)), 0)));
}

/**
 * Means by hour of `occurredAt`, sorted. The newest hour is left out: it may still grow, and a unit that changes after it was
 * bet on would void the bound.
 */
function hourlyMeans(pairs: readonly Pair[], value: (p: Pair) => number): number[] {
  const sums = new Map<number, { total: number; count: number }>();
  for (const pair of pairs) {
    const hour = Math.floor(pair.occurredAt / HOUR_MS);
    const entry = sums.get(hour) ?? { total: 0, count: 0 };
    sums.set(hour, { total: entry.total + value(pair), count: entry.count + 1 });
  }
  const newest = [...sums.keys()].reduce((max, hour) => Math.max(max, hour), Number.NEGATIVE_INFINITY);
  sums.delete(newest);
  return [...sums.values()].map(({ total, count }) => total / count).sort((a, b) => a - b);
}

function clipOf({ loss, task, clip }: PairedLossQuestion): number {
  if (!LOSSES_OF[task].includes(loss)) {
    throw new RatchetError(
      'RATCHET_POLICY_INVALID',
      `shadow.loss ${loss} does not fit a ${task} task: use ${LOSSES_OF[task].join(', ')}`,
    );
  }
  if (clip !== null) {
    if (clip > 0 && Number.isFinite(clip)) return clip;
    throw new RatchetError('RATCHET_POLICY_INVALID', `shadow.clip must be a number > 0 or null, got ${clip}`);
  }
  if (loss === 'logLoss') return Math.log((1 - PROBABILITY_FLOOR) / PROBABILITY_FLOOR);
  if (task !== 'regression') return 1;
  throw new RatchetError(
    'RATCHET_POLICY_INVALID',
    `shadow.clip is needed for ${loss} loss: the largest difference that may count, e.g. the champion's 99.5 % quantile of it`,
  );
}

/** Losses by task. A multiclass pair carries only the winning class's probability, so only 0–1 loss is proper there. */
const LOSSES_OF: Readonly<Record<Task, readonly PairedLoss[]>> = {
  binary: ['logLoss', 'brier', 'zeroOne', 'squared', 'absolute'],
  multiclass: ['zeroOne'],
  regression: ['squared', 'absolute'],
};

/** null: the row cannot be used. */
function lossOf(question: PairedLossQuestion, score: number, label: string | null, truth: string): number | null {
  if (!Number.isFinite(score)) return null;
  const { loss, task, classes, threshold } = question;
  if (task === 'regression') {
    const y = truth.trim() === '' ? Number.NaN : Number(truth);
    if (!Number.isFinite(y)) return null;
    return loss === 'squared' ? (score - y) ** 2 : Math.abs(score - y);
  }
  if (!classes.includes(truth)) return null;
  if (loss === 'zeroOne') {
    const answer = label ?? (task === 'binary' ? classes[score >= threshold ? 1 : 0] : undefined);
    return answer === undefined ? null : Number(answer !== truth);
  }
  if (score < 0 || score > 1) return null;
  const y = truth === classes[1] ? 1 : 0;
  if (loss === 'absolute') return Math.abs(score - y);
  if (loss !== 'logLoss') return (score - y) ** 2;
  const p = Math.max(PROBABILITY_FLOOR, Math.min(1 - PROBABILITY_FLOOR, score));
  return y === 1 ? -Math.log(p) : -Math.log1p(-p);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
}
