/**
 * Is a bad event more frequent on the candidate than on the champion over the same interval?
 *
 * A mixture e-process on events (rollout.md §3.3 a; Lindon & Malek, NeurIPS 2022, arXiv:2011.03567). In a segment of
 * constant weight w an event falls on the candidate with probability θ_w(r) = w·r / (w·r + 1 − w), where r is the ratio
 * of the two rates. With a_k, b_k events on candidate and champion in segment k:
 *
 *     ln L(r) = Σ_k a_k·ln[θ_k(r)/θ_k(r0)] + b_k·ln[(1 − θ_k(r))/(1 − θ_k(r0))],   E = mean_j exp(ln L(r_j))
 *
 * E >= 1/α rejects "ratio <= r0" with a false alarm probability of at most α **however often one looks** (Ville). What
 * hits both arms alike (an incident, the time of day) cancels, and evidence carries over weight changes.
 *
 * Assumes: assignment is random and independent of the event (sticky hash of the key), and one event a key and run; counting
 * requests of sticky keys gives 27–34 % false alarms at α = 5 %. Cost is counted in events, not requests: ratio 2 at 10 %
 * takes about 115 events.
 */
import { RatchetError } from '../errors';
import { boundedExp, logMeanExp } from './log-mean-exp';

/** Events of one kind in an interval of constant weight. */
export interface EventSegment {
  /** Share of the candidate, basis points 0–10000. At 0 and 10000 one arm is empty: no information. */
  readonly weight: number;
  /** Events on the candidate, a whole number >= 0. */
  readonly candidate: number;
  readonly champion: number;
}

export interface BadEventQuestion {
  readonly segments: readonly EventSegment[];
  /** The ratio under test, > 0: r0 of {@link assessBadEvents}, r1 of {@link certifyRatioBelow}. */
  readonly ratio: number;
}

export interface BadEventEvidence {
  /** ln E. 0 without evidence. */
  readonly logE: number;
  /** E, at most exp(700) so that it stays a number in JSON. */
  readonly e: number;
  /** Any-time p-value of this look, min(1, 1/E). Over several looks the smallest counts. */
  readonly pAlways: number;
  readonly candidateEvents: number;
  readonly championEvents: number;
}

/** Points of the mixture, equal weights. */
const GRID_POINTS = 40;
/** Largest ratio that the mixture bets on, and the smallest one for the certificate. */
const LARGEST_RATIO = 20;
const SMALLEST_RATIO = 0.05;

/**
 * Evidence that the rate ratio candidate : champion exceeds `ratio` (r0). Reject "ratio <= r0" when E >= 1/α, with M
 * guardrails when E >= M/α. Throws RATCHET_INPUT_INVALID for counts or weights that cannot be.
 */
export function assessBadEvents(question: BadEventQuestion): BadEventEvidence {
  const { ratio: r0 } = question;
  const top = Math.max(LARGEST_RATIO, 4 * r0);
  const step = Math.log(top / r0) / GRID_POINTS;
  // Log-spaced in (r0, top]: r0 itself bets nothing.
  return assess(question, (j) => r0 * Math.exp(step * (j + 1)));
}

/**
 * Evidence that the rate ratio is below `ratio` (r1): certify when E >= 1/α. Same process with the mixture on
 * [0.05, r1) and r1 in the place of r0.
 */
export function certifyRatioBelow(question: BadEventQuestion): BadEventEvidence {
  const { ratio: r1 } = question;
  const bottom = Math.min(SMALLEST_RATIO, r1 / 4);
  const step = Math.log(r1 / bottom) / GRID_POINTS;
  return assess(question, (j) => bottom * Math.exp(step * j));
}

function assess({ segments, ratio }: BadEventQuestion, gridPoint: (j: number) => number): BadEventEvidence {
  if (!(ratio > 0 && Number.isFinite(ratio))) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `a rate ratio must be a number > 0, got ${ratio}`);
  }
  for (const segment of segments) requireCounts(segment);
  const logLikelihoods = Array.from({ length: GRID_POINTS }, (_, j) =>
    logLikelihoodRatio(segments, gridPoint(j), ratio),
  );
  const logE = logMeanExp(logLikelihoods);
  return {
    logE,
    e: boundedExp(logE),
    pAlways: Math.min(1, boundedExp(-logE)),
    candidateEvents: segments.reduce((sum, s) => sum + s.candidate, 0),
    championEvents: segments.reduce((sum, s) => sum + s.champion, 0),
  };
}

/**
 * ln L(r) against r0. Both terms of an event share −ln[(w·r + 1 − w)/(w·r0 + 1 − w)]; a candidate event adds ln(r/r0).
 */
function logLikelihoodRatio(segments: readonly EventSegment[], r: number, r0: number): number {
  let sum = 0;
  for (const { weight, candidate, champion } of segments) {
    // With one arm empty every event falls on the other for any ratio.
    if (weight <= 0 || weight >= 10_000) continue;
    const w = weight / 10_000;
    const share = Math.log1p(w * (r - 1)) - Math.log1p(w * (r0 - 1));
    sum += candidate * Math.log(r / r0) - (candidate + champion) * share;
  }
  return sum;
}

function requireCounts({ weight, candidate, champion }: EventSegment): void {
  const whole = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
  if (whole(candidate) && whole(champion) && weight >= 0 && weight <= 10_000) return;
  throw new RatchetError(
    'RATCHET_INPUT_INVALID',
    `a segment needs whole counts >= 0 and a weight of 0–10000 basis points, got ${candidate} and ${champion} events at weight ${weight}`,
  );
}
