import path from 'node:path';
import { createPool, PostgresTrainingSource } from '../../../adapters/postgres';
import { ParquetSnapshotFiles } from '../../../adapters/parquet';
import { ProcessTrainer } from '../../../adapters/trainer';
import { canaryWorkflowId, shadowWorkflowId } from '../../../core/ids';
import type { VersionRecord } from '../../../core/model';
import type { RolloutResult } from '../../../core/workflow-io';
import { resolvePolicy } from '../../../policy';
import { DECEMBER_16, DECEMBER_23, DECEMBER_9, FIRST_TRAINING_DAY, DAY } from '../calendar';
import type { ActResult, Demo } from '../demo';
import { show } from './champion';

const PACED = 280;

/**
 * "Trained elsewhere": the built-in trainer is run outside of any workflow, with a training query in which dep_delay is in
 * seconds. Scored through its own pipeline it looks good; live it gets minutes.
 */
export async function trainElsewhere(demo: Demo, champion: VersionRecord): Promise<VersionRecord> {
  const { timeline } = demo;
  return timeline.step('elsewhere, a team trains a version whose pipeline has dep_delay in seconds', async () => {
    const written = await demo.policy('elsewhere');
    const data = written['data'] as Record<string, unknown>;
    const query = String(data['query']).replace('dep_delay,', 'dep_delay * 60 AS dep_delay,');
    const policy = resolvePolicy({ ...written, data: { ...data, query } });
    const folder = path.join(demo.dataDir, 'elsewhere', String(demo.number));
    const pool = createPool(demo.stack.postgres.url, { applicationName: 'elsewhere' });
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const trainer = new ProcessTrainer({
      python: demo.python,
      trainerDir: path.join(demo.root, 'trainer'),
      env: process.env,
      logger: silent,
    });
    try {
      const source = new PostgresTrainingSource({
        warehouse: pool,
        ledger: pool,
        files: new ParquetSnapshotFiles(),
        folder,
      });
      const snapshot = await source.takeSnapshot(policy, FIRST_TRAINING_DAY, DECEMBER_9, DECEMBER_9);
      const rows = await source.readSnapshot(snapshot, policy.features);
      const held = [...new Set(rows.cluster)].filter((_, i) => i % 7 === 0);
      const result = await trainer.run(
        {
          kind: 'fit',
          snapshotUri: snapshot.uri,
          snapshotDigest: snapshot.digest,
          task: policy.task,
          features: policy.features,
          classes: policy.classes,
          threshold: policy.threshold,
          algorithm: policy.training.algorithm,
          params: policy.training.params,
          seed: policy.training.seed,
          holdoutClusters: held,
          folds: 3,
          goldenRows: 64,
          compareRandomHoldout: false,
          outputDir: path.join(folder, 'fit'),
        },
        {
          command: null,
          onProgress: () => undefined,
          signal: new AbortController().signal,
          cudaDevice: null,
          silenceMs: 120_000,
        },
      );
      if (result.model === null || result.golden === null) throw new Error('the training elsewhere wrote no model');
      timeline.say(`  its own hold-out says log-loss ${show(result.metrics['logLoss'])}: it looks as good as ours`);
      return {
        ...champion,
        sha256: result.model.sha256,
        artifactUri: result.model.path,
        contract: result.model.contract,
        golden: result.golden,
        holdoutMetrics: result.metrics,
      };
    } finally {
      await trainer.close();
      await pool.end();
    }
  });
}

