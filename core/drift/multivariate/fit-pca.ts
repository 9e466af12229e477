import { RatchetError } from '../../errors';
import type { Frame } from '../../frame';
import type { FeatureSpec } from '../../model';
import { encodeColumn, encodingOf, type EncodedColumn, type Encoding } from './encoding';
import { crossMoments, momentsWithout, sumOfMoments, type CrossMoments } from './cross-moments';
import { rowErrors, standardScore, type PrincipalSpace } from './row-errors';
import { symmetricEigen } from './symmetric-eigen';

export interface PcaOptions {
  /** Share of the variance that the components keep, > 0 and < 1. Default 0.65, NannyML's. */
  readonly variance?: number;
  /** Chunks of the reference, in row order, that the band comes from: 2 to 1,000. Default 10. */
  readonly chunks?: number;
  /** `leaveOneOut` (default): a chunk is judged by a fit without it. `inSample`: by the fit of all, as NannyML does. */
  readonly band?: 'leaveOneOut' | 'inSample';
}

export type PcaFeature = Encoding & { readonly centre: number; readonly scale: number };

/** Plain JSON: it can be stored with a model version and judge any later window. */
export interface PcaFit {
  readonly schemaVersion: 1;
  /** Of the reference. */
  readonly rows: number;
  readonly features: readonly PcaFeature[];
  /** Orthonormal, the most variance first; a coordinate a feature. The sign is fixed: the largest coordinate is positive. */
  readonly components: readonly (readonly number[])[];
  /** Share of the reference's variance that the components keep; 0 when every feature is constant. */
  readonly explained: number;
  /** Columns that could not be used, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  readonly reference: {
    /** Mean reconstruction error of each chunk. */
    readonly chunks: readonly number[];
    readonly mean: number;
    /** Population standard deviation of the chunks' errors. */
    readonly std: number;
    /** max(0, mean − 3 std) and mean + 3 std. */
    readonly low: number;
    readonly high: number;
    /** By feature: root mean square of what the components leave of it. */
    readonly residuals: readonly number[];
  };
}

export const MAXIMUM_FEATURES = 200;
const BAND = 3;

/**
 * Fits what {@link reconstructionError} compares with: missing values filled (mean, most frequent), categories as their share of
 * the reference, standard scores (population deviation; a constant column has scale 1), and the fewest principal components
 * that keep more than `variance` of the variance. A window whose columns no longer move together as they did is reconstructed
 * badly, even where each column alone looks as before.
 *
 * The band is mean ± 3 standard deviations of the errors of the reference's chunks. A chunk's error under components that were
 * fitted to it is too small, so each chunk is judged by centre, scale and components of the other chunks.
 *
 * Assumptions: chunks in row order are alike (sort by time), linear relations. Source: NannyML 0.13.1,
 * DataReconstructionDriftCalculator (`band: 'inSample'` equals it); leaving the chunk out: NannyML issue 426.
 * Memory: chunks × features², not rows × features.
 *
 * @throws RATCHET_INPUT_INVALID for a bad option, fewer rows than 2 a chunk, no usable feature, or more than 200;
 *   RATCHET_COLUMN_MISSING
 */
