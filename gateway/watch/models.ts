import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json';
import { RatchetError } from '../../core/errors';
import { EXTERNAL_ARTIFACT, isExternal } from '../../core/external-version';
import type { ModelContract, VersionRecord } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { ModelRecord } from '../../core/ports';
import { resolvePolicy, watchApi } from '../../policy';
import { json, type HttpAnswer } from '../http/http-server';
import { malformed } from '../protocol/prediction-request';
import { modelIn, numberIn, textIn, type WatchCall } from './call';
import { afterCursor, cursorOf } from './paging';
import type { WatchContext } from './ports';
import { currentVersion, referenceOf } from './subject';

export async function listModels(call: WatchCall): Promise<HttpAnswer> {
  const records = await call.context.ports.models.listModels();
  const limit = numberIn(call, 'limit');
  const after = textIn(call, 'after');
  const rest = after === undefined ? records : records.filter(({ model }) => model > afterCursor(after, 1)[0]!);
  const page = rest.slice(0, limit);
  const models = await Promise.all(page.map((record) => summary(call.context, record)));
  const last = page.at(-1);
  return json(200, { models, next: rest.length > limit && last !== undefined ? cursorOf([last.model]) : null });
}

export async function getModel(call: WatchCall): Promise<HttpAnswer> {
  return json(200, await details(call.context, await call.context.ports.models.getModel(modelIn(call))));
}

/**
 * The policy of a model that is served elsewhere, and the version that answers. The version has no file: its contract is what
 * the policy says, and the gateway never loads it. Rejects RATCHET_POLICY_INVALID; RATCHET_MODEL_EXISTS when the version is
 * there with another contract, or when the model is served here.
 */
export async function registerModel(call: WatchCall): Promise<HttpAnswer> {
  const { models } = call.context.ports;
  const model = modelIn(call);
  const body = await call.json(watchApi.registration);
  const named = body.policy['model'] ?? model;
  if (named !== model) {
    throw malformed(`policy.model is ${JSON.stringify(named).slice(0, 80)}, the address names ${model}.`);
  }
  const policy = resolvePolicy({ ...body.policy, model });
  const versions = await models.listVersions(model);
  const here = versions.find((version) => !isExternal(version));
  if (here !== undefined) {
    throw new RatchetError('RATCHET_MODEL_EXISTS', `${model} is served by Ratchet, from version ${here.version} on.`, {
      hint: 'Change its policy with `ratchet apply`, or register the outside model under another name.',
    });
  }
  const version = externalVersion(policy, body.version, body.holdoutMetrics, call.context.clock.now());
  const there = versions.find((other) => other.version === version.version);
  if (there !== undefined && content(there) !== content(version)) {
    throw new RatchetError(
      'RATCHET_MODEL_EXISTS',
      `Version ${version.version} of ${model} is there with other features, classes, threshold or hold-out metrics.`,
      { hint: 'Register the changed model as the next version.' },
    );
  }
  const record = await models.saveModel(policy, { actor: body.actor, reason: body.reason });
  if (there === undefined) await models.saveVersion(version);
  return json(there === undefined ? 201 : 200, await details(call.context, record));
}

function externalVersion(
  policy: Policy,
  version: string,
  holdoutMetrics: Readonly<Record<string, number>>,
  createdAt: number,
): VersionRecord {
  const { model, task, features, classes, threshold } = policy;
  const contract: ModelContract = { task, features, layout: 'columns', classes, threshold };
  return {
    model,
    version,
    sha256: createHash('sha256').update(canonicalJson(contract)).digest('hex'),
    artifactUri: EXTERNAL_ARTIFACT,
    contract,
    golden: { features: { rows: 0, columns: {} }, scores: [], labels: [] },
    holdoutMetrics,
    referenceProfile: null,
    mlflow: { runId: null, modelId: null },
    blessings: [],
    createdAt,
    origin: 'external',
  };
}

const content = ({ contract, holdoutMetrics, artifactUri }: VersionRecord): string =>
  canonicalJson({ contract, holdoutMetrics, artifactUri });

async function summary(context: WatchContext, record: ModelRecord) {
  return summaryOf(context, record, await context.ports.models.listVersions(record.model));
}

function summaryOf(context: WatchContext, record: ModelRecord, versions: readonly VersionRecord[]) {
  const { model, policy, policyDigest, createdAt } = record;
  const version = currentVersion(context, model, versions);
  const current = versions.find((other) => other.version === version);
  const servedBy = version === null ? 'nobody' : current !== undefined && isExternal(current) ? 'elsewhere' : 'ratchet';
  return { model, task: policy.task, servedBy, version, policyDigest, createdAt };
}

async function details(context: WatchContext, record: ModelRecord) {
  const versions = await context.ports.models.listVersions(record.model);
  const head = summaryOf(context, record, versions);
  const current = versions.find(({ version }) => version === head.version);
  const reference = current === undefined ? null : await referenceOf(context, current);
  return {
    ...head,
    versions: versions.map((v) => ({ version: v.version, external: isExternal(v), createdAt: v.createdAt })),
    reference:
      reference === null
        ? null
        : { digest: reference.digest, rows: reference.profile.rows, savedAt: reference.savedAt },
    policy: record.policy,
  };
}
