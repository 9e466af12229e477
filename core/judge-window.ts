/** From what was measured in a window to its outcome: the one rule of checks, of windows on demand and of benches. Pure. */
import type { CorrelationChange } from './drift/correlation';
import type { DriftMeasurement } from './drift/drift-measurement';
import type { ReconstructionJudgement } from './drift/multivariate/judge-reconstruction';
import type { EstimateJudgement } from './estimate/judge-estimate';
import type { PerformanceMeasurement } from './performance/measure';
import type { Policy } from './policy';
import type { QualityReport } from './quality/quality-report';
import { worstVerdict, type Reason, type Verdict } from './verdict';
import type { DriftCheckResult } from './workflow-io';

export type WindowOutcome = Exclude<DriftCheckResult['outcome'], 'noWindow'>;

/** What is judged of each family; null: not measured. */
export interface WindowFindings {
  readonly quality: Pick<QualityReport, 'verdict' | 'reasons'>;
  readonly drift: Pick<DriftMeasurement, 'verdict' | 'reasons'> | null;
  /** Pairs whose correlation changed. */
  readonly correlations: readonly CorrelationChange[] | null;
  /** All features together; null: not asked for. */
  readonly multivariate: ReconstructionJudgement | null;
  /** Labels' classes against those of the training data. */
  readonly target: DriftMeasurement['prediction'];
  readonly performance: Pick<PerformanceMeasurement, 'verdict' | 'reasons'>;
  readonly estimate: { readonly judgement: Pick<EstimateJudgement, 'verdict' | 'reasons'> } | null;
  readonly detectors: {
    readonly detectors: readonly {
      readonly action: 'warn' | 'breach';
      readonly signals: readonly { readonly kind: 'drift' | 'warning' }[];
    }[];
    readonly reasons: readonly Reason[];
  } | null;
}

export interface WindowJudgement {
  readonly outcome: WindowOutcome;
  /**
   * false: what the policy's rule needs could not be judged. Such a window counts for nothing: it neither breaches nor clears. An
   * `insufficient` window can be judged: without a reference, its performance alone may be what the rule asks for.
   */
  readonly judged: boolean;
  readonly reasons: readonly Reason[];
}

/**
 * Data that breaks a hard rule is judged no further. Else the policy says which families make a breach. Performance counts as broken
 * when a rule fired on labels; when a detector that may do so found a change; or when labels do not suffice for a rule and the
 * estimate is suspicious, where the policy lets it trigger. An estimate never makes a window pass.
 */
export function judgeWindow(m: WindowFindings, policy: Policy): WindowJudgement {
  const drifted = m.drift?.verdict === 'drift';
  const suspicious = m.estimate?.judgement.verdict === 'suspicious';
  const found = (action: 'warn' | 'breach', kind: 'drift' | 'warning'): boolean =>
    m.detectors?.detectors.some((d) => d.action === action && d.signals.some((s) => s.kind === kind)) ?? false;
  const worse =
    m.performance.verdict === 'fail' ||
    found('breach', 'drift') ||
    (policy.performance.estimate === 'trigger' && suspicious && m.performance.verdict === 'inconclusive');
  const breached = {
    driftAndPerformance: drifted && worse,
    driftOrPerformance: drifted || worse,
    drift: drifted,
    performance: worse,
  }[policy.triggers.require];
  const stirred =
    drifted ||
    worse ||
    m.drift?.verdict === 'warn' ||
    (m.correlations ?? []).length > 0 ||
    m.multivariate?.verdict === 'drift' ||
    suspicious ||
    found('warn', 'drift') ||
    found('warn', 'warning') ||
    found('breach', 'warning');
  const outcome = outcomeOf(m, breached, stirred);
  const driftKnown = m.drift !== null && m.drift.verdict !== 'insufficient';
  const performanceKnown = worse || m.performance.verdict === 'pass';
  const known = {
    // One of both that is fine is enough to say that not both are broken.
    driftAndPerformance: breached || (driftKnown && !drifted) || (performanceKnown && !worse),
    driftOrPerformance: breached || (driftKnown && performanceKnown),
    drift: driftKnown,
    performance: performanceKnown,
  }[policy.triggers.require];
  // Too little data for the quality rules can hold back a pass, never hide a breach.
  const judged = outcome === 'breach' || (known && m.quality.verdict === 'pass');
  return { outcome, judged, reasons: reasonsOf(m) };
}

function outcomeOf(m: WindowFindings, breached: boolean, stirred: boolean): WindowOutcome {
  if (m.quality.verdict === 'fail') return 'dataInvalid';
  if (breached) return 'breach';
  if (stirred) return 'warn';
  const judged: Verdict[] = [
    m.quality.verdict,
    m.performance.verdict,
    m.drift === null || m.drift.verdict === 'insufficient' ? 'inconclusive' : 'pass',
  ];
  return worstVerdict(judged) === 'pass' ? 'noDrift' : 'insufficient';
}

const NO_REFERENCE: Reason = {
  code: 'drift.noReference',
  text: 'the version has no reference profile: drift is not judged',
};

const correlationReason = ({ features, reference, current, adjustedPValue }: CorrelationChange): Reason => ({
  code: 'drift.correlation',
  text: `correlation of ${features.join(' and ')} ${(reference ?? 0).toFixed(2)} → ${(current ?? 0).toFixed(2)}, adjusted p ${(adjustedPValue ?? 1).toPrecision(3)}`,
  observed: current,
  expected: reference,
});

function reasonsOf(m: WindowFindings): readonly Reason[] {
  const { target, estimate } = m;
  return [
    ...m.quality.reasons,
    ...(m.drift?.reasons ?? [NO_REFERENCE]),
    ...(target === null || target.level === 'ok' || target.level === 'insufficient' ? [] : [target.reason]),
    ...(m.correlations ?? []).slice(0, 10).map(correlationReason),
    ...(m.multivariate === null || m.multivariate.verdict === 'ok' ? [] : [m.multivariate.reason]),
    ...m.performance.reasons,
    ...(estimate?.judgement.reasons ?? []),
    ...(m.detectors?.reasons ?? []),
  ];
}