export function fitPca(frame: Frame, specs: readonly FeatureSpec[], options: PcaOptions = {}): PcaFit {
  const { variance = 0.65, chunks = 10, band = 'leaveOneOut' } = options;
  check(variance > 0 && variance < 1, `variance is ${variance}, expected more than 0 and less than 1`);
  check(Number.isInteger(chunks) && chunks >= 2 && chunks <= 1000, `chunks is ${chunks}, expected 2 to 1000`);
  check(specs.length <= MAXIMUM_FEATURES, `${specs.length} features, expected at most ${MAXIMUM_FEATURES}: name fewer`);
  check(new Set(specs.map((s) => s.name)).size === specs.length, 'a feature is named twice');
  check(
    frame.rows >= 2 * chunks,
    `the reference has ${frame.rows} rows, expected at least 2 in each of ${chunks} chunks`,
  );

  const leftOut: { name: string; why: string }[] = [];
  const encodings: Encoding[] = [];
  for (const spec of specs) {
    const found = encodingOf(frame, spec);
    if ('why' in found) leftOut.push({ name: spec.name, why: found.why });
    else encodings.push(found);
  }
  check(encodings.length > 0, 'no feature has a value in the reference');

  const columns = encodings.map((encoding) => encodeColumn(frame, encoding));
  const features = encodings.map((encoding, j) => ({ ...encoding, ...centreAndScale(columns[j]!, frame.rows) }));
  const starts = Array.from({ length: chunks + 1 }, (_, c) => Math.floor((c * frame.rows) / chunks));
  const moments = starts.slice(1).map((to, c) => crossMoments(columns, features, starts[c]!, to));
  const all = sumOfMoments(moments);
  const { components, explained } = principalComponents(
    momentsWithout(all, null).correlation,
    features.length,
    variance,
  );

  const whole = { centre: features.map((f) => f.centre), scale: features.map((f) => f.scale), components };
  const scores = columns.map(({ value, missing }, j) => {
    const { centre, scale } = features[j]!;
    return { missing, value: (row: number) => standardScore(value(row), centre, scale) };
  });
  const judged = moments.map((chunk, c) =>
    band === 'inSample'
      ? rowErrors(columns, whole, starts[c]!, starts[c + 1]!)
      : rowErrors(scores, spaceWithout(all, chunk, features.length, variance), starts[c]!, starts[c + 1]!),
  );
  const errors = judged.map((chunk) => chunk.mean ?? 0);
  const mean = errors.reduce((sum, error) => sum + error / chunks, 0);
  const std = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2 / chunks, 0));
  return {
    schemaVersion: 1,
    rows: frame.rows,
    features,
    components: components.map((axis) => [...axis]),
    explained,
    leftOut,
    reference: {
      chunks: errors,
      mean,
      std,
      low: Math.max(0, mean - BAND * std),
      high: mean + BAND * std,
      residuals: features.map((_, j) =>
        Math.sqrt(judged.reduce((sum, { rows, residuals }) => sum + (rows / frame.rows) * residuals[j]! ** 2, 0)),
      ),
    },
  };
}

/** The fewest axes whose share of the variance is more than `variance`. */
function principalComponents(
  correlation: Float64Array,
  width: number,
  variance: number,
): { readonly components: readonly Float64Array[]; readonly explained: number } {
  const { values, vectors } = symmetricEigen(correlation, width);
  const kept = values.map((value) => Math.max(0, value));
  const total = kept.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return { components: [], explained: 0 };
  let explained = 0;
  let count = 0;
  while (count < width && explained <= variance) explained += kept[count++]! / total;
  return { components: vectors.slice(0, count), explained: Math.min(1, explained) };
}

/** Centre, scale and components of all rows but one chunk's, in standard scores of all rows. */
function spaceWithout(all: CrossMoments, chunk: CrossMoments, width: number, variance: number): PrincipalSpace {
  const { mean, scale, correlation } = momentsWithout(all, chunk);
  return { centre: mean, scale, components: principalComponents(correlation, width, variance).components };
}

/**
 * Mean and population standard deviation. A deviation within the rounding error of the mean, rows × 2⁻⁵² × |mean|, is a
 * constant column: scale 1 (scikit-learn's StandardScaler draws the same line).
 */
function centreAndScale(column: EncodedColumn, rows: number): { readonly centre: number; readonly scale: number } {
  let centre = 0;
  for (let row = 0; row < rows; row++) centre += column.value(row) / (row + 1) - centre / (row + 1);
  let farthest = 0;
  for (let row = 0; row < rows; row++) farthest = Math.max(farthest, Math.abs(column.value(row) - centre));
  if (farthest === 0) return { centre, scale: 1 };
  // In units of the largest deviation no square overflows or vanishes.
  const unit = Math.min(farthest, Number.MAX_VALUE);
  let square = 0;
  for (let row = 0; row < rows; row++) square += (column.value(row) / unit - centre / unit) ** 2;
  const scale = unit * Math.sqrt(square / rows);
  return { centre, scale: scale > rows * Number.EPSILON * Math.abs(centre) && Number.isFinite(scale) ? scale : 1 };
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new RatchetError('RATCHET_INPUT_INVALID', otherwise);
}
