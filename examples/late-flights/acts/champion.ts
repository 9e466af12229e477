import type { RetrainResult } from '../../../core/workflow-io';
import { retrainWorkflowId } from '../../../core/ids';
import type { VersionRecord } from '../../../core/model';
import { FIRST_TRAINING_DAY, OCTOBER_28 } from '../calendar';
import type { Demo } from '../demo';

/** Registers the model and trains its first champion on 2 September to 27 October: there is none to compare with, so it serves. */
export async function trainFirstChampion(demo: Demo): Promise<VersionRecord> {
  const { client, timeline } = demo;
  const model = demo.name();
  await timeline.step(`the first champion of ${model} is trained on 2 September to 27 October`, async () => {
    // The first version is measured on the week that follows its training: that is what live weeks are held against.
    const forward = { data: { holdout: { every: 1, offset: 0, within: '7d' } } };
    await client.registerModel(await demo.policy(model, forward), { actor: 'demo', reason: 'npm run demo' });
    await demo.until('the model workflow', async () => (await client.status(model)).model.phase === 'watching');
    await client.retrain(model, {
      actor: 'demo',
      reason: 'the first version',
      asOf: OCTOBER_28,
      lookbackMs: OCTOBER_28 - FIRST_TRAINING_DAY,
    });
    const workflowId = retrainWorkflowId(model, 1);
    await demo.until(
      'the first retraining to start',
      async () => (await client.temporal.workflow.getHandle(workflowId).describe()).status.name !== 'UNSPECIFIED',
    );
    const result = await demo.result<RetrainResult>(workflowId);
    if (result.outcome !== 'champion') {
      throw new Error(`the first training ended as ${result.outcome}: ${result.reasons.map((r) => r.text).join('; ')}`);
    }
    await client.setPolicy(model, await demo.policy(model), {
      actor: 'demo',
      reason: 'from now on held-out days are spread over the last six weeks',
    });
  });
  const route = await demo.until('the first champion', () => demo.routes.getRoute(model));
  const champion = await demo.models.getVersion(model, route.champion);
  const { logLoss, auc } = champion.holdoutMetrics;
  timeline.good(
    `version ${champion.version} is champion: the week of 21 October, held out, says log-loss ${show(logLoss)}, AUC ${show(auc)} (data page: .301, .846)`,
  );
  await demo.until(
    'the gateway to serve it',
    async () => (await fetch(`${demo.gatewayUrl}/v2/models/${model}/ready`)).ok,
  );
  return champion;
}

export const show = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? 'n/a' : value.toFixed(digits).replace(/^(-?)0\./, '$1.');
