import { setTimeout as delay } from 'node:timers/promises';
import { canaryWorkflowId } from '../../../core/ids';
import type { VersionRecord } from '../../../core/model';
import type { RolloutResult } from '../../../core/workflow-io';
import { DAY, DECEMBER_16, DECEMBER_23 } from '../calendar';
import type { ActResult, Demo } from '../demo';
import { FlightGateway } from '../flight-gateway';
import { Replayer } from '../replay';
import { warehouseFlights } from '../warehouse';

const PACED = 200;

/** The worker and the Temporal server are killed in the middle of a canary; the lease ends; the champion serves alone. */
export async function lease(demo: Demo, champion: VersionRecord, healed: VersionRecord): Promise<ActResult> {
  const { timeline } = demo;
  timeline.act(6, 'Lease: the orchestrator dies in the middle of a canary');
  const model = demo.name('lease');
  const leaseMs = 5000;
  await demo.modelWithChampion(model, champion, {
    shadow: null,
    blessings: { required: ['evaluated', 'parity', 'infra'], vouched: ['evaluated', 'parity', 'infra'] },
    rollout: {
      lease: '5s',
      steps: [
        { weight: 50, minHold: '30s', maxHold: '60s', minKeys: 100 },
        { weight: 100, minHold: '0s', maxHold: '60s', minKeys: 0 },
      ],
    },
  });
  const version = await demo.adopt(model, healed, 'the healed version of act 3');
  const arms: { at: number; canary: number; champion: number }[] = [];
  const replayer = new Replayer({
    source: warehouseFlights(demo.pool),
    gateway: new FlightGateway({ url: demo.gatewayUrl, model }),
    rowsPerSecond: 4000,
    onAnswers: (answers) => {
      const canary = answers.filter((a) => a.arm === 'canary').length;
      arms.push({ at: performance.now(), canary, champion: answers.length - canary });
    },
  });
  await replayer.run(DECEMBER_16 - DAY, DECEMBER_16);
  await demo.expectFine(
    await demo.ratchet(
      'rollout',
      model,
      '--version',
      version,
      '--actor',
      'demo',
      '--reason',
      'a canary to be orphaned',
    ),
  );
  const canaryId = canaryWorkflowId(model, version);
  await demo.until('the canary', async () => (await demo.rollout(canaryId))?.weight === 5000);
  replayer.setRate(PACED);
  const sending = replayer.run(DECEMBER_16, DECEMBER_23);
  await demo.until('answers of the canary', () => Promise.resolve(arms.some((a) => a.canary > 0)));
  await delay(1500);

  await Promise.all([demo.worker.kill9(), demo.stack.temporal.kill9()]);
  const killedAt = performance.now();
  timeline.bad('SIGKILL to the worker and to the Temporal server');
  const before = replayer.counts;
  await timeline.step(`the gateway goes on answering; its lease of ${leaseMs / 1000} s is not renewed`, async () => {
    await demo.until(
      'the last answer of the canary',
      () => {
        const last = arms.filter((a) => a.canary > 0).at(-1)?.at ?? 0;
        const now = performance.now();
        return Promise.resolve(now - killedAt > leaseMs + 500 && now - last > 1500);
      },
      30_000,
    );
  });
  const lastCanary = (arms.filter((a) => a.canary > 0).at(-1)?.at ?? killedAt) - killedAt;
  const alone = arms.filter((a) => a.at - killedAt > lastCanary);
  const answeredAlone = alone.reduce((sum, a) => sum + a.champion, 0);
  timeline.good(
    `the last answer of the canary came ${(lastCanary / 1000).toFixed(1)} s after the kill; since then the champion gave all ${answeredAlone}`,
  );

  await timeline.step('the server and the worker come back', async () => {
    await demo.stack.temporal.restart();
    await demo.worker.start();
  });
  const result = await demo.result<RolloutResult>(canaryId);
  replayer.stop();
  await sending;
  const failures = replayer.counts.failed - before.failed;
  timeline.good(`the workflow went on and ended: ${result.outcome}, ${result.reasons[0]?.text ?? ''}`);
  const ended = (await demo.decisions.list(model, { workflowId: canaryId })).find((d) => d.kind === 'rollout.end');
  const champ = (await demo.routes.getRoute(model))?.champion;
  return {
    act: '6 Lease',
    ok:
      result.outcome === 'rolledBack' &&
      result.reasons.some((r) => r.code === 'leaseLost') &&
      ended !== undefined &&
      answeredAlone > 0 &&
      failures === 0 &&
      champ === '1',
    expected: 'no failed request, champion alone after the lease, rolled back with leaseLost',
    seen: `${failures} failed requests, ${answeredAlone} answers by the champion alone, ${result.outcome} (${result.reasons[0]?.code ?? '–'}), champion ${champ ?? 'none'}`,
  };
}
