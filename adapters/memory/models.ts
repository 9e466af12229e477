import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json';
import { RatchetError } from '../../core/errors';
import type { BlessingRecord, VersionRecord } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { DecisionBy, ModelRecord, ModelStore } from '../../core/ports';
import type { MemoryDatabase } from './database';
import { insertDecision } from './decisions';

export class MemoryModelStore implements ModelStore {
  constructor(private readonly db: MemoryDatabase) {}

  async saveModel(policy: Policy, by: DecisionBy): Promise<ModelRecord> {
    const policyDigest = createHash('sha256').update(canonicalJson(policy)).digest('hex');
    const there = this.db.models.get(policy.model);
    if (there?.policyDigest === policyDigest) return toModel(there);
    const revision = (there?.revision ?? 0) + 1;
    const saved = {
      model: policy.model,
      policy: structuredClone(policy),
      policyDigest,
      revision,
      createdAt: there?.createdAt ?? this.db.clock.now(),
    };
    this.db.models.set(policy.model, saved);
    insertDecision(this.db, {
      ...by,
      key: `policy.set:${policy.model}:${revision}`,
      model: policy.model,
      version: null,
      kind: 'policy.set',
      verdict: null,
      reasons: [],
      evidence: { digest: policyDigest, revision, policy },
      workflowId: null,
    });
    return toModel(saved);
  }

  async getModel(model: string): Promise<ModelRecord> {
    const there = this.db.models.get(model);
    if (there === undefined) throw new RatchetError('RATCHET_MODEL_UNKNOWN', `no model ${model} is registered`);
    return toModel(there);
  }

  async listModels(): Promise<readonly ModelRecord[]> {
    return [...this.db.models.values()].map(toModel).sort((a, b) => (a.model < b.model ? -1 : 1));
  }

  async saveVersion(record: VersionRecord): Promise<void> {
    const { model, version } = record;
    const there = this.db.versions.get(`${model}/${version}`);
    if (there !== undefined && content(there) !== content(record)) {
      throw new RatchetError('RATCHET_MODEL_EXISTS', `version ${version} of ${model} is there with another content`);
    }
    if (there === undefined) {
      this.db.versions.set(`${model}/${version}`, structuredClone({ ...record, blessings: [] }));
    }
    for (const blessing of record.blessings) this.insertBlessing(model, version, blessing, blessing);
  }

  async getVersion(model: string, version: string): Promise<VersionRecord> {
    return structuredClone(this.version(model, version));
  }

  async listVersions(model: string): Promise<readonly VersionRecord[]> {
    return [...this.db.versions.values()]
      .filter((v) => v.model === model)
      .sort((a, b) => a.createdAt - b.createdAt || a.version.localeCompare(b.version, 'en', { numeric: true }))
      .map((v) => structuredClone(v));
  }

  async bless(model: string, version: string, blessing: BlessingRecord, by: DecisionBy): Promise<void> {
    this.insertBlessing(model, version, blessing, by);
  }

  private insertBlessing(model: string, version: string, blessing: BlessingRecord, by: DecisionBy): void {
    const there = this.version(model, version);
    if (there.blessings.some((b) => b.blessing === blessing.blessing)) return;
    this.db.versions.set(`${model}/${version}`, { ...there, blessings: [...there.blessings, { ...blessing }] });
    insertDecision(this.db, {
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

  private version(model: string, version: string): VersionRecord {
    const there = this.db.versions.get(`${model}/${version}`);
    if (there !== undefined) return there;
    throw new RatchetError('RATCHET_VERSION_UNKNOWN', `model ${model} has no version ${version}`);
  }
}

const toModel = ({ model, policy, policyDigest, createdAt }: ModelRecord): ModelRecord => ({
  model,
  policy: structuredClone(policy),
  policyDigest,
  createdAt,
});

/** Blessings and the time of creation do not make it another record. */
const content = (record: VersionRecord): string => canonicalJson({ ...record, blessings: [], createdAt: 0 });
