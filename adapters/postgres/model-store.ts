import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { canonicalJson } from '../../core/canonical-json';
import { RatchetError } from '../../core/errors';
import type { BlessingRecord, VersionRecord } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { DecisionBy, ModelRecord, ModelStore } from '../../core/ports';
import { inTransaction, rows, timestamp, type Queryable } from './database';
import { insertDecision } from './decision-store';

interface ModelRow {
  readonly model: string;
  readonly policy: Policy;
  readonly policy_digest: string;
  readonly created_at: number;
}

interface VersionRow {
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly document: Omit<VersionRecord, 'model' | 'version' | 'sha256' | 'origin' | 'createdAt' | 'blessings'>;
  readonly origin: string;
  readonly created_at: number;
}

interface BlessingRow extends BlessingRecord {
  readonly version: string;
}

const MODEL_COLUMNS = 'model, policy, policy_digest, created_at';
const VERSION_COLUMNS = 'model, version, sha256, document, origin, created_at';

/** Models, versions and blessings. What changes them is recorded as a decision in the same transaction. */
export class PostgresModelStore implements ModelStore {
  constructor(private readonly pool: Pool) {}

  async saveModel(policy: Policy, by: DecisionBy): Promise<ModelRecord> {
    const digest = sha256(canonicalJson(policy));
    return inTransaction(this.pool, `saving the policy of ${policy.model}`, async (client) => {
      const [changed] = await rows<ModelRow & { revision: number }>(
        client,
        'saving a policy',
        `INSERT INTO ratchet.models AS m (model, policy, policy_digest) VALUES ($1, $2, $3)
         ON CONFLICT (model) DO UPDATE SET policy = excluded.policy, policy_digest = excluded.policy_digest,
           revision = m.revision + 1, updated_at = clock_timestamp()
           WHERE m.policy_digest <> excluded.policy_digest
         RETURNING ${MODEL_COLUMNS}, revision`,
        [policy.model, JSON.stringify(policy), digest],
      );
      if (changed === undefined) return readModel(client, policy.model);
      await insertDecision(client, {
        ...by,
        key: `policy.set:${policy.model}:${changed.revision}`,
        model: policy.model,
        version: null,
        kind: 'policy.set',
        verdict: null,
        reasons: [],
        evidence: { digest, revision: changed.revision, policy },
        workflowId: null,
      });
      return toModel(changed);
    });
  }

  async getModel(model: string): Promise<ModelRecord> {
    return readModel(this.pool, model);
  }

  async listModels(): Promise<readonly ModelRecord[]> {
    const found = await rows<ModelRow>(
      this.pool,
      'listing models',
      `SELECT ${MODEL_COLUMNS} FROM ratchet.models ORDER BY model`,
    );
    return found.map(toModel);
  }

  /** Blessings and the time of creation do not make it another record: a retry may carry other ones. */
  async saveVersion(record: VersionRecord): Promise<void> {
    const { model, version, sha256: file, origin, createdAt, blessings, ...document } = record;
    const digest = sha256(canonicalJson({ ...document, file, origin }));
    await inTransaction(this.pool, `saving version ${version} of ${model}`, async (client) => {
      await client.query(
        `INSERT INTO ratchet.versions (model, version, sha256, document, digest, origin, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (model, version) DO NOTHING`,
        [model, version, file, JSON.stringify(document), digest, origin, timestamp(createdAt)],
      );
      const [there] = await rows<{ digest: string; sha256: string; origin: string }>(
        client,
        'reading a version',
        'SELECT digest, sha256, origin FROM ratchet.versions WHERE model = $1 AND version = $2',
        [model, version],
      );
      if (there?.digest !== digest) {
        throw new RatchetError('RATCHET_MODEL_EXISTS', `version ${version} of ${model} is there with another content`, {
          hint: 'Register the other content as a new version.',
          details: { observed: { sha256: file, origin }, expected: { sha256: there?.sha256, origin: there?.origin } },
        });
      }
      for (const blessing of blessings) await insertBlessing(client, model, version, blessing, blessing);
    });
  }

  async getVersion(model: string, version: string): Promise<VersionRecord> {
    const [found] = await this.readVersions(model, version);
    if (found === undefined) throw unknownVersion(model, version);
    return found;
  }

  async listVersions(model: string): Promise<readonly VersionRecord[]> {
    return this.readVersions(model, null);
  }

  async bless(model: string, version: string, blessing: BlessingRecord, by: DecisionBy): Promise<void> {
    await inTransaction(this.pool, `blessing version ${version} of ${model}`, async (client) => {
      const [there] = await rows(
        client,
        'reading a version',
        'SELECT 1 FROM ratchet.versions WHERE model = $1 AND version = $2',
        [model, version],
      );
      if (there === undefined) throw unknownVersion(model, version);
      await insertBlessing(client, model, version, blessing, by);
    });
  }

  private async readVersions(model: string, version: string | null): Promise<VersionRecord[]> {
    const found = await rows<VersionRow>(
      this.pool,
      'reading versions',
      `SELECT ${VERSION_COLUMNS} FROM ratchet.versions
       WHERE model = $1 AND ($2::text IS NULL OR version = $2) ORDER BY created_at, length(version), version`,
      [model, version],
    );
    const blessings = await rows<BlessingRow>(
      this.pool,
      'reading blessings',
      `SELECT version, blessing, how, actor, reason, at FROM ratchet.blessings
       WHERE model = $1 AND ($2::text IS NULL OR version = $2) ORDER BY seq`,
      [model, version],
    );
    return found.map((row) => ({
      ...row.document,
      model: row.model,
      version: row.version,
      sha256: row.sha256,
      origin: row.origin,
      createdAt: row.created_at,
      blessings: blessings
        .filter((b) => b.version === row.version)
        .map(({ blessing, how, actor, reason, at }) => ({ blessing, how, actor, reason, at })),
    }));
  }
}

async function insertBlessing(
  client: PoolClient,
  model: string,
  version: string,
  blessing: BlessingRecord,
  by: DecisionBy,
): Promise<void> {
  const written = await rows(
    client,
    'blessing',
    `INSERT INTO ratchet.blessings (model, version, blessing, how, actor, reason, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING seq`,
    [model, version, blessing.blessing, blessing.how, blessing.actor, blessing.reason, timestamp(blessing.at)],
  );
  if (written.length === 0) return;
  await insertDecision(client, {
    actor: by.actor,
    reason: by.reason,
    key: `blessing:${model}:${version}:${blessing.blessing}`,
    model,
    version,
    kind: 'blessing',
    verdict: null,
    reasons: [],
    evidence: { ...blessing },
    workflowId: null,
  });
}

async function readModel(on: Queryable | Pool, model: string): Promise<ModelRecord> {
  const [row] = await rows<ModelRow>(
    on,
    'reading a model',
    `SELECT ${MODEL_COLUMNS} FROM ratchet.models WHERE model = $1`,
    [model],
  );
  if (row === undefined) throw new RatchetError('RATCHET_MODEL_UNKNOWN', `no model ${model} is registered`);
  return toModel(row);
}

function toModel(row: ModelRow): ModelRecord {
  return { model: row.model, policy: row.policy, policyDigest: row.policy_digest, createdAt: row.created_at };
}

function unknownVersion(model: string, version: string): RatchetError {
  return new RatchetError('RATCHET_VERSION_UNKNOWN', `model ${model} has no version ${version}`);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
