/**
 * Sufficient statistics of answers and their labels: what PostgreSQL sums up for a window, and what the metrics and their
 * intervals are computed from. All parts add up over disjoint rows, except `ranks`. Plain JSON.
 */
export interface PerformanceCounts {
  readonly schemaVersion: 1;
  readonly rows: number;
  /** Rows with a truth and an answer that the task knows. */
  readonly labelled: number;
  /** Rows with a truth or an answer that it does not know; they count as unlabelled. */
  readonly invalid: number;
  /** confusion[truth][answer] in the order of the contract's classes; null: regression. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Losses by row, labelled rows: those that the task has. */
  readonly losses: Readonly<Partial<Record<RowLoss, LossSums>>>;
  /** Binary: how scores rank the classes. null: not binary or a class is absent. */
  readonly ranks: RankSums | null;
  /** Binary: 10 bins of the score, [0, .1), …, [.9, 1]; null: not binary. */
  readonly calibration: readonly CalibrationBin[] | null;
}

/** `absolutePercentage`: |y − ŷ| / |y| over rows with y ≠ 0. `zeroOne` is in the confusion. */
export type RowLoss = 'logLoss' | 'brier' | 'squared' | 'absolute' | 'absolutePercentage';

export interface LossSums {
  readonly n: number;
  readonly sum: number;
  readonly sumSquares: number;
}

/**
 * Placement values: of a positive, the share of negatives scored below it (ties half); of a negative, the share of positives
 * above it. AUC is the mean of either; DeLong's variance needs the sums of squares.
 */
export interface RankSums {
  readonly positives: number;
  readonly negatives: number;
  /** Sum over positives of their placement values: AUC × positives. */
  readonly sumPositive: number;
  readonly sumSquaresPositive: number;
  readonly sumSquaresNegative: number;
}

export interface CalibrationBin {
  readonly n: number;
  readonly sumScore: number;
  readonly positives: number;
}

/** Counts of one slice: the rows whose `feature` has this `value` (null: missing). */
export interface SliceCounts {
  readonly feature: string;
  readonly value: string | null;
  readonly counts: PerformanceCounts;
}
