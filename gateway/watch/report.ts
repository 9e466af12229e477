import type { DriftReportData } from '../../core/drift/report-data';
import { RatchetError } from '../../core/errors';
import { judgeWindow } from '../../core/judge-window';
import type { EvaluationRecord } from '../../core/ports';
import { driftReportOf } from '../../core/report';
import { json, type HttpAnswer } from '../http/http-server';
import { modelIn, textIn, type WatchCall } from './call';
import { driftOf, performanceOf, qualityOf } from './checks';
import type { WatchSubject, Window } from './ports';
import { subjectOf } from './subject';
import { windowIn } from './window';

/** The drift report of the last check, or of a window that is measured now; the earlier checks are its history. */
export async function getReport(call: WatchCall): Promise<HttpAnswer> {
  const { renderReport, evaluations } = call.context.ports;
  const isHtml = textIn(call, 'format') !== 'json';
  if (isHtml && renderReport === undefined) {
    throw new RatchetError('RATCHET_NOT_FOUND', 'This gateway renders no HTML reports.', { hint: 'Use ?format=json.' });
  }
  const subject = await subjectOf(call.context, modelIn(call), textIn(call, 'version'));
  const all = (await evaluations.listEvaluations(subject.record.model)).filter(
    ({ version }) => version === subject.version,
  );
  const asksWindow = textIn(call, 'from') !== undefined || textIn(call, 'to') !== undefined;
  const report = asksWindow ? await reportOfWindow(call, subject, all) : reportOfLast(subject, all);
  if (!isHtml || renderReport === undefined) return json(200, report);
  return { status: 200, body: await renderReport(report), type: 'text/html; charset=utf-8' };
}

async function reportOfWindow(
  call: WatchCall,
  subject: WatchSubject,
  all: readonly EvaluationRecord[],
): Promise<DriftReportData> {
  const window = windowIn(call);
  const measured = await evaluate(call, subject, window);
  const others = all.filter(({ windowStart }) => windowStart !== window.from);
  return reportOf(subject, [...others, measured], window.from);
}

function reportOfLast(subject: WatchSubject, all: readonly EvaluationRecord[]): DriftReportData {
  const last = all.at(-1);
  if (last !== undefined) return reportOf(subject, all, last.windowStart);
  throw new RatchetError(
    'RATCHET_NOT_FOUND',
    `No check of ${subject.record.model} version ${subject.version} has been kept yet.`,
    { hint: 'Ask for a window with ?from= and &to=, which is measured now.' },
  );
}

function reportOf(subject: WatchSubject, all: readonly EvaluationRecord[], start: number): DriftReportData {
  const { policy, policyDigest } = subject.record;
  const { version, holdoutMetrics } = subject;
  return driftReportOf(all, { window: { version, start }, holdoutMetrics, policy, policyDigest });
}

/** As a check would store it, and nothing is stored: no detectors and no estimate, which belong to the series of checks. */
async function evaluate(call: WatchCall, subject: WatchSubject, window: Window): Promise<EvaluationRecord> {
  const { context } = call;
  const [drift, quality, performance] = await Promise.all([
    driftOf(context, subject, window),
    qualityOf(context, subject, window),
    performanceOf(context, subject, window),
  ]);
  const { outcome, judged, reasons } = judgeWindow(
    {
      drift,
      quality,
      performance,
      correlations: null,
      multivariate: null,
      target: null,
      estimate: null,
      detectors: null,
    },
    subject.record.policy,
  );
  return {
    model: subject.record.model,
    version: subject.version,
    windowStart: window.from,
    windowEnd: window.to,
    report: {
      version: subject.version,
      windowStart: window.from,
      windowEnd: window.to,
      breached: outcome === 'breach',
      driftScore: drift?.driftScore ?? null,
      reasons,
      ...(judged ? {} : { judged }),
    },
    measurement: {
      rows: performance.rows,
      profileDigest: subject.reference?.digest ?? null,
      outcome,
      drift,
      quality,
      performance,
    },
    workflowId: 'on demand',
    at: context.clock.now(),
  };
}
