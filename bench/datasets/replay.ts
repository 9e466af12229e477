/** Runs labelled windows through what a drift check runs: quality, drift, performance, estimate, outcome, breach counter. */
import { judgeWindow, type WindowJudgement } from '../../core/judge-window';
import { supportOf, type WindowEstimate } from '../../activities/window-estimate';
import {
  countPlanOf,
  countWindow,
  measureCounts,
  type DriftMeasurement,
  type ReferenceProfile,
} from '../../core/drift';
import { countForEstimate, estimateFromCounts, judgeEstimate, judgeReliability } from '../../core/estimate';
import type { Frame, FrameColumn } from '../../core/frame';
import { measurePerformance, type PerformanceMeasurement } from '../../core/performance';
import type { Policy } from '../../core/policy';
import { cellsOf, countQuality, judgeQuality, qualityPlanOf } from '../../core/quality';
import { EMPTY_BREACHES, recordEvaluation } from '../../core/trigger';

/** Every list has one value a row. */
export interface AnsweredTable {
  readonly frame: Frame;
  readonly occurredAt: readonly number[];
  readonly scores: readonly number[];
  /** 1: positive. */
  readonly answers: readonly number[];
  readonly truths: readonly number[];
}

export interface Served {
  readonly policy: Policy;
  readonly profile: ReferenceProfile;
  readonly holdoutMetrics: Readonly<Record<string, number>>;
}

export interface ReplayedWindow {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly drift: DriftMeasurement;
  readonly performance: PerformanceMeasurement;
  readonly estimate: WindowEstimate | null;
  readonly judgement: WindowJudgement;
  /** A retraining would have started here. */
  readonly fires: boolean;
}

/** Windows of the policy's length from `begin` on, the last one cut off when it is not full. */
export function replayWindows(table: AnsweredTable, served: Served, begin: number): readonly ReplayedWindow[] {
  const length = served.policy.drift.windowMs;
  const last = table.occurredAt.at(-1) ?? begin;
  let breaches = EMPTY_BREACHES;
  const windows: ReplayedWindow[] = [];
  for (let from = begin; from + length <= last + 1; from += length) {
    const measured = measure(table, served, from, from + length);
    const decision = recordEvaluation(
      breaches,
      {
        version: '1',
        windowStart: from,
        windowEnd: from + length,
        breached: measured.judgement.outcome === 'breach',
        judged: measured.judgement.judged,
        driftScore: measured.drift.driftScore,
        reasons: [],
      },
      served.policy.triggers,
    );
    breaches = decision.state;
    windows.push({ ...measured, fires: decision.fire });
  }
  return windows;
}

function measure(
  table: AnsweredTable,
  { policy, profile, holdoutMetrics }: Served,
  from: number,
  to: number,
): Omit<ReplayedWindow, 'fires'> {
  const rows = table.occurredAt.flatMap((at, row) => (at >= from && at < to ? [row] : []));
  const pick = (values: readonly number[]): number[] => rows.map((row) => values[row]!);
  const frame = pickRows(table.frame, rows, new Set(policy.features.map(({ name }) => name)));
  const [scores, answers, truths] = [pick(table.scores), pick(table.answers), pick(table.truths)];
  const named = (value: number): string => policy.classes[value] ?? '';
  const plan = countPlanOf(profile, policy.features);
  const counts = countWindow({ frame, occurredAt: pick(table.occurredAt), scores, from, to }, plan);
  const drift = measureCounts(profile, counts, policy.features, policy.drift);
  const performance = measurePerformance(
    { task: 'binary', classes: policy.classes, scores, labels: answers.map(named), truths: truths.map(named) },
    policy.performance,
    holdoutMetrics,
  );
  const columns = new Map([...frame.columns].map(([name, column]) => [name, cellsOf(column)]));
  const quality = judgeQuality(
    countQuality({ rows: rows.length, columns }, qualityPlanOf(policy.features, profile, policy.quality)),
    policy.features,
    profile,
    policy.quality,
    { newest: to, end: to },
  );
  let estimate: WindowEstimate | null = null;
  if (profile.estimate !== undefined) {
    const { map } = profile.estimate.calibration;
    const estimated = estimateFromCounts(map, countForEstimate(map, scores, answers), profile.estimate);
    const reliability = judgeReliability(supportOf(profile, counts), {
      maxOutOfSupportShare: policy.performance.maxOutOfSupport,
    });
    const judged = { metrics: ['f1', 'accuracy'] as const, minRows: policy.performance.minLabelled };
    estimate = { estimate: estimated, reliability, judgement: judgeEstimate(estimated, reliability, judged) };
  }
  const measurement = { rows: rows.length, profileDigest: null, quality, drift, target: null, performance, estimate };
  const judgement = judgeWindow({ ...measurement, correlations: null, multivariate: null, detectors: null }, policy);
  return { from, to, rows: rows.length, drift, performance, estimate, judgement };
}

/** Some rows of the named columns. */
export function pickRows(frame: Frame, rows: readonly number[], names?: ReadonlySet<string>): Frame {
  const columns = [...frame.columns]
    .filter(([name]) => names?.has(name) ?? true)
    .map(([name, column]): readonly [string, FrameColumn] => [
      name,
      column.kind === 'number'
        ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
        : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) },
    ]);
  return { rows: rows.length, columns: new Map(columns) };
}
