import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RatchetError, isRatchetError } from '../../core/errors';
import type { DomainClassification, DomainJob } from '../../core/drift/multivariate';
import type { FeatureColumns, FeatureSpec, FeatureValue, GoldenRows, ModelContract } from '../../core/model';
import type { TrainerJob, TrainerResult } from '../../core/ports';
import { Reader } from './json-reader';

/** The metric that a trial must report; smaller is better. */
export const trialMetric = (task: TrainerJob['task']): 'logLoss' | 'rmse' =>
  task === 'regression' ? 'rmse' : 'logLoss';

/**
 * Reads and checks `result.json` of a job's folder: every field, every length, every number finite, the contract equal to
 * the job's, the model file there with the SHA-256 it says.
 *
 * @throws RatchetError RATCHET_TRAINER_OUTPUT naming the field
 */
export function readResult(job: TrainerJob): Promise<TrainerResult> {
  return readChecked(job.outputDir, async (document) => {
    const result = parseResult(document, job);
    if (result.model !== null) await verifyModel(result.model);
    return result;
  });
}

/**
 * Reads and checks `result.json` of a job of kind `domain`.
 *
 * @throws RatchetError RATCHET_TRAINER_OUTPUT naming the field
 */
export function readDomainResult(job: DomainJob): Promise<DomainClassification> {
  return readChecked(job.outputDir, (document) => Promise.resolve(parseDomain(document)));
}

async function readChecked<T>(outputDir: string, check: (document: unknown) => Promise<T>): Promise<T> {
  const path = resolve(outputDir, 'result.json');
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RatchetError(
      'RATCHET_TRAINER_OUTPUT',
      `The trainer ended well but result.json cannot be read: ${reason}`,
      {
        details: { path },
        cause,
      },
    );
  }
  try {
    return await check(document);
  } catch (cause) {
    if (isRatchetError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RatchetError('RATCHET_TRAINER_OUTPUT', `result.json does not keep the contract: ${reason}`, {
      details: { path },
      cause,
    });
  }
}

function parseResult(document: unknown, job: TrainerJob): TrainerResult {
  const r = new Reader(document, 'result');
  const device = r.field('device').choice(['cpu', 'gpu'] as const);
  const result: TrainerResult = {
    metrics: r.field('metrics').map((v) => v.finite()),
    params: r.field('params').map((v) => v.scalar()),
    versions: r.optional('versions')?.map((v) => v.string()) ?? {},
    importance: r.optional('importance')?.map((v) => v.finite()) ?? {},
    model: parseModel(r.optional('model'), job),
    golden: parseGolden(r.optional('golden'), job.features),
    holdoutScores: r.optional('holdout_scores')?.list((v) => v.finite()) ?? null,
    randomHoldout: parseRandomHoldout(r.optional('random_holdout')),
    device,
    seconds: r.field('seconds').finite(),
  };
  if (job.kind === 'trial') r.field('metrics').field(trialMetric(job.task)).finite();
  if (job.kind === 'fit') {
    if (result.model === null) throw new Error('result.model is missing, a fit must have one');
    if (result.golden === null) throw new Error('result.golden is missing, a fit must have it');
  }
  if (job.kind !== 'trial' && job.holdoutClusters.length > 0 && !result.holdoutScores?.length)
    throw new Error('result.holdout_scores is missing or empty, the job held clusters out');
  if (job.kind === 'fit' && job.compareRandomHoldout && job.holdoutClusters.length > 0 && result.randomHoldout === null)
    throw new Error('result.random_holdout is missing, the job asked for the comparison');
  return result;
}

function parseDomain(document: unknown): DomainClassification {
  const r = new Reader(document, 'result');
  const share = (name: string): number => {
    const value = r.field(name).finite();
    if (value < 0 || value > 1) throw new Error(`result.${name} is ${value}, expected 0 to 1`);
    return value;
  };
  const clusters = r.field('clusters');
  return {
    auc: share('auc'),
    low: share('low'),
    high: share('high'),
    standardError: r.field('standard_error').finite(),
    pValue: share('p_value'),
    importance: r.field('importance').map((v) => v.finite()),
    rows: { reference: r.field('rows').field('reference').index(), current: r.field('rows').field('current').index() },
    clusters: clusters.isNull ? null : clusters.index(),
    versions: r.optional('versions')?.map((v) => v.string()) ?? {},
    seconds: r.field('seconds').finite(),
  };
}

function parseModel(r: Reader | null, job: TrainerJob): TrainerResult['model'] {
  if (r === null) return null;
  const sha256 = r.field('sha256').string();
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('result.model.sha256 is not 64 lower-case hex digits');
  return {
    path: resolve(job.outputDir, r.field('path').string()),
    sha256,
    contract: parseContract(r.field('contract'), job),
  };
}

function parseContract(r: Reader, job: TrainerJob): ModelContract {
  const contract: ModelContract = {
    task: r.field('task').choice(['binary', 'multiclass', 'regression'] as const),
    features: r.field('features').list((f) => ({
      name: f.field('name').string(),
      kind: f.field('kind').choice(['number', 'string'] as const),
    })),
    layout: r.field('layout').choice(['columns', 'matrix'] as const),
    classes: r.field('classes').list((c) => c.string()),
    threshold: r.field('threshold').finite(),
  };
  const asked = [job.task, job.features.map((f) => [f.name, f.kind]), job.classes, job.threshold];
  const given = [contract.task, contract.features.map((f) => [f.name, f.kind]), contract.classes, contract.threshold];
  if (JSON.stringify(asked) !== JSON.stringify(given))
    throw new Error(`result.model.contract is ${JSON.stringify(given)}, the job asked for ${JSON.stringify(asked)}`);
  return contract;
}

function parseGolden(r: Reader | null, features: readonly FeatureSpec[]): GoldenRows | null {
  if (r === null) return null;
  const rows = r.field('features').field('rows').finite();
  const given = r.field('features').field('columns');
  const columns: Record<string, readonly FeatureValue[]> = {};
  for (const feature of features) {
    columns[feature.name] = given
      .field(feature.name)
      .list((v) => (v.isNull ? null : feature.kind === 'number' ? v.finite() : v.string()));
  }
  const golden: GoldenRows = {
    features: { rows, columns } satisfies FeatureColumns,
    scores: r.field('scores').list((v) => v.finite()),
    labels: r.field('labels').list((v) => (v.isNull ? null : v.string())),
  };
  const lengths = [golden.scores.length, golden.labels.length, ...Object.values(columns).map((c) => c.length)];
  if (rows < 1 || lengths.some((length) => length !== rows))
    throw new Error(`result.golden says ${rows} rows, its lists have ${[...new Set(lengths)].join(', ')}`);
  return golden;
}

function parseRandomHoldout(r: Reader | null): TrainerResult['randomHoldout'] {
  if (r === null) return null;
  const rowIndex = r.field('row_index').list((v) => v.index());
  const scores = r.field('scores').list((v) => v.finite());
  if (rowIndex.length !== scores.length)
    throw new Error(`result.random_holdout has ${rowIndex.length} rows and ${scores.length} scores`);
  return { rowIndex, scores };
}

async function verifyModel(model: NonNullable<TrainerResult['model']>): Promise<void> {
  const sha256 = createHash('sha256')
    .update(await readFile(model.path))
    .digest('hex');
  if (sha256 !== model.sha256)
    throw new Error(`${model.path} has SHA-256 ${sha256}, result.model.sha256 says ${model.sha256}`);
}
