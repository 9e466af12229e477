import { canaryWorkflowId, retrainWorkflowId, shadowWorkflowId } from '../../../core/ids';
import type { VersionRecord } from '../../../core/model';
import type { RetrainResult, RolloutResult } from '../../../core/workflow-io';
import { DECEMBER_16, DECEMBER_23, DECEMBER_9, MATURITY, NOVEMBER_25 } from '../calendar';
import type { ActResult, Demo } from '../demo';
import { liveFigures } from '../live-figures';
import type { Replayer } from '../replay';
import { show } from './champion';
import { evaluationsUntil, weekLine } from './quiet';

export interface Healed {
  readonly result: ActResult;
  readonly version: VersionRecord | null;
}

const FAST = 4000;
const PACED = 280;

/** 25 November to 22 December: the storms come; the model is found worse, retrained, proven and promoted. */
export async function heal(demo: Demo, replayer: Replayer): Promise<Healed> {
  const { timeline } = demo;
  const model = demo.name();
  timeline.act(3, 'Heal: the December storms');
  replayer.setRate(FAST);
  await timeline.step('live traffic of 25 November to 8 December', () =>
    replayer.run(NOVEMBER_25 + MATURITY, DECEMBER_9 + MATURITY),
  );
  const evaluations = await timeline.step('the scheduled checks', () => evaluationsUntil(demo, model, 6));
  for (const evaluation of evaluations.slice(4)) timeline.say(weekLine(evaluation));

  const retrainId = retrainWorkflowId(model, 3);
  const retrained = await timeline.step(
    'an incident is open: snapshot, validation, four trials on the GPU queue, fit, parity, gate, registration',
    async () => {
      await demo.until(
        'the retraining to start',
        async () => (await demo.client.temporal.workflow.getHandle(retrainId).describe()).status.name !== 'UNSPECIFIED',
        60_000,
      );
      return demo.result<RetrainResult>(retrainId);
    },
  );
  for (const reason of retrained.reasons) timeline.say(`  ${reason.code}: ${reason.text}`);
  if (retrained.outcome !== 'challenger' || retrained.version === null) {
    return { result: failed(`the retraining ended as ${retrained.outcome}`), version: null };
  }
  const version = await demo.models.getVersion(model, retrained.version);
  timeline.good(
    `version ${version.version} is challenger: held-out log-loss ${show(version.holdoutMetrics['logLoss'])}`,
  );

  const shadowId = shadowWorkflowId(model, version.version);
  await demo.until('the shadow test', async () => (await demo.rollout(shadowId))?.phase === 'shadow');
  replayer.setRate(PACED);
  const shadow = await timeline.step(
    'shadow test: a copy of the traffic of 9 to 15 December, judged as labels mature',
    async () => {
      const sending = replayer.run(DECEMBER_9 + MATURITY, DECEMBER_16);
      const ended = await demo.result<RolloutResult>(shadowId);
      replayer.setRate(FAST);
      await sending;
      return ended;
    },
  );
  for (const reason of shadow.reasons) timeline.say(`  ${reason.code}: ${reason.text}`);
  if (shadow.outcome !== 'passed') return { result: failed(`the shadow test ended as ${shadow.outcome}`), version };

  const canaryId = canaryWorkflowId(model, version.version);
  replayer.setRate(PACED);
  const canary = await timeline.step('canary on the traffic of 16 to 22 December', async () => {
    const sending = replayer.run(DECEMBER_16, DECEMBER_23);
    let weight = -1;
    await demo.until(
      'the canary to end',
      async () => {
        const status = await demo.rollout(canaryId);
        if (status !== null && status.weight !== weight && status.weight > 0) {
          weight = status.weight;
          timeline.say(`  weight ${weight / 100} %`);
        }
        return status?.phase === 'ended' ? status : null;
      },
      200_000,
    );
    replayer.setRate(FAST);
    await sending;
    return demo.result<RolloutResult>(canaryId);
  });
  for (const reason of canary.reasons.slice(0, 4)) timeline.say(`  ${reason.code}: ${reason.text}`);
  await replayer.advanceTo(DECEMBER_23 + MATURITY);

  const figures = await liveFigures(demo.pool, model, version.version);
  timeline.say(
    'live log-loss and AUC from the prediction log (in brackets: the data page). Week of 9 Dec: both answered the same requests; week of 16 Dec: each its own arm, at different hours',
  );
  timeline.table(['week of', 'version 1', `version ${version.version}`], figures);

  const breached = evaluations.filter((e) => e.report.breached);
  const drifted =
    (evaluations[5]?.measurement as { drift?: { driftedFeatures: readonly string[] } } | undefined)?.drift
      ?.driftedFeatures ?? [];
  const incidents = await demo
    .until(
      'the incident to close',
      async () => {
        const found = await demo.incidents.listIncidents(model);
        return found.length > 0 && found.every((i) => i.closedAt !== null) ? found : null;
      },
      30_000,
    )
    .catch(() => demo.incidents.listIncidents(model));
  const route = await demo.routes.getRoute(model);
  const aliases = await demo
    .until(
      'the alias in MLflow',
      async () => {
        const found = await demo.registry.getAliases(model);
        return found['champion'] === version.version ? found : null;
      },
      30_000,
    )
    .catch((): Record<string, string> => ({}));
  const ok =
    breached.length === 1 &&
    evaluations[5]?.report.breached === true &&
    drifted.length >= 2 &&
    canary.outcome === 'promoted' &&
    route?.champion === version.version &&
    route.previous === '1' &&
    aliases['champion'] === version.version &&
    incidents.length === 1 &&
    incidents[0]?.closedAt !== null;
  return {
    version,
    result: {
      act: '3 Heal',
      ok,
      expected: 'one breach (week of 2 Dec), healed version promoted, incident closed',
      seen: `${breached.length} breach, drifted ${drifted.length}, canary ${canary.outcome}, champion ${route?.champion ?? 'none'} (MLflow ${aliases['champion'] ?? 'none'}), incident ${incidents[0]?.outcome ?? 'open'}`,
    },
  };
}

const failed = (seen: string): ActResult => ({ act: '3 Heal', ok: false, expected: 'healed version promoted', seen });
