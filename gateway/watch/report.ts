import type { DriftMeasurement } from '../../core/drift/drift-measurement';
import { RatchetError } from '../../core/errors';
import type { EvaluationRecord } from '../../core/ports';
import type { PerformanceMeasurement } from '../../core/performance/measure';
import type { QualityReport } from '../../core/quality/quality-report';
import { json, type HttpAnswer } from '../http/http-server';
import { modelIn, textIn, type WatchCall } from './call';
import { driftOf, performanceOf, qualityOf } from './checks';
import type { WatchReport, WatchSubject } from './ports';
import { subjectOf } from './subject';
import { windowIn } from './window';

/** Windows that a page shows over time. */
const MOST_WINDOWS = 200;

export async function getReport(call: WatchCall): Promise<HttpAnswer> {
  const { context } = call;
  const { renderReport } = context.ports;
  const isHtml = textIn(call, 'format') !== 'json';
  if (isHtml && renderReport === undefined) {
    throw new RatchetError('RATCHET_NOT_FOUND', 'This gateway renders no HTML reports.', { hint: 'Use ?format=json.' });
  }
  const subject = await subjectOf(context, modelIn(call), textIn(call, 'version'));
  const all = (await context.ports.evaluations.listEvaluations(subject.record.model)).filter(
    ({ version }) => version === subject.version,
  );
  const asksWindow = textIn(call, 'from') !== undefined || textIn(call, 'to') !== undefined;
  const report = asksWindow ? await measured(call, subject, all) : evaluated(subject, all);
  if (!isHtml || renderReport === undefined) return json(200, report);
  return { status: 200, body: await renderReport(report, subject), type: 'text/html; charset=utf-8' };
}

async function measured(
  call: WatchCall,
  subject: WatchSubject,
  all: readonly EvaluationRecord[],
): Promise<WatchReport> {
  const window = windowIn(call);
  const { context } = call;
  const [drift, quality, performance] = await Promise.all([
    driftOf(context, subject, window),
    qualityOf(context, subject, window),
    performanceOf(context, subject, window),
  ]);
  return {
    ...headOf(subject, all),
    ...window,
    at: context.clock.now(),
    source: 'window',
    drift,
    quality,
    performance,
  };
}

function evaluated(subject: WatchSubject, all: readonly EvaluationRecord[]): WatchReport {
  const last = all.at(-1);
  if (last === undefined) {
    throw new RatchetError(
      'RATCHET_NOT_FOUND',
      `No check of ${subject.record.model} version ${subject.version} has been kept yet.`,
      { hint: 'Ask for a window with ?from= and &to=, which is measured now.' },
    );
  }
  const { drift, quality, performance } = last.measurement as {
    readonly drift?: DriftMeasurement | null;
    readonly quality?: QualityReport | null;
    readonly performance?: PerformanceMeasurement | null;
  };
  return {
    ...headOf(subject, all),
    from: last.windowStart,
    to: last.windowEnd,
    at: last.at,
    source: 'evaluation',
    drift: drift ?? null,
    quality: quality ?? null,
    performance: performance ?? null,
  };
}

function headOf(
  subject: WatchSubject,
  all: readonly EvaluationRecord[],
): Pick<WatchReport, 'model' | 'version' | 'history'> {
  const history = all.slice(-MOST_WINDOWS).map(({ version, windowStart, windowEnd, report }) => ({
    version,
    windowStart,
    windowEnd,
    breached: report.breached,
    driftScore: report.driftScore,
  }));
  return { model: subject.record.model, version: subject.version, history };
}
