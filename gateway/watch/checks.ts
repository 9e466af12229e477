/** Drift, data quality and performance of any window: counts from the ports, judged by the engines of core. */
import { countPlanOf } from '../../core/drift/count-plan';
import type { DriftMeasurement } from '../../core/drift/drift-measurement';
import { measureCounts } from '../../core/drift/measure';
import { measurePerformanceCounts, type PerformanceMeasurement } from '../../core/performance/measure';
import { judgeQuality } from '../../core/quality/judge';
import { qualityPlanOf } from '../../core/quality/quality-counts';
import type { QualityReport } from '../../core/quality/quality-report';
import type { Reason } from '../../core/verdict';
import { json, type HttpAnswer } from '../http/http-server';
import { malformed } from '../protocol/prediction-request';
import { modelIn, textIn, type WatchCall } from './call';
import type { WatchContext, WatchSubject, Window } from './ports';
import { subjectOf } from './subject';
import { windowIn } from './window';

const NO_REFERENCE: Reason = {
  code: 'drift.noReference',
  text: 'the version has no reference: drift is not judged; POST one to /v1/models/{model}/reference',
};

export async function getDrift(call: WatchCall): Promise<HttpAnswer> {
  const { window, subject, head } = await asked(call);
  const measurement = await driftOf(call.context, subject, window);
  const { reference } = subject;
  return json(200, {
    ...head,
    verdict: measurement?.verdict ?? 'insufficient',
    rows: measurement?.currentRows ?? 0,
    reasons: measurement?.reasons ?? [NO_REFERENCE],
    reference: reference === null ? null : { digest: reference.digest, rows: reference.profile.rows },
    measurement,
  });
}

export async function getQuality(call: WatchCall): Promise<HttpAnswer> {
  const { window, subject, head } = await asked(call);
  const report = await qualityOf(call.context, subject, window);
  return json(200, { ...head, verdict: report.verdict, rows: report.rows, reasons: report.reasons, report });
}

export async function getPerformance(call: WatchCall): Promise<HttpAnswer> {
  const { window, subject, head } = await asked(call);
  const slices = textIn(call, 'slices')
    ?.split(',')
    .filter((name) => name !== '');
  const unknown = slices?.find((name) => !subject.contract.features.some((feature) => feature.name === name));
  if (unknown !== undefined) throw malformed(`slices names ${unknown.slice(0, 60)}, which is no feature of the model.`);
  const measurement = await performanceOf(call.context, subject, window, slices);
  const { verdict, rows, labelled, coverage, reasons } = measurement;
  return json(200, { ...head, verdict, rows, labelled, coverage, reasons, measurement });
}

/** null: there is nothing to compare with. */
export async function driftOf(
  context: WatchContext,
  subject: WatchSubject,
  window: Window,
): Promise<DriftMeasurement | null> {
  const { reference, record, contract, version } = subject;
  if (reference === null) return null;
  const { drift, eventTime } = record.policy;
  const { statistics, predictions } = context.ports;
  const latest = await predictions.latestOccurredAt(record.model);
  const plan = countPlanOf(reference.profile, contract.features, { prediction: drift.prediction !== 'off' });
  const counts = await statistics.countWindow(record.model, contract, plan, window.from, window.to, {
    version,
    closedBefore: latest === null ? window.from : latest - eventTime.allowedLatenessMs,
  });
  return measureCounts(reference.profile, counts, contract.features, drift);
}

export async function qualityOf(context: WatchContext, subject: WatchSubject, window: Window): Promise<QualityReport> {
  const { record, contract, reference } = subject;
  const { quality, predictions } = context.ports;
  const profile = reference?.profile ?? null;
  const plan = qualityPlanOf(contract.features, profile, record.policy.quality);
  const counts = await quality.countQuality(record.model, contract, window.from, window.to, plan);
  const latest = await predictions.latestOccurredAt(record.model, window.to);
  const newest = latest !== null && latest >= window.from ? latest : null;
  return judgeQuality(counts, contract.features, profile, record.policy.quality, { newest, end: window.to });
}

/** `slices`: default the policy's. */
export async function performanceOf(
  context: WatchContext,
  subject: WatchSubject,
  window: Window,
  slices?: readonly string[],
): Promise<PerformanceMeasurement> {
  const { record, contract, version, holdoutMetrics } = subject;
  const { performance } = record.policy;
  const counts = await context.ports.statistics.countPerformance(record.model, contract, window.from, window.to, {
    version,
    // Policies of the first release have none.
    slices: slices ?? performance.slices ?? [],
  });
  return measurePerformanceCounts(counts.all, performance, holdoutMetrics, counts.slices);
}

async function asked(call: WatchCall) {
  const window = windowIn(call);
  const subject = await subjectOf(call.context, modelIn(call), textIn(call, 'version'));
  return { window, subject, head: { model: subject.record.model, version: subject.version, ...window } };
}
