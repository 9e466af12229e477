/**
 * Has the model changed its mind about which features matter? The order of the features' importance (of the champion's
 * training, and of a fresh one or of an attribution over recent rows) compared by three figures:
 *
 *   NDCG      features ordered by the current importance, gains by the reference's, discount 1/log2(rank + 1), against the ideal
 *             order; in [0, 1], 1 for the same order. Below 0.90 is the alarm of Amazon SageMaker Clarify.
 *   Spearman  rank correlation with mid-ranks, in [−1, 1].
 *   JS        Jensen–Shannon distance of the normalised importances, in [0, 0.8326].
 *
 * References: K. Järvelin & J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002; AWS,
 * "Feature attribution drift for models in production" (the use of NDCG for it, and 0.90); C. Spearman, 1904.
 */
import type { DriftPolicy } from '../policy';
import type { Reason } from '../verdict';
import { jensenShannonDistance } from './jensen-shannon';

export interface ImportanceComparison {
  readonly ndcg: number;
  /** null: one side gives every feature the same importance, so it has no order. */
  readonly rankCorrelation: number | null;
  readonly jsDistance: number;
  /** Features that only one side has count as 0 on the other. */
  readonly features: number;
  /** The feature whose share of the importance changed most. */
  readonly mostChanged: { readonly name: string; readonly reference: number; readonly current: number };
}

export type Importance = Readonly<Record<string, number>>;

/** null when it cannot be said: fewer than two features, a side without any importance, a value that is negative or not finite. */
export function compareImportance(reference: Importance, current: Importance): ImportanceComparison | null {
  const names = [...new Set([...Object.keys(reference), ...Object.keys(current)])].sort();
  const before = names.map((name) => (Object.hasOwn(reference, name) ? reference[name]! : 0));
  const now = names.map((name) => (Object.hasOwn(current, name) ? current[name]! : 0));
  const p = normalised(before);
  const q = normalised(now);
  if (names.length < 2 || p === null || q === null) return null;
  const most = p.reduce((best, share, i) => (Math.abs(share - q[i]!) > Math.abs(p[best]! - q[best]!) ? i : best), 0);
  return {
    ndcg: Math.min(1, cumulatedGain(p, q) / cumulatedGain(p, p)),
    rankCorrelation: rankCorrelation(p, q),
    jsDistance: jensenShannonDistance(p, q),
    features: names.length,
    mostChanged: { name: names[most]!, reference: p[most]!, current: q[most]! },
  };
}

/** `insufficient` where the importance of a side is unknown; `off` asks nothing. */
export function judgeImportance(
  comparison: ImportanceComparison | null,
  policy: Pick<DriftPolicy, 'importanceDrift' | 'importanceNdcg'>,
): { readonly level: 'off' | 'ok' | 'warn' | 'drift' | 'insufficient'; readonly reasons: readonly Reason[] } {
  if (policy.importanceDrift === 'off') return { level: 'off', reasons: [] };
  if (comparison === null) {
    const reason = {
      code: 'drift.importance.insufficient',
      text: 'the importance of the features is not known',
      observed: null,
    };
    return { level: 'insufficient', reasons: [reason] };
  }
  const { ndcg, mostChanged: most } = comparison;
  const level = ndcg < policy.importanceNdcg ? policy.importanceDrift : 'ok';
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const text =
    `NDCG of the features' importance ${ndcg.toFixed(3)} ${level === 'ok' ? '>=' : '<'} ${policy.importanceNdcg}; ` +
    `${most.name} changed most, ${percent(most.reference)} to ${percent(most.current)}`;
  return {
    level,
    reasons: [{ code: `drift.importance.${level}`, text, observed: ndcg, expected: policy.importanceNdcg }],
  };
}

function normalised(values: readonly number[]): readonly number[] | null {
  if (!values.every((value) => value >= 0 && Number.isFinite(value))) return null;
  // By the largest first: the sum of large values could overflow.
  const largest = Math.max(...values, 0);
  if (!(largest > 0)) return null;
  const scaled = values.map((value) => value / largest);
  const sum = scaled.reduce((total, value) => total + value, 0);
  // Shares among the subnormal numbers would divide by a rounded zero.
  return scaled.map((value) => (value < 1e-300 ? 0 : value / sum));
}

/** DCG of `gains` in the order of `by`; features of equal `by` share their discounts, so that no order of names matters. */
function cumulatedGain(gains: readonly number[], by: readonly number[]): number {
  const order = by.map((_, i) => i).sort((a, b) => by[b]! - by[a]!);
  let total = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    let gain = 0;
    let discount = 0;
    while (to < order.length && by[order[to]!] === by[order[from]!]) {
      gain += gains[order[to]!]!;
      discount += 1 / Math.log2(to + 2);
      to++;
    }
    total += (gain * discount) / (to - from);
    from = to;
  }
  return total;
}

function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  const x = midRanks(a);
  const y = midRanks(b);
  const mean = (a.length - 1) / 2;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  x.forEach((rank, i) => {
    xx += (rank - mean) ** 2;
    yy += (y[i]! - mean) ** 2;
    xy += (rank - mean) * (y[i]! - mean);
  });
  if (xx === 0 || yy === 0) return null;
  return Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy))) + 0;
}

const midRanks = (values: readonly number[]): readonly number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
