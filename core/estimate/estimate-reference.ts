/**
 * What an estimate is judged by, measured once on labelled reference rows and stored with the model version: the calibration, the
 * spread of one row's contribution to each metric (for the sampling error) and the range of each metric over healthy chunks.
 *
 * Sampling error of a metric over n rows: σ/√(n·f), with σ the population standard deviation of the metric's observation and f the
 * share of rows that it speaks of, both on the reference. Accuracy: the row is right, f = 1. Precision, recall, specificity: the row
 * is right among ŷ = 1, y = 1, y = 0. F1: 1 for TP, 0 for FP and FN, times m/(TP + ½(FP + FN)) with m = TP + FP + FN, f = m/n. AUC:
 * the share of the larger class that each row of the smaller class is ranked beyond.
 * Thresholds: mean ± 3 population standard deviations of the realised metric over the chunks, cut to [0, 1].
 * Assumes independent rows. Formulas: NannyML 0.13 documentation ("Estimating standard error", "Thresholds").
 */
import { RatchetError } from '../errors';
import { midRanks } from '../performance/auc';
import { assertBinary, assertScores } from './binary-rows';
import { calibrate } from './calibration-map';
import {
  CONFUSION_METRICS,
  confusionMetric,
  expectedAuc,
  type EstimatedMetric,
  type ExpectedConfusion,
} from './expected-confusion';
import { fitCalibration, type CalibrationOptions, type FittedCalibration } from './fit-calibration';
import { confusionFromCounts, countForEstimate } from './score-counts';

export interface MetricReference {
  readonly metric: EstimatedMetric;
  /** σ of one observation and the share f of rows that have one; null: no such row in the reference. */
  readonly spread: { readonly deviation: number; readonly share: number } | null;
  /** Healthy range in [0, 1]; null: defined in fewer than two chunks. */
  readonly thresholds: { readonly low: number; readonly high: number } | null;
  /** The metric in each chunk, in order; null where it is not defined. */
  readonly chunks: readonly (number | null)[];
}

/** Plain JSON. */
export interface EstimateReference {
  readonly rows: number;
  readonly calibration: FittedCalibration;
  readonly metrics: readonly MetricReference[];
}

export interface EstimateReferenceOptions extends CalibrationOptions {
  /**
   * false (default): thresholds from what was realised in each chunk, as NannyML. true: from what is estimated for each chunk with
   * a calibration that has not seen it, which shows how an estimate itself varies in healthy times (narrower).
   */
  readonly leaveChunkOut?: boolean;
}

/** Standard deviations from the mean of the chunks to a threshold. */
const THRESHOLD_DEVIATIONS = 3;

/**
 * @param scores n >= 1 probabilities in [0, 1], in order of time. @param answers @param truths n values 0 or 1.
 * @param chunks how many consecutive chunks of (nearly) equal size, at most n; or one chunk name a row.
 * @throws RatchetError RATCHET_INPUT_INVALID: a bad row (with its index), no row, unequal lengths, a bad number of chunks.
 */
export function buildEstimateReference(
  scores: ArrayLike<number>,
  answers: ArrayLike<number>,
  truths: ArrayLike<number>,
  chunks: number | ArrayLike<number | string> = 10,
  options: EstimateReferenceOptions = {},
): EstimateReference {
  assertScores(scores);
  assertBinary('answer', answers, scores.length);
  assertBinary('truth', truths, scores.length);
  if (scores.length === 0) throw new RatchetError('RATCHET_INPUT_INVALID', 'the reference has no rows');
  const { leaveChunkOut = false, ...calibrationOptions } = options;
  const all = { scores, answers, truths };
  const parts = rowsByChunk(scores.length, chunks);
  const ofChunks = parts.map((rows) =>
    leaveChunkOut ? leftOutEstimates(all, rows, calibrationOptions) : realised(pick(all, rows)),
  );
  const spreads = spreadsOf(all);
  return {
    rows: scores.length,
    calibration: fitCalibration(scores, truths, calibrationOptions),
    metrics: ([...CONFUSION_METRICS, 'auc'] as const).map((metric) => {
      const values = ofChunks.map((chunk) => chunk[metric]);
      return { metric, spread: spreads[metric], thresholds: thresholdsOf(values), chunks: values };
    }),
  };
}

interface ReferenceRows {
  readonly scores: ArrayLike<number>;
  readonly answers: ArrayLike<number>;
  readonly truths: ArrayLike<number>;
}

type MetricValues = Readonly<Record<EstimatedMetric, number | null>>;

