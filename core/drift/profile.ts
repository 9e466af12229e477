/**
 * The frozen distribution that windows are compared with: made once from a version's training data, stored with the
 * version, never changed. Plain JSON. Schema version 2 adds the optional fields; a version-1 profile is one without them.
 */
import type { EstimateReference } from '../estimate/estimate-reference';
import { contentKey } from './content-key';
import type { PcaFit } from './multivariate/fit-pca';

export interface ReferenceProfile {
  readonly schemaVersion: 1 | 2;
  readonly rows: number;
  readonly features: Readonly<Record<string, NumericProfile | CategoricalProfile>>;
  /** Importance by feature, >= 0, in any unit; complete or absent. */
  readonly importance?: Readonly<Record<string, number>>;
  /** The version's answers on these rows: the score (binary, regression) or the label (multiclass). */
  readonly prediction?: NumericProfile | CategoricalProfile;
  /** The true answers. */
  readonly target?: NumericProfile | CategoricalProfile;
  readonly correlations?: CorrelationMatrix;
  /** Principal components of the features together. */
  readonly multivariate?: PcaFit;
  /** Binary: calibration and healthy ranges on held-out rows, for estimates while labels are missing. */
  readonly estimate?: EstimateReference;
  readonly madeFrom?: ProfileSource;
}

export type ProfileSource =
  | { readonly kind: 'snapshot'; readonly digest: string }
  | { readonly kind: 'predictions'; readonly from: number; readonly to: number }
  | { readonly kind: 'file'; readonly name: string };

export interface NumericProfile {
  readonly kind: 'number';
  readonly rows: number;
  readonly nulls: number;
  readonly min: number | null;
  readonly max: number | null;
  /** Inner edges of the quantile bins, rising, without duplicates; bins are (-inf, e0], (e0, e1], …, (ek, inf). */
  readonly edges: readonly number[];
  /** Counts a bin, edges.length + 1 of them. */
  readonly counts: readonly number[];
  /** Sorted sample for KS (all rows when there are at most `SAMPLE_ROWS`, else every k-th order statistic). */
  readonly sample: readonly number[];
  /** Bins of equal width over [min, max], Sturges' number of them (ceil(log2 n + 1)); edges and counts as above. */
  readonly sturges?: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** Of the values that are there; the deviation is the population's (ddof 0). null: no values. */
  readonly mean?: number | null;
  readonly deviation?: number | null;
  readonly clusters?: ClusterFigures;
}

export interface CategoricalProfile {
  readonly kind: 'string';
  readonly rows: number;
  readonly nulls: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly clusters?: ClusterFigures;
}

/** How strongly rows of one hour, and of one UTC day, resemble each other in this feature. Made where event times are known. */
export interface ClusterFigures {
  readonly hour: ClusterFigure;
  readonly day: ClusterFigure;
}

export interface ClusterFigure {
  /** Clusters with at least one value. */
  readonly clusters: number;
  /** m̃ = Σm²/Σm over their sizes: the size of the cluster that a random row is in. */
  readonly meanSize: number;
  /** Mean and mean square of the intraclass correlations of the bins (core/drift/intraclass.ts), in [0, 1]. null: not estimable. */
  readonly icc: number | null;
  readonly iccSquare: number | null;
}

/** Spearman correlations of pairs of number features; the upper triangle by rows: (0,1), (0,2), …, (1,2), … */
export interface CorrelationMatrix {
  readonly features: readonly string[];
  /** null: not defined (a constant side, fewer than four complete pairs). */
  readonly values: readonly (number | null)[];
  /** Complete pairs behind each value. */
  readonly pairs: readonly number[];
}

/** Largest sorted sample that a profile carries. */
export const SAMPLE_ROWS = 10_000;

/** Key of the profile's content: equal content, equal key. Stores name it by SHA-256 of `canonicalJson(profile)` instead. */
export const profileDigest = (profile: ReferenceProfile): string => contentKey(profile);
