import { createInterface } from 'node:readline/promises';
import { canaryWorkflowId } from '../../../core/ids';
import type { VersionRecord } from '../../../core/model';
import type { RolloutResult } from '../../../core/workflow-io';
import { DAY, DECEMBER_16, DECEMBER_23 } from '../calendar';
import type { ActResult, Demo } from '../demo';

const PACED = 280;

/** A rollout waits for a person; a stale answer is refused; another rollout is aborted by signal. */
export async function decide(
  demo: Demo,
  champion: VersionRecord,
  healed: VersionRecord,
  broken: VersionRecord,
): Promise<ActResult> {
  const { timeline } = demo;
  timeline.act(5, 'Decide: a rollout waits for a person');
  const model = demo.name('decide');
  const blessings = {
    required: ['evaluated', 'parity', 'infra', 'approved'],
    vouched: ['evaluated', 'parity', 'infra'],
  };
  await demo.modelWithChampion(model, champion, {
    shadow: null,
    blessings,
    rollout: {
      steps: [
        { weight: 25, minHold: '3s', maxHold: '60s', minKeys: 100 },
        { weight: 100, minHold: '0s', maxHold: '60s', minKeys: 0 },
      ],
      approval: { beforeWeight: 100, expires: '10m', reminder: '1m', onExpiry: 'rollback', actors: [] },
    },
  });
  const version = await demo.adopt(model, healed, 'the healed version of act 3');
  const replayer = demo.replayer(model, 4000);
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
      'bring the healed version here too',
    ),
  );
  const canaryId = canaryWorkflowId(model, version);
  await demo.until('the canary', async () => (await demo.rollout(canaryId))?.phase === 'step');
  replayer.setRate(PACED);
  const sending = replayer.run(DECEMBER_16, DECEMBER_23);
  await timeline.step('canary at 25 % until it wants to be promoted', () =>
    demo.until('the approval to be awaited', async () => (await demo.rollout(canaryId))?.phase === 'awaitingApproval'),
  );
  timeline.say('it waits for approval. A person answers with either of');
  const payload = JSON.stringify({
    id: 'demo-approval',
    version,
    actor: 'ann',
    reason: 'the shadow numbers look right',
  });
  timeline.command(
    `ratchet approve ${model} --version ${version} --actor ann --reason "the shadow numbers look right"`,
  );
  timeline.command(
    `temporal workflow update execute --address ${demo.stack.temporal.address} --workflow-id ${canaryId} --name approve --update-id demo-approval --input '${payload}'`,
  );
  if (demo.options.interactive)
    await ask('Answer with one of these in another terminal; or press Enter and the demo does. ');
  let approvedBy = 'a person';
  if ((await demo.rollout(canaryId))?.phase === 'awaitingApproval') {
    approvedBy = 'the demo, with the temporal command';
    const approved = await demo.temporal(
      'workflow',
      'update',
      'execute',
      '--workflow-id',
      canaryId,
      '--name',
      'approve',
      '--update-id',
      'demo-approval',
      '--input',
      payload,
    );
    if (approved.code !== 0) throw new Error(`the approval was refused: ${approved.output}`);
  }
  timeline.good(`approved by ${approvedBy}`);
  const stale = await demo.ratchet('approve', model, '--version', version, '--actor', 'bob', '--reason', 'me too');
  timeline.say(
    `a second, stale approval: exit ${stale.code}, ${firstLine(stale.stderr) || JSON.stringify(stale.answer)}`,
  );
  const promoted = await demo.result<RolloutResult>(canaryId);
  timeline.good(`promoted: ${promoted.outcome}`);

  const second = await demo.adopt(model, broken, 'another candidate');
  await demo.expectFine(
    await demo.ratchet('rollout', model, '--version', second, '--actor', 'demo', '--reason', 'another candidate'),
  );
  const otherId = canaryWorkflowId(model, second);
  await demo.until('the second canary', async () => (await demo.rollout(otherId))?.phase === 'step');
  const abort = JSON.stringify({ id: 'demo-abort', version: second, actor: 'carol', reason: 'wrong ticket' });
  timeline.command(
    `temporal workflow signal --address ${demo.stack.temporal.address} --workflow-id ${otherId} --name abortSignal --input '${abort}'`,
  );
  await demo.temporal('workflow', 'signal', '--workflow-id', otherId, '--name', 'abortSignal', '--input', abort);
  const aborted = await demo.result<RolloutResult>(otherId);
  replayer.stop();
  await sending;
  timeline.good(`${aborted.outcome}: ${aborted.reasons[0]?.text ?? ''}`);

  const decisions = await demo.decisions.list(model);
  const approval = decisions.find((d) => d.kind === 'approval');
  const abortion = decisions.find((d) => d.kind === 'message.abort');
  const champ = (await demo.routes.getRoute(model))?.champion;
  return {
    act: '5 Decide',
    ok:
      promoted.outcome === 'promoted' &&
      approval !== undefined &&
      stale.code !== 0 &&
      aborted.outcome === 'aborted' &&
      abortion?.actor === 'carol' &&
      champ === version,
    expected: 'approved and promoted; second approval refused; other rollout aborted',
    seen: `${promoted.outcome} by ${approval?.actor ?? 'nobody'}, stale approval exit ${stale.code}, ${aborted.outcome} by ${abortion?.actor ?? 'nobody'}, champion ${champ ?? 'none'}`,
  };
}

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? '';

async function ask(question: string): Promise<void> {
  const input = createInterface({ input: process.stdin, output: process.stdout });
  await input.question(question);
  input.close();
}
