import { brierOfRow, logLossOfRow } from '../performance/probability-loss';
import { CALIBRATION_BINS, calibrationBin } from '../performance/count';
import type { LabelledRows } from '../performance/labelled-rows';
import type { MetricName } from '../policy';

/** Rows grouped by what moves together. */
export interface Clusters {
  /** Cluster of each row, 0 … count − 1. */
  readonly ofRow: Uint32Array;
  readonly count: number;
}

/** A metric of the rows when cluster c is taken `weights[c]` times; NaN where it is undefined (no positives drawn, …). */
export type ClusterStatistic = (weights: ArrayLike<number>) => number;

/** Clusters by name, numbered in order of first appearance. */
export function groupClusters(names: readonly string[]): Clusters {
  const numbers = new Map<string, number>();
  const ofRow = Uint32Array.from(names, (name) => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  });
  return { ofRow, count: numbers.size };
}

/** Each row its own cluster: what a bound that ignores the days would say. */
export const everyRowAlone = (rows: number): Clusters => ({
  ofRow: Uint32Array.from({ length: rows }, (_, i) => i),
  count: rows,
});

/**
 * Prepares a metric for resampling. All but AUC are a ratio of two sums over rows (RMSE its root), so they are summed once
 * a cluster and a resample costs O(clusters). AUC is sorted once and a resample costs O(rows): 12,000 rows × 2,000
 * resamples about 0.3 s. null where the metric has no resampled form: macro averages of multiclass, or another task's.
 */
export function clusterStatistic(metric: MetricName, rows: LabelledRows, clusters: Clusters): ClusterStatistic | null {
  if (metric === 'auc') return rows.task === 'binary' ? aucStatistic(rows.truth, rows.score, clusters) : null;
  if (metric === 'calibrationError') return rows.task === 'binary' ? calibrationStatistic(rows, clusters) : null;
  const parts = ratioParts(metric, rows);
  if (parts === null) return null;
  const numerator = new Float64Array(clusters.count);
  const denominator = new Float64Array(clusters.count);
  clusters.ofRow.forEach((cluster, row) => {
    const part = parts(row);
    numerator[cluster]! += part.numerator;
    denominator[cluster]! += part.denominator;
  });
  const root = metric === 'rmse';
  return (weights) => {
    let top = 0;
    let bottom = 0;
    for (let c = 0; c < numerator.length; c++) {
      const weight = weights[c]!;
      top += weight * numerator[c]!;
      bottom += weight * denominator[c]!;
    }
    const ratio = bottom > 0 ? top / bottom : NaN;
    return root ? Math.sqrt(ratio) : ratio;
  };
}

interface RatioPart {
  readonly numerator: number;
  readonly denominator: number;
}

function ratioParts(metric: MetricName, rows: LabelledRows): ((row: number) => RatioPart) | null {
  const mean = (loss: (row: number) => number): ((row: number) => RatioPart) => {
    return (row) => ({ numerator: loss(row), denominator: 1 });
  };
  switch (rows.task) {
    case 'regression': {
      const error = (row: number): number => rows.score[row]! - rows.truth[row]!;
      if (metric === 'mae') return mean((row) => Math.abs(error(row)));
      if (metric === 'mape') {
        return (row) => {
          const truth = Math.abs(rows.truth[row]!);
          return truth === 0
            ? { numerator: 0, denominator: 0 }
            : { numerator: Math.abs(error(row)) / truth, denominator: 1 };
        };
      }
      return metric === 'rmse' || metric === 'mse' ? mean((row) => error(row) ** 2) : null;
    }
    case 'multiclass':
      return metric === 'accuracy' || metric.endsWith('Micro')
        ? mean((row) => Number(rows.truth[row] === rows.answer[row]))
        : null;
    case 'binary': {
      const truth = (row: number): number => Number(rows.truth[row]);
      const answer = (row: number): number => Number(rows.answer[row]);
      const both = (row: number): number => truth(row) * answer(row);
      if (metric === 'logLoss') return mean((row) => logLossOfRow(rows.truth[row]!, rows.score[row]!));
      if (metric === 'brier') return mean((row) => brierOfRow(rows.truth[row]!, rows.score[row]!));
      if (metric === 'accuracy') return mean((row) => Number(truth(row) === answer(row)));
      if (metric === 'precision') return (row) => ({ numerator: both(row), denominator: answer(row) });
      if (metric === 'recall') return (row) => ({ numerator: both(row), denominator: truth(row) });
      if (metric === 'fpr') {
        return (row) => ({ numerator: (1 - truth(row)) * answer(row), denominator: 1 - truth(row) });
      }
      // F1 = 2TP / (2TP + FP + FN), and truth + answer counts a true positive twice.
      if (metric === 'f1') return (row) => ({ numerator: 2 * both(row), denominator: truth(row) + answer(row) });
      return null;
    }
  }
}

/** Σ |Σ (score − outcome) of a bin| / rows: the sums of bins are kept by cluster. */
function calibrationStatistic(rows: LabelledRows & { task: 'binary' }, clusters: Clusters): ClusterStatistic {
  const gaps = new Float64Array(clusters.count * CALIBRATION_BINS);
  const sizes = new Float64Array(clusters.count);
  clusters.ofRow.forEach((cluster, row) => {
    const score = rows.score[row]!;
    gaps[cluster * CALIBRATION_BINS + calibrationBin(score)]! += score - Number(rows.truth[row]);
    sizes[cluster]! += 1;
  });
  return (weights) => {
    const bins = new Float64Array(CALIBRATION_BINS);
    let count = 0;
    for (let c = 0; c < sizes.length; c++) {
      const weight = weights[c]!;
      count += weight * sizes[c]!;
      for (let b = 0; b < CALIBRATION_BINS; b++) bins[b]! += weight * gaps[c * CALIBRATION_BINS + b]!;
    }
    return count > 0 ? bins.reduce((sum, gap) => sum + Math.abs(gap), 0) / count : NaN;
  };
}

function aucStatistic(truth: readonly boolean[], score: readonly number[], clusters: Clusters): ClusterStatistic {
  const order = Uint32Array.from(score.keys()).sort((a, b) => score[a]! - score[b]!);
  const cluster = Uint32Array.from(order, (row) => clusters.ofRow[row]!);
  const positive = Uint8Array.from(order, (row) => Number(truth[row]));
  const lastOfTie = Uint8Array.from(order, (row, i) =>
    Number(i + 1 === order.length || score[order[i + 1]!] !== score[row]),
  );
  return (weights) => {
    let wins = 0;
    let positives = 0;
    let negatives = 0;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    for (let i = 0; i < cluster.length; i++) {
      const weight = weights[cluster[i]!]!;
      if (positive[i] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
      if (lastOfTie[i] === 0) continue;
      wins += tiedPositives * (negatives + tiedNegatives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      tiedPositives = 0;
      tiedNegatives = 0;
    }
    return positives > 0 && negatives > 0 ? wins / (positives * negatives) : NaN;
  };
}
