/** The frozen reference of a new version: its training data, its answers on rows it had not seen, what estimates are judged by. */
import { encodedHistograms } from '../core/drift/exact';
import { frameOf } from '../core/frame';
import { buildProfileFromFrame } from '../core/drift/profile-build';
import type { ReferenceProfile } from '../core/drift/profile';
import { buildEstimateReference, type EstimateReference } from '../core/estimate';
import type { Policy } from '../core/policy';
import type { Snapshot, TrainerResult, TrainingRows } from '../core/ports';

export interface CandidateProfile {
  readonly profile: ReferenceProfile;
  /** Encoded key histograms of the number features: the whole distribution, for exact tests later. */
  readonly histograms: Readonly<Record<string, Uint8Array>>;
}

/** Healthy ranges of an estimate come from so many consecutive parts of the hold-out. */
const ESTIMATE_CHUNKS = 10;

export function profileOfCandidate(
  policy: Policy,
  snapshot: Snapshot,
  rows: TrainingRows,
  result: Pick<TrainerResult, 'holdoutScores' | 'importance'>,
  holdoutClusters: readonly string[],
): CandidateProfile {
  const frame = frameOf(rows.features, policy.features);
  const held = new Set(holdoutClusters);
  const heldOut = rows.cluster.flatMap((cluster, i) => (held.has(cluster) ? [i] : []));
  const scores = result.holdoutScores?.length === heldOut.length ? result.holdoutScores : null;
  const profile = buildProfileFromFrame(frame, policy.features, {
    bins: policy.drift.numeric.bins,
    eventTime: rows.eventTime,
    target: policy.task === 'regression' ? rows.target.map(Number) : rows.target,
    correlations: true,
    multivariate: policy.drift.multivariate === 'warn',
    madeFrom: { kind: 'snapshot', digest: snapshot.digest },
    ...importanceOf(policy, result.importance),
    // Only of rows that the version had not seen: on its training rows it is surer than it will be.
    ...(scores === null || policy.task === 'multiclass' ? {} : { prediction: spread(rows, heldOut, scores) }),
  });
  const estimate = scores === null || policy.task !== 'binary' ? null : estimateOf(policy, rows, heldOut, scores);
  return { profile: estimate === null ? profile : { ...profile, estimate }, histograms: encodedHistograms(frame) };
}

function spread(rows: TrainingRows, heldOut: readonly number[], scores: readonly number[]): (number | null)[] {
  const all = new Array<number | null>(rows.features.rows).fill(null);
  heldOut.forEach((row, k) => (all[row] = scores[k] ?? null));
  return all;
}

/** A trainer that names only some features has not measured the others: then none is weighed. */
function importanceOf(
  policy: Policy,
  importance: TrainerResult['importance'],
): { readonly importance?: Readonly<Record<string, number>> } {
  const entries = policy.features.map(({ name }) => [name, importance[name]] as const);
  const complete = entries.every(([, value]) => value !== undefined && Number.isFinite(value) && value >= 0);
  return complete ? { importance: Object.fromEntries(entries) as Record<string, number> } : {};
}

function estimateOf(
  policy: Policy,
  rows: TrainingRows,
  heldOut: readonly number[],
  scores: readonly number[],
): EstimateReference | null {
  const inTime = heldOut
    .map((row, k) => ({ at: rows.eventTime[row] ?? 0, score: scores[k] ?? Number.NaN, truth: rows.target[row] }))
    .filter(({ score }) => score >= 0 && score <= 1)
    .sort((a, b) => a.at - b.at);
  if (inTime.length < ESTIMATE_CHUNKS) return null;
  return buildEstimateReference(
    inTime.map(({ score }) => score),
    inTime.map(({ score }) => (score >= policy.threshold ? 1 : 0)),
    inTime.map(({ truth }) => (truth === policy.classes[1] ? 1 : 0)),
    ESTIMATE_CHUNKS,
  );
}
