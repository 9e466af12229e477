/**
 * Distances between two histograms over the same bins, by name. psi and js have files of their own; here
 *
 *   KL = Σ p̂ ln(p̂/q̂)  (reference against current, shares re-normalised after empty bins were filled with EMPTY_BIN_SHARE),
 *   Hellinger = √(1 − Σ √(p q)), in [0, 1].
 *
 * Equal to `scipy.stats.entropy(p̂, q̂)` and to the usual definition (E. Hellinger, 1909). All are finite, >= 0 and 0 for equal shares.
 */
import type { EffectMethod } from '../policy';
import { jensenShannonDistance } from './jensen-shannon';
import { EMPTY_BIN_SHARE, populationStabilityIndex, shares } from './psi';

export const EFFECT_NAMES: Readonly<Record<EffectMethod, string>> = {
  psi: 'PSI',
  kl: 'KL',
  js: 'JS',
  hellinger: 'Hellinger',
};

/** 0 when a side is empty (callers say `insufficient` before). */
export function histogramEffect(
  method: EffectMethod,
  reference: readonly number[],
  current: readonly number[],
): number {
  switch (method) {
    case 'psi':
      return populationStabilityIndex(reference, current);
    case 'js':
      return jensenShannonDistance(reference, current);
    case 'kl':
      return histogramDivergence(reference, current);
    case 'hellinger':
      return histogramHellinger(reference, current);
  }
}

function histogramDivergence(reference: readonly number[], current: readonly number[]): number {
  const p = filled(reference);
  const q = filled(current);
  if (p === null || q === null) return 0;
  let sum = 0;
  p.forEach((share, i) => {
    const other = q[i]!;
    if (share !== other) sum += share * Math.log(share / other);
  });
  return Math.max(0, sum);
}

function filled(counts: readonly number[]): readonly number[] | null {
  const share = shares(counts);
  if (share === null) return null;
  const smallest = Math.min(...share.filter((value) => value > 0));
  const fill = smallest > EMPTY_BIN_SHARE ? EMPTY_BIN_SHARE : smallest / 2;
  return shares(share.map((value) => (value > 0 ? value : fill)));
}

function histogramHellinger(reference: readonly number[], current: readonly number[]): number {
  const p = shares(reference);
  const q = shares(current);
  if (p === null || q === null) return 0;
  // As ½Σ(√p − √q)²: 1 − Σ√(pq) cancels for near equal shares.
  const sum = p.reduce((total, share, i) => total + (Math.sqrt(share) - Math.sqrt(q[i] ?? 0)) ** 2, 0);
  return Math.sqrt(Math.min(1, sum / 2));
}
