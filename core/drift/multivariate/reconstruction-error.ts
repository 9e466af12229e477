import type { Frame } from '../../frame';
import { encodeColumn } from './encoding';
import type { PcaFit } from './fit-pca';
import { rowErrors } from './row-errors';

export interface ReconstructionError {
  readonly rows: number;
  /** Mean over rows of ‖z − ẑ‖₂, z the row's standard scores, ẑ their projection on the components; null without rows. */
  readonly mean: number | null;
  /** Of the mean, rows taken as independent; null below two rows. */
  readonly standardError: number | null;
  /** In the order of the fit's features. */
  readonly features: readonly FeatureResidual[];
}

export interface FeatureResidual {
  readonly name: string;
  /** Root mean square of what the components leave of the feature, in standard deviations of the reference; null without rows. */
  readonly residual: number | null;
  /** Share of the rows whose value was missing or infinite and was filled in; null without rows. */
  readonly missingShare: number | null;
}

/**
 * How badly the reference's components reconstruct these rows. Source: as {@link fitPca}.
 *
 * @throws RATCHET_COLUMN_MISSING; RATCHET_INPUT_INVALID for text where the reference has numbers
 */
export function reconstructionError(fit: PcaFit, frame: Frame): ReconstructionError {
  const columns = fit.features.map((feature) => encodeColumn(frame, feature));
  const space = {
    centre: fit.features.map((f) => f.centre),
    scale: fit.features.map((f) => f.scale),
    components: fit.components,
  };
  const { rows, mean, standardError, residuals } = rowErrors(columns, space, 0, frame.rows);
  return {
    rows,
    mean,
    standardError,
    features: fit.features.map(({ name }, j) => ({
      name,
      residual: residuals[j] ?? null,
      missingShare: rows === 0 ? null : columns[j]!.missing / rows,
    })),
  };
}
