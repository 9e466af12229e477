import type { Judgement, Reason, Verdict } from './verdict';

/** DESIGN §6. */
export const PARITY_TOLERANCE = 1e-5;
export const PARITY_MIN_SHARE = 0.999;
/** A label may flip where the native score is this close to the threshold: there, rounding alone decides. */
export const FLIP_BAND = 1e-6;

export interface ParityOptions {
  /** Largest |native − onnx| a row may show. Default {@link PARITY_TOLERANCE}. */
  readonly tolerance?: number;
  /** Least share of rows within the tolerance, 0–1. Default {@link PARITY_MIN_SHARE}. */
  readonly minShare?: number;
  /**
   * `absolute` for probabilities. `relative` for regression: the difference is divided by max(1, |native|), because a
   * float32 carries 7 digits whatever its size.
   */
  readonly scale?: 'absolute' | 'relative';
  /** Binary: labels are compared at this threshold. Without it no flips are counted. */
  readonly threshold?: number;
}

export interface ParityResult extends Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly rows: number;
  /** Largest difference, on the scale asked for; null when there is none to measure. */
  readonly maxDelta: number | null;
  /** Share of rows within the tolerance, 0–1; null without rows. */
  readonly shareWithin: number | null;
  /** Binary with a threshold: rows whose label changed although the native score is not at the threshold. */
  readonly flips: number;
  /** Up to ten worst rows, worst first, for the error's details. */
  readonly worst: readonly { readonly row: number; readonly native: number; readonly onnx: number }[];
}

/**
 * Do the trained model and its ONNX graph give the same answers on the golden rows? `pass`: enough rows agree and no label
 * flips. `fail`: too few agree, or a label flips. `inconclusive`: no rows. `error`: a score is not finite, or the two lists
 * differ in length.
 */
export function checkParity(
  native: readonly number[],
  onnx: readonly number[],
  options: ParityOptions = {},
): ParityResult {
  const tolerance = options.tolerance ?? PARITY_TOLERANCE;
  const minShare = options.minShare ?? PARITY_MIN_SHARE;
  const blank = { rows: native.length, maxDelta: null, shareWithin: null, flips: 0, worst: [] };
  if (native.length !== onnx.length) {
    const reason: Reason = {
      code: 'parity.length',
      text: `${native.length} native scores against ${onnx.length} of the ONNX graph`,
      observed: onnx.length,
      expected: native.length,
    };
    return { ...blank, verdict: 'error', reasons: [reason] };
  }
  if (native.length === 0) {
    const reason: Reason = { code: 'parity.rows', text: 'no golden rows to compare', observed: 0, expected: 1 };
    return { ...blank, verdict: 'inconclusive', reasons: [reason] };
  }
  const pairs = native.map((value, row) => ({ row, native: value, onnx: onnx[row] ?? Number.NaN }));
  const broken = pairs.find((p) => !Number.isFinite(p.native) || !Number.isFinite(p.onnx));
  if (broken !== undefined) {
    const reason: Reason = {
      code: 'parity.notFinite',
      text: `row ${broken.row} has native score ${broken.native} and ONNX score ${broken.onnx}`,
      observed: String(broken.onnx),
      expected: String(broken.native),
    };
    return { ...blank, verdict: 'error', reasons: [reason] };
  }
  const delta = (p: (typeof pairs)[number]): number =>
    Math.abs(p.native - p.onnx) / (options.scale === 'relative' ? Math.max(1, Math.abs(p.native)) : 1);
  const sorted = [...pairs].sort((a, b) => delta(b) - delta(a) || a.row - b.row);
  const maxDelta = sorted[0] === undefined ? 0 : delta(sorted[0]);
  const within = pairs.filter((p) => delta(p) <= tolerance).length;
  const shareWithin = within / pairs.length;
  const flips = options.threshold === undefined ? 0 : countFlips(pairs, options.threshold);
  const reasons: Reason[] = [
    {
      code: 'parity.share',
      text: `${within} of ${pairs.length} rows agree within ${tolerance} (largest difference ${maxDelta.toExponential(1)}), at least ${minShare * 100} % must`,
      observed: shareWithin,
      expected: minShare,
    },
  ];
  if (flips > 0) {
    reasons.push({
      code: 'parity.flips',
      text: `${flips} of ${pairs.length} rows change their label, 0 may`,
      observed: flips,
      expected: 0,
    });
  }
  const verdict: Verdict = shareWithin >= minShare && flips === 0 ? 'pass' : 'fail';
  return { verdict, reasons, rows: pairs.length, maxDelta, shareWithin, flips, worst: sorted.slice(0, 10) };
}

function countFlips(pairs: readonly { readonly native: number; readonly onnx: number }[], threshold: number): number {
  return pairs.filter(
    (p) => p.native >= threshold !== p.onnx >= threshold && Math.abs(p.native - threshold) > FLIP_BAND,
  ).length;
}
