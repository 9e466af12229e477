import { RatchetError } from '../../errors';
import type { Reason } from '../../verdict';
import type { PcaFit } from './fit-pca';
import type { ReconstructionError } from './reconstruction-error';

export interface ReconstructionPolicy {
  /** On either side; below it there is no verdict. Default 200. */
  readonly minimumRows?: number;
  /** A feature with a larger share of filled-in values, on either side, hides what it does: no verdict. 0 to 1, default 0.5. */
  readonly maximumMissingShare?: number;
}

export interface ReconstructionJudgement {
  readonly verdict: 'ok' | 'drift' | 'insufficient';
  readonly reason: Reason;
}

/** The window's error must differ from the reference's by as many of its own standard errors, or its rows may be chance. */
const STANDARD_ERRORS = 3;
/** Differences in an error, a standard score, below this are rounding. */
const ROUNDING = 1e-9;

/**
 * `drift`: the error lies outside the band of the reference's chunks AND more than 3 of its own standard errors from their mean
 * (a window smaller than a chunk leaves the band by chance). `ok`: inside the band. Everything else is `insufficient`: too few
 * rows, too many filled-in values, components that keep everything (then nothing can be reconstructed badly), or an error
 * outside the band that these rows cannot tell from chance.
 */
export function judgeReconstruction(
  fit: PcaFit,
  error: ReconstructionError,
  policy: ReconstructionPolicy = {},
): ReconstructionJudgement {
  const { minimumRows = 200, maximumMissingShare = 0.5 } = policy;
  if (!(minimumRows >= 0)) throw invalid(`minimumRows is ${minimumRows}, expected 0 or more`);
  if (!(maximumMissingShare >= 0 && maximumMissingShare <= 1))
    throw invalid(`maximumMissingShare is ${maximumMissingShare}, expected 0 to 1`);
  const { mean: expected, low, high } = fit.reference;
  const { mean, standardError } = error;
  const fewest = Math.min(fit.rows, error.rows);
  if (mean === null || standardError === null || fewest < minimumRows)
    return insufficient(
      'multivariate.rows',
      `${fit.rows} reference and ${error.rows} current rows, at least ${Math.max(2, minimumRows)} are needed on either side`,
      fewest,
      Math.max(2, minimumRows),
    );
  if (fit.components.length >= fit.features.length)
    return insufficient(
      'multivariate.rank',
      `${fit.components.length} components of ${fit.features.length} features keep everything: no row can be reconstructed badly`,
      fit.components.length,
      fit.features.length - 1,
    );
  const hidden = fit.features.filter(
    (feature, j) =>
      feature.missing / fit.rows > maximumMissingShare || (error.features[j]?.missingShare ?? 1) > maximumMissingShare,
  );
  if (hidden.length > 0)
    return insufficient(
      'multivariate.missing',
      `more than ${percent(maximumMissingShare)} of ${hidden.map((f) => f.name).join(', ')} is missing on one side`,
      hidden.length,
      0,
    );
  const size = `reconstruction error ${short(mean)} ± ${short(standardError)}, the reference's chunks lie in ${short(low)} to ${short(high)}`;
  if (mean >= low - ROUNDING && mean <= high + ROUNDING)
    return {
      verdict: 'ok',
      reason: { code: 'multivariate.reconstruction', text: size, observed: mean, expected: high },
    };
  const bound = mean > high ? high : low;
  if (Math.abs(mean - expected) <= STANDARD_ERRORS * standardError)
    return insufficient(
      'multivariate.noise',
      `${size}, but ${error.rows} rows cannot tell that from chance`,
      mean,
      bound,
    );
  const most = [...error.features]
    .map((f, j) => ({ name: f.name, more: (f.residual ?? 0) - (fit.reference.residuals[j] ?? 0) }))
    .sort((a, b) => Math.abs(b.more) - Math.abs(a.more))[0];
  const where = most === undefined ? '' : `; ${most.name} changed most`;
  return {
    verdict: 'drift',
    reason: { code: 'multivariate.reconstruction', text: `${size}${where}`, observed: mean, expected: bound },
  };
}

function insufficient(code: string, text: string, observed: number, expected: number): ReconstructionJudgement {
  return { verdict: 'insufficient', reason: { code, text, observed, expected } };
}

const invalid = (text: string): RatchetError => new RatchetError('RATCHET_INPUT_INVALID', text);
const short = (value: number): string => String(Number(value.toPrecision(4)));
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