function rowsByChunk(rows: number, chunks: number | ArrayLike<number | string>): readonly (readonly number[])[] {
  if (typeof chunks === 'number') {
    if (!Number.isInteger(chunks) || chunks < 1) {
      throw new RatchetError('RATCHET_INPUT_INVALID', `${chunks} is not a number of chunks`);
    }
    const count = Math.min(chunks, rows);
    const parts: number[][] = Array.from({ length: count }, () => []);
    for (let i = 0; i < rows; i++) parts[Math.floor((i * count) / rows)]!.push(i);
    return parts;
  }
  if (chunks.length !== rows) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `${rows} scores but ${chunks.length} chunk names`);
  }
  const parts = new Map<number | string, number[]>();
  for (let i = 0; i < rows; i++) {
    const name = chunks[i]!;
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [i]);
    else part.push(i);
  }
  return [...parts.values()];
}

const pick = (all: ReferenceRows, rows: readonly number[]): ReferenceRows => ({
  scores: rows.map((i) => all.scores[i]!),
  answers: rows.map((i) => all.answers[i]!),
  truths: rows.map((i) => all.truths[i]!),
});

function realisedConfusion({ answers, truths }: ReferenceRows): ExpectedConfusion {
  let truePositive = 0;
  let falsePositive = 0;
  let falseNegative = 0;
  for (let i = 0; i < truths.length; i++) {
    if (answers[i] === 1 && truths[i] === 1) truePositive += 1;
    else if (answers[i] === 1) falsePositive += 1;
    else if (truths[i] === 1) falseNegative += 1;
  }
  const trueNegative = truths.length - truePositive - falsePositive - falseNegative;
  return { truePositive, falsePositive, falseNegative, trueNegative };
}

/** A truth is a probability of 0 or 1, so the expected AUC of truths is the realised one. */
const realised = (rows: ReferenceRows): MetricValues => ({
  ...metricsOfConfusion(realisedConfusion(rows)),
  auc: expectedAuc(rows.scores, rows.truths),
});

const metricsOfConfusion = (confusion: ExpectedConfusion): Omit<MetricValues, 'auc'> => ({
  accuracy: confusionMetric('accuracy', confusion),
  precision: confusionMetric('precision', confusion),
  recall: confusionMetric('recall', confusion),
  specificity: confusionMetric('specificity', confusion),
  f1: confusionMetric('f1', confusion),
});

function leftOutEstimates(all: ReferenceRows, rows: readonly number[], options: CalibrationOptions): MetricValues {
  const left = new Set(rows);
  const others = Array.from({ length: all.scores.length }, (_, i) => i).filter((i) => !left.has(i));
  const rest = pick(all, others);
  const { map } = fitCalibration(rest.scores, rest.truths, options);
  const { scores, answers } = pick(all, rows);
  const probabilities = Array.from(scores, (score) => calibrate(map, score));
  return {
    ...metricsOfConfusion(confusionFromCounts(map, countForEstimate(map, scores, answers))),
    auc: expectedAuc(scores, probabilities),
  };
}

function spreadsOf(rows: ReferenceRows): Readonly<Record<EstimatedMetric, MetricReference['spread']>> {
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn } = realisedConfusion(rows);
  const n = rows.truths.length;
  const proportion = (hits: number, of: number, scale = 1): MetricReference['spread'] =>
    of === 0 ? null : { deviation: scale * Math.sqrt((hits / of) * (1 - hits / of)), share: of / n };
  return {
    accuracy: proportion(tp + tn, n),
    precision: proportion(tp, tp + fp),
    recall: proportion(tp, tp + fn),
    specificity: proportion(tn, tn + fp),
    f1: proportion(tp, tp + fp + fn, (tp + fp + fn) / (tp + 0.5 * (fp + fn))),
    auc: aucSpread(rows),
  };
}

function aucSpread({ scores, truths }: ReferenceRows): MetricReference['spread'] {
  const positives = Array.from(truths).filter((truth) => truth === 1).length;
  const n = truths.length;
  // Observations are the rows of the smaller class; the larger one is what they are ranked against.
  const own = positives * 2 > n ? 0 : 1;
  const owned = own === 1 ? positives : n - positives;
  if (owned === 0) return null;
  const ranks = midRanks(Array.from(scores));
  const rows = Array.from({ length: n }, (_, i) => i).filter((i) => truths[i] === own);
  const within = midRanks(rows.map((i) => scores[i]!));
  const placements = rows.map((row, k) => (ranks[row]! - within[k]!) / (n - owned));
  return { deviation: momentsOf(placements).deviation, share: owned / n };
}

function thresholdsOf(values: readonly (number | null)[]): MetricReference['thresholds'] {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const { mean, deviation } = momentsOf(known);
  return {
    low: Math.max(0, mean - THRESHOLD_DEVIATIONS * deviation),
    high: Math.min(1, mean + THRESHOLD_DEVIATIONS * deviation),
  };
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}
