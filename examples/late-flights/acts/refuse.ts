import { retrainWorkflowId } from '../../../core/ids';
import type { RetrainResult } from '../../../core/workflow-io';
import { NOVEMBER_25 } from '../calendar';
import type { ActResult, Demo } from '../demo';
import { show } from './champion';

interface RandomRows {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** 24 November, no alarm: a retraining asked for by hand on the last four weeks, and its gate says no. */
export async function refuse(demo: Demo): Promise<ActResult> {
  const { timeline } = demo;
  const model = demo.name();
  timeline.act(2, 'Refuse: a retraining by hand that only looks better');
  const workflowId = retrainWorkflowId(model, 2);
  const result = await timeline.step('retrained on the last four weeks, as of 24 November', async () => {
    await demo.expectFine(
      await demo.ratchet(
        'retrain',
        model,
        '--lookback',
        '28d',
        '--as-of',
        new Date(NOVEMBER_25).toISOString(),
        '--actor',
        'demo',
        '--reason',
        'it is a month old',
      ),
    );
    await demo.until(
      'the retraining to start',
      async () => (await demo.client.temporal.workflow.getHandle(workflowId).describe()).status.name !== 'UNSPECIFIED',
    );
    return demo.result<RetrainResult>(workflowId);
  });
  const gate = (await demo.decisions.list(model, { kind: 'gate', workflowId })).at(-1);
  const random = gate?.evidence['randomRows'] as RandomRows | null | undefined;
  timeline.say(`held-out days, days resampled: ${result.outcome}`);
  for (const reason of result.reasons) timeline.say(`  ${reason.code}: ${reason.text}`);
  if (random != null) {
    timeline.say(
      `a hold-out of random rows would have said: log-loss better by ${show(random.difference)} [${show(random.low)}, ${show(random.high)}]: ${random.low > 0 ? 'promote' : 'do not promote'} (data page: +.037, promote)`,
    );
  }
  const champion = (await demo.routes.getRoute(model))?.champion;
  return {
    act: '2 Refuse',
    ok: result.outcome === 'refused' && gate?.verdict !== 'pass' && champion === '1' && random != null,
    expected: 'the gate refuses, version 1 stays',
    seen: `${result.outcome} (gate ${gate?.verdict ?? 'absent'}), champion ${champion ?? 'none'}`,
  };
}
