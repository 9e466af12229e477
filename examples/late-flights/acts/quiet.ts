import type { EvaluationRecord } from '../../../core/ports';
import { day, MATURITY, NOVEMBER_25, FIRST_WINDOW } from '../calendar';
import type { ActResult, Demo } from '../demo';
import type { Replayer } from '../replay';
import { show } from './champion';

/** 28 October to 24 November: the champion serves; each week's scheduled check says "no drift". */
export async function quiet(demo: Demo, replayer: Replayer): Promise<ActResult> {
  const { timeline } = demo;
  const model = demo.name();
  timeline.act(1, 'Quiet: four weeks in which nothing must happen');
  const from = FIRST_WINDOW;
  const to = NOVEMBER_25 + MATURITY;
  const counts = await timeline.step(
    'live traffic of 28 October to 25 November through the gateway',
    async (report) => {
      const ticker = setInterval(() => report((replayer.clock - from) / (to - from)), 200);
      try {
        return await replayer.run(from, to);
      } finally {
        clearInterval(ticker);
      }
    },
  );
  timeline.say(`${counts.answered} predictions answered, ${counts.failed} failed; ${counts.labels} labels came back`);
  const evaluations = await timeline.step('the scheduled checks of these weeks', () =>
    evaluationsUntil(demo, model, 4),
  );
  for (const evaluation of evaluations) timeline.say(weekLine(evaluation));
  const breaches = evaluations.filter((e) => e.report.breached);
  const incidents = await demo.incidents.listIncidents(model);
  const route = await demo.routes.getRoute(model);
  const ok =
    evaluations.length === 4 &&
    breaches.length === 0 &&
    incidents.length === 0 &&
    route?.champion === '1' &&
    counts.failed === 0;
  return {
    act: '1 Quiet',
    ok,
    expected: '4 checks, no breach, no incident',
    seen: `${evaluations.length} checks, ${breaches.length} breaches, ${incidents.length} incidents`,
  };
}

/** Evaluations of the model's windows so far, in order, once there are `count` of them. */
export async function evaluationsUntil(demo: Demo, model: string, count: number): Promise<readonly EvaluationRecord[]> {
  return demo.until(`${count} evaluations`, async () => {
    const found = [...(await demo.evaluations.listEvaluations(model))].sort((a, b) => a.windowStart - b.windowStart);
    return found.length >= count ? found.slice(0, count) : null;
  });
}

interface Measured {
  readonly rows?: number;
  readonly outcome?: string;
  readonly drift?: {
    readonly driftedFeatures: readonly string[];
    readonly features: readonly { readonly name: string; readonly effect: number | null }[];
  } | null;
  readonly performance?: {
    readonly metrics: readonly { readonly name: string; readonly value: number | null }[];
    readonly coverage: number | null;
  };
}

/** "week of 28 Oct: no drift · log-loss .286, AUC .848 · moved: visib (PSI .25)". */
export function weekLine(evaluation: EvaluationRecord): string {
  const measured = evaluation.measurement as Measured;
  const metric = (name: string): string => show(measured.performance?.metrics.find((m) => m.name === name)?.value);
  const drifted = (measured.drift?.driftedFeatures ?? []).map(
    (name) => `${name} (PSI ${show(measured.drift?.features.find((f) => f.name === name)?.effect, 2)})`,
  );
  const verdict = evaluation.report.breached ? 'BREACH' : drifted.length > 1 ? 'drift of the inputs alone' : 'no drift';
  return `week of ${day(evaluation.windowStart)}: ${verdict} · ${measured.rows ?? 0} rows, log-loss ${metric('logLoss')}, AUC ${metric('auc')} · moved: ${drifted.join(', ') || 'nothing'}`;
}
