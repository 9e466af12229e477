/** Activities of driftCheck: one window a call. */
import type { EvaluationReport } from '../core/messages';
import type { EpochMs, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { DriftCheckResult } from '../core/workflow-io';
import { isExternal } from '../core/external-version';
import { judgeWindow, type WindowOutcome } from '../core/judge-window';
import { driftReportOf } from '../core/report';
import { guarded, withHeartbeat } from './failure';
import { measureWindow, type WindowMeasurement } from './measure-window';
import type { ActivityPorts } from './ports';
import { servingSince } from './serving-since';

export interface CheckWindow {
  readonly version: ModelVersion;
  readonly start: EpochMs;
  readonly end: EpochMs;
  /** 2 and more: labels have come or changed since the window was judged. */
  readonly revision?: number;
}

export interface EvaluateWindowInput {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly window: CheckWindow;
  readonly workflowId: string;
  readonly key: string;
}

export interface EvaluateWindowResult {
  readonly outcome: Exclude<DriftCheckResult['outcome'], 'noWindow'>;
  readonly report: EvaluationReport;
  readonly driftedFeatures: readonly string[];
  /** One line of numbers for the details pane and the timeline. */
  readonly summary: string;
}

type WatchPorts = Pick<
  ActivityPorts,
  | 'models'
  | 'routes'
  | 'predictions'
  | 'evaluations'
  | 'statistics'
  | 'quality'
  | 'profiles'
  | 'decisions'
  | 'tracking'
  | 'reports'
  | 'workflows'
  | 'clock'
  | 'codeVersion'
  | 'logger'
>;

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createWatchActivities(ports: WatchPorts) {
  return guarded({
    /**
     * The oldest complete window that nobody has evaluated for the champion, or null. Complete: the watermark (latest
     * occurredAt minus the allowed lateness) has passed its end by the label horizon, so that its labels are mature.
     */
    async nextCheckWindow(input: { readonly model: ModelName; readonly policy: Policy }): Promise<CheckWindow | null> {
      const { model, policy } = input;
      const champion = await watchedVersion(model);
      // Nothing serves yet: there is nothing to check, and that is no fault.
      if (champion === null) return null;
      const [latest, earliest] = await Promise.all([
        ports.predictions.latestOccurredAt(model),
        ports.predictions.earliestOccurredAt(model),
      ]);
      if (latest === null || earliest === null) return null;
      const watermark = latest - policy.eventTime.allowedLatenessMs - policy.eventTime.labelHorizonMs;
      const { anchor, windowMs } = policy.drift;
      // A promoted version is judged on windows that begin after it began to serve; else the grid cell of the first row counts.
      const served = await servingSince(ports.decisions, model, champion, ['route.promote']);
      const cell =
        served === null ? Math.floor((earliest - anchor) / windowMs) : Math.ceil((served - anchor) / windowMs);
      const next = await ports.evaluations.nextWindow(
        model,
        champion,
        policy.drift,
        anchor + cell * windowMs,
        watermark,
      );
      if (next !== null) return { version: champion, start: next.start, end: next.end };
      // Nothing new: a window whose labels came late is judged again until its horizon closes.
      const endedAfter = latest - policy.eventTime.allowedLatenessMs - (policy.performance.recomputeMs ?? 0);
      const again = await ports.evaluations.nextRecomputation(model, champion, endedAfter);
      return again === null ? null : { version: champion, ...again };
    },

    /** Measures one window, stores the evaluation (once) and its decision record. */
    async evaluateWindow(input: EvaluateWindowInput): Promise<EvaluateWindowResult> {
      const { model, policy, window } = input;
      // Taken before anything is read: a label that arrives meanwhile asks for a recomputation.
      const at = ports.clock.now();
      const version = await ports.models.getVersion(model, window.version);
      const revision = window.revision ?? 1;
      const m = await withHeartbeat(2000, () =>
        measureWindow(ports, {
          model,
          policy,
          version,
          from: window.start,
          to: window.end,
          // A window is checked when the watermark has passed its end: its hours are complete.
          closedBefore: window.end,
          recomputation: revision > 1,
        }),
      );
      const { outcome, judged, reasons } = judgeWindow(m, policy);
      const report: EvaluationReport = {
        version: window.version,
        windowStart: window.start,
        windowEnd: window.end,
        breached: outcome === 'breach',
        driftScore: m.drift?.driftScore ?? null,
        reasons,
        // Saved with the report: a retry after the reference changed tells the one that was measured.
        reference: m.profileDigest,
        ...(revision > 1 ? { revision } : {}),
        ...(judged ? {} : { judged }),
      };
      const saved = await ports.evaluations.saveEvaluation({
        model,
        version: window.version,
        windowStart: window.start,
        windowEnd: window.end,
        report,
        measurement: { ...m, outcome },
        workflowId: input.workflowId,
        at,
        revision,
      });
      // What was saved first counts: a retry may have seen labels that came in between, and must not tell another story.
      const kept = saved.measurement as unknown as WindowMeasurement & { readonly outcome: WindowOutcome };
      await ports.decisions.record({
        key: input.key,
        model,
        version: window.version,
        kind: 'drift',
        verdict:
          kept.outcome === 'noDrift'
            ? 'pass'
            : kept.outcome === 'breach'
              ? 'fail'
              : kept.outcome === 'dataInvalid'
                ? 'error'
                : 'inconclusive',
        reasons: saved.report.reasons,
        evidence: {
          window,
          rows: kept.rows,
          outcome: kept.outcome,
          profileDigest: kept.profileDigest,
          drift: kept.drift,
          correlations: kept.correlations,
          multivariate: kept.multivariate,
          target: kept.target,
          performance: kept.performance,
          estimate: kept.estimate,
          detectors: kept.detectors,
          quality: kept.quality,
          revision,
          thresholds: { drift: policy.drift, performance: policy.performance, require: policy.triggers.require },
          codeVersion: ports.codeVersion,
        },
        actor: 'ratchet',
        reason: `${revision > 1 ? 'recomputed after late labels: ' : 'scheduled '}check of ${new Date(window.start).toISOString()} to ${new Date(window.end).toISOString()}`,
        workflowId: input.workflowId,
      });
      const metricText = kept.performance.metrics
        .map((x) => `${x.name} ${x.value === null ? 'n/a' : x.value.toFixed(3)}`)
        .join(', ');
      const drifted = kept.drift?.driftedFeatures ?? [];
      return {
        outcome: kept.outcome,
        report: saved.report,
        driftedFeatures: drifted,
        summary: `${kept.rows} rows; drifted: ${drifted.length === 0 ? 'none' : drifted.join(', ')}; ${metricText}`,
      };
    },

    /** Tracking write: never stops a check (DESIGN §7). `reportUrl`: the drift report's page in MLflow. */
    async logCheckToMlflow(input: {
      readonly model: ModelName;
      readonly policy: Policy;
      readonly window: CheckWindow;
      readonly result: EvaluateWindowResult;
      readonly key: string;
      readonly startedAt: EpochMs;
    }): Promise<{ readonly reportUrl: string }> {
      const { runId, url } = await ports.tracking.ensureRun({
        key: input.key,
        experiment: `ratchet/${input.model}/drift`,
        name: `check ${new Date(input.window.start).toISOString().slice(0, 10)}`,
        startTime: input.startedAt,
        tags: { 'ratchet.outcome': input.result.outcome, 'ratchet.version': input.window.version },
      });
      const evaluations = await ports.evaluations.listEvaluations(input.model);
      const evaluation = evaluations.find(
        (e) => e.version === input.window.version && e.windowStart === input.window.start,
      );
      const metrics = metricPoints(evaluation?.measurement ?? {}, input.startedAt);
      const rows = evaluation?.measurement['rows'];
      await ports.tracking.logRun(runId, {
        metrics,
        params: { version: input.window.version, rows: typeof rows === 'number' ? String(rows) : '0' },
      });
      await ports.tracking.logArtifact(
        runId,
        'measurement.json',
        JSON.stringify(evaluation?.measurement ?? {}, null, 2),
        'application/json',
      );
      if (evaluation !== undefined) {
        const { holdoutMetrics } = await ports.models.getVersion(input.model, input.window.version);
        const data = driftReportOf(evaluations, {
          window: input.window,
          holdoutMetrics,
          policy: input.policy,
          codeVersion: ports.codeVersion,
        });
        await ports.tracking.logArtifact(runId, 'report/drift.json', JSON.stringify(data), 'application/json');
        await ports.tracking.logArtifact(
          runId,
          'report/drift.html',
          await ports.reports.renderDrift(data),
          'text/html',
        );
      }
      await ports.tracking.endRun(runId, 'FINISHED', ports.clock.now());
      return { reportUrl: `${url}/artifacts/report/drift.html` };
    },

    /** signal-with-start on `model/<name>`: workflows cannot do that themselves. */
    async reportEvaluation(input: { readonly model: ModelName; readonly report: EvaluationReport }): Promise<void> {
      await ports.workflows.reportEvaluation(input.model, input.report);
    },
  });

  /** The champion; for a model that is served elsewhere its newest version. null: none. */
  async function watchedVersion(model: ModelName): Promise<ModelVersion | null> {
    const route = await ports.routes.getRoute(model);
    if (route !== null) return route.champion;
    const external = (await ports.models.listVersions(model)).filter(isExternal);
    return external.sort((a, b) => Number(a.version) - Number(b.version)).at(-1)?.version ?? null;
  }
}

/** Flattens a measurement into MLflow metric points: `psi.<feature>` and the performance metrics. */
function metricPoints(
  measurement: Readonly<Record<string, unknown>>,
  timestamp: EpochMs,
): { key: string; value: number; timestamp: EpochMs }[] {
  const points: { key: string; value: number; timestamp: EpochMs }[] = [];
  const add = (key: string, value: unknown): void => {
    if (typeof value === 'number' && Number.isFinite(value)) points.push({ key, value, timestamp });
  };
  const drift = measurement['drift'] as
    { features?: { name: string; effect: number | null }[]; driftScore?: number } | null | undefined;
  for (const feature of drift?.features ?? []) add(`drift.${feature.name}`, feature.effect);
  add('drift.score', drift?.driftScore);
  const performance = measurement['performance'] as
    { metrics?: { name: string; value: number | null }[]; coverage?: number } | undefined;
  for (const metric of performance?.metrics ?? []) add(metric.name, metric.value);
  add('labelCoverage', performance?.coverage);
  const estimate = measurement['estimate'] as
    { estimate?: { metrics?: { metric: string; value: number | null }[] } } | null | undefined;
  for (const { metric, value } of estimate?.estimate?.metrics ?? []) add(`estimated.${metric}`, value);
  return points;
}
