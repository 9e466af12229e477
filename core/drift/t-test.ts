/**
 * Student's t test of equal means, equal to `scipy.stats.ttest_ind(reference, current, equal_var)`:
 *
 *   pooled: t = (x̄ − ȳ)/√(s²·(1/n + 1/m)),  s² = (SS_x + SS_y)/ν,  ν = n + m − 2   (Evidently's)
 *   Welch:  t = (x̄ − ȳ)/√(v_x + v_y),  v = SS/((n−1)·n),  ν = (v_x + v_y)²/(v_x²/(n−1) + v_y²/(m−1))
 *
 * p = P(|T_ν| >= |t|). Assumes independent rows and means that are near normal (many rows, tails not too heavy); pooled also equal
 * variances. It sees a shift of the mean only. Sums are taken from the median, compensated, and scaled where squares would
 * overflow: the statistic has no unit.
 *
 * References: Student, Biometrika 6, 1908; B. L. Welch, Biometrika 34, 1947.
 */
import { powerOfTwoScale, scaledBy } from './power-of-two-scale';
import { sampleMoments, type SampleMoments } from './sample-moments';
import { studentTwoSided } from './special/student-t';

export interface TTestResult {
  /** Positive where the reference's mean is larger. null: both sides are constant and differ, so t is infinite. */
  readonly statistic: number | null;
  /** In [0, 1]; 1 for equal constants, 0 for different ones. */
  readonly pValue: number;
  /** ν > 0. */
  readonly degreesOfFreedom: number;
}

/**
 * Both samples sorted ascending, finite, non-empty. null: too few rows for a variance (pooled: 3 together; Welch: 2 a side).
 * O(n + m).
 *
 * @example
 * tTestSorted(Float64Array.of(1, 2, 3), Float64Array.of(2, 3, 4, 5), 'pooled').pValue // 0.15783881063169597
 * tTestSorted(Float64Array.of(7, 7), Float64Array.of(7, 7), 'welch') // { statistic: 0, pValue: 1, degreesOfFreedom: 2 }
 */
export function tTestSorted(a: Float64Array, b: Float64Array, variances: 'pooled' | 'welch'): TTestResult | null {
  const n = a.length;
  const m = b.length;
  if (variances === 'pooled' ? n + m < 3 : Math.min(n, m) < 2) return null;
  const scale = powerOfTwoScale(a, b);
  const x = sampleMoments(scaledBy(a, scale));
  const y = sampleMoments(scaledBy(b, scale));
  const difference = x.median - y.median + (x.offset - y.offset);
  const { squaredError, degreesOfFreedom } = variances === 'pooled' ? pooled(x, y) : welch(x, y);
  if (difference === 0) return { statistic: 0, pValue: 1, degreesOfFreedom };
  const statistic = difference / Math.sqrt(squaredError);
  if (!Number.isFinite(statistic)) return { statistic: null, pValue: 0, degreesOfFreedom };
  return { statistic, pValue: studentTwoSided(statistic, degreesOfFreedom), degreesOfFreedom };
}

interface Spread {
  /** Squared standard error of the difference. */
  readonly squaredError: number;
  readonly degreesOfFreedom: number;
}

function pooled(x: SampleMoments, y: SampleMoments): Spread {
  const degreesOfFreedom = x.rows + y.rows - 2;
  const squaredError = ((x.squares + y.squares) / degreesOfFreedom) * (1 / x.rows + 1 / y.rows);
  return { squaredError, degreesOfFreedom };
}

function welch(x: SampleMoments, y: SampleMoments): Spread {
  const ofX = x.squares / (x.rows - 1) / x.rows;
  const ofY = y.squares / (y.rows - 1) / y.rows;
  const squaredError = ofX + ofY;
  // Two constants have no variance to weigh; t is then 0 or infinite whatever ν is.
  if (squaredError === 0) return { squaredError, degreesOfFreedom: x.rows + y.rows - 2 };
  const share = ofX / squaredError;
  return { squaredError, degreesOfFreedom: 1 / (share ** 2 / (x.rows - 1) + (1 - share) ** 2 / (y.rows - 1)) };
}