/** The broken version goes straight to a canary and is caught there; with a shadow test it never reaches traffic. */
export async function rescue(demo: Demo, champion: VersionRecord, broken: VersionRecord): Promise<ActResult> {
  const { timeline } = demo;
  timeline.act(4, 'Rescue: a bad version from elsewhere');
  const model = demo.name('rescue');
  const outside = { required: ['evaluated', 'parity', 'infra'], vouched: ['evaluated', 'parity', 'infra'] };
  await demo.modelWithChampion(model, champion, { shadow: null, blessings: outside });
  const version = await demo.adopt(model, broken, 'trained elsewhere');
  const replayer = demo.replayer(model, 4000);
  await replayer.run(DECEMBER_16 - DAY, DECEMBER_16);
  await demo.expectFine(
    await demo.ratchet('rollout', model, '--version', version, '--actor', 'data science', '--reason', 'better offline'),
  );
  const canaryId = canaryWorkflowId(model, version);
  await demo.until('the canary', async () => (await demo.rollout(canaryId))?.phase === 'step');
  replayer.setRate(PACED);
  const canary = await timeline.step('canary of the broken version on the traffic of December', async () => {
    const sending = replayer.run(DECEMBER_16, DECEMBER_23);
    const ended = await demo.result<RolloutResult>(canaryId);
    replayer.stop();
    await sending;
    return ended;
  });
  timeline.say(`  ${canary.outcome}: ${canary.reasons[0]?.text ?? ''}`);
  const exposure = await exposureOf(demo, model, version, canaryId);
  timeline.good(
    `from the decision to the last answer of the bad version: ${exposure.lastAnswerMs === null ? 'none came after it' : `${exposure.lastAnswerMs} ms`}; it gave ${exposure.answers} answers of ${exposure.all}`,
  );

  await demo.expectFine(await applyShadow(demo, model, outside));
  await demo.expectFine(
    await demo.ratchet(
      'rollout',
      model,
      '--version',
      version,
      '--actor',
      'data science',
      '--reason',
      'once more, with a shadow test',
    ),
  );
  const shadowId = shadowWorkflowId(model, version);
  await demo.until('the shadow test', async () => (await demo.rollout(shadowId))?.phase === 'shadow');
  const shadow = await timeline.step('the same version again, now behind a shadow test', async () => {
    const again = demo.replayer(model, PACED);
    const sending = again.run(DECEMBER_9, DECEMBER_16);
    const ended = await demo.result<RolloutResult>(shadowId);
    again.stop();
    await sending;
    return ended;
  });
  timeline.say(`  ${shadow.outcome}: ${shadow.reasons[0]?.text ?? ''}`);
  const after = await exposureOf(demo, model, version, shadowId);
  const champ = (await demo.routes.getRoute(model))?.champion;
  const ok =
    canary.outcome === 'rolledBack' &&
    canary.reasons.some((r) => r.code === 'guardrail.wrong') &&
    exposure.answers > 0 &&
    shadow.outcome === 'failed' &&
    after.answers === 0 &&
    champ === '1';
  return {
    act: '4 Rescue',
    ok,
    expected: 'rolled back by wrong answers; with a shadow test no live answer',
    seen: `canary ${canary.outcome} (${canary.reasons[0]?.code ?? '–'}), ${exposure.answers} bad answers; shadow ${shadow.outcome}, ${after.answers} live answers`,
  };
}

async function applyShadow(
  demo: Demo,
  model: string,
  blessings: unknown,
): Promise<{ code: number; answer: unknown; stderr: string }> {
  const { writeFile } = await import('node:fs/promises');
  const file = path.join(demo.dataDir, 'export', `${model}-shadow.json`);
  await writeFile(file, JSON.stringify(await demo.policy(model, { shadow: { min: '3s' }, blessings })));
  return demo.ratchet('apply', file, '--actor', 'demo', '--reason', 'prove it in the shadow first');
}

interface Exposure {
  /** Live answers of the version in this rollout, and of all versions since it began. */
  readonly answers: number;
  readonly all: number;
  /** From the recorded decision to the last answer; null: none came after it. */
  readonly lastAnswerMs: number | null;
}

/** Read from the prediction log and the decision record, not from what was printed. */
async function exposureOf(demo: Demo, model: string, version: string, workflowId: string): Promise<Exposure> {
  const description = await demo.client.temporal.workflow.getHandle(workflowId).describe();
  const run = `${workflowId}:${description.raw.workflowExecutionInfo?.firstRunId ?? description.runId}`;
  const decided = (await demo.decisions.list(model, { workflowId })).find(
    (d) => d.kind === 'route.rollback' || d.kind === 'route.clearShadow',
  );
  await demo.until('the prediction log to be drained', async () => (await demo.pool.query('SELECT 1')).rowCount === 1);
  const found = await demo.pool.query<{ answers: string; all: string; last: number | null }>(
    `SELECT count(*) FILTER (WHERE arm = 'canary' AND version = $3) AS answers, count(*) FILTER (WHERE arm <> 'shadow') AS all,
            max(received_at) FILTER (WHERE arm = 'canary' AND version = $3) AS last
     FROM ratchet.predictions WHERE model = $1 AND run = $2`,
    [model, run, version],
  );
  const row = found.rows[0];
  const last = row?.last ?? null;
  const after = last === null || decided === undefined ? null : last - decided.at;
  return {
    answers: Number(row?.answers ?? 0),
    all: Number(row?.all ?? 0),
    lastAnswerMs: after === null || after < 0 ? null : Math.round(after),
  };
}
