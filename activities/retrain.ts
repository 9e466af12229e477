/** Activities of `retrain` that run on `ratchet` and `ratchet-cpu`: data, judgement, registration. Training itself: train.ts. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isRatchetError, RatchetError } from '../core/errors';
import { judgeGate } from '../core/gate/judge-gate';
import { rowBootstrapDifference } from '../core/gate/row-bootstrap';
import type {
  BlessingRecord,
  EpochMs,
  FeatureColumns,
  ModelName,
  ModelVersion,
  PredictionValue,
  VersionRecord,
} from '../core/model';
import { checkParity, type ParityOptions } from '../core/parity';
import type { Policy } from '../core/policy';
import type { Snapshot, TrainerResult, TrainingRows } from '../core/ports';
import { withoutAnswerRules } from '../core/quality/answer-columns';
import { checkQuality } from '../core/quality/check';
import { worstVerdict, type Reason, type Verdict } from '../core/verdict';
import { compareImportance, judgeImportance } from '../core/drift/importance';
import { profileOfCandidate } from './candidate-profile';
import { guarded, withHeartbeat } from './failure';
import type { ActivityPorts } from './ports';
import { readTrainerResult } from './work-folder';

export interface BeginRetrainInput {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly holder: string;
  readonly asOf: EpochMs | null;
  readonly lookbackMs: number | null;
}

export type BeginRetrainResult =
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] }
  | {
      readonly kind: 'begun';
      readonly champion: ModelVersion | null;
      readonly from: EpochMs;
      readonly to: EpochMs;
      readonly asOf: EpochMs;
    };

export interface PreparedTraining {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly holdoutClusters: readonly string[];
  readonly rows: number;
  readonly holdoutRows: number;
}

export interface JudgeCandidateInput {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly champion: ModelVersion | null;
  readonly snapshot: Snapshot;
  readonly holdoutClusters: readonly string[];
  readonly outputDir: string;
  readonly key: string;
  readonly workflowId: string;
}

export interface CandidateJudgement {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly parity: Readonly<Record<string, unknown>>;
  readonly gate: Readonly<Record<string, unknown>>;
  /** What a hold-out of random rows, resampled by rows, would have said; for the record, never a rule. */
  readonly randomRows: {
    readonly difference: number;
    readonly low: number;
    readonly high: number;
    readonly metric: string;
  } | null;
  readonly holdoutMetrics: Readonly<Record<string, number>>;
}

export interface RegisterCandidateInput {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly outputDir: string;
  readonly judgement: CandidateJudgement;
  readonly holdoutClusters: readonly string[];
  readonly mlflowRunId: string | null;
  readonly key: string;
  readonly workflowId: string;
}

export interface AdoptFirstInput {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly policy: Policy;
  readonly actor: string;
  readonly reason: string;
  readonly asOf: EpochMs;
  readonly key: string;
  readonly workflowId: string;
}

type RetrainPorts = Pick<
  ActivityPorts,
  | 'models'
  | 'routes'
  | 'claims'
  | 'decisions'
  | 'predictions'
  | 'training'
  | 'profiles'
  | 'runtime'
  | 'registry'
  | 'clock'
  | 'codeVersion'
  | 'logger'
>;

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createRetrainActivities(ports: RetrainPorts) {
  return guarded({
    /** Takes the model's retrain claim and fixes the interval of the training data, in event time. */
    async beginRetrain(input: BeginRetrainInput): Promise<BeginRetrainResult> {
      try {
        await ports.claims.claim(input.model, 'retrain', input.holder);
      } catch (error) {
        if (isRatchetError(error) && error.code === 'RATCHET_CLAIM_HELD') {
          return { kind: 'refused', reasons: [{ code: 'claim.held', text: error.message }] };
        }
        throw error;
      }
      const latest = await ports.predictions.latestOccurredAt(input.model);
      const watermark = latest === null ? null : latest - input.policy.eventTime.allowedLatenessMs;
      const asOf = input.asOf ?? watermark ?? ports.clock.now();
      const route = await ports.routes.getRoute(input.model);
      const from = asOf - (input.lookbackMs ?? input.policy.data.lookbackMs);
      return { kind: 'begun', champion: route?.champion ?? null, from, to: asOf, asOf };
    },

    async releaseClaim(input: {
      readonly model: ModelName;
      readonly kind: 'retrain' | 'rollout';
      readonly holder: string;
    }): Promise<void> {
      await ports.claims.release(input.model, input.kind, input.holder);
    },

    async takeSnapshot(input: {
      readonly policy: Policy;
      readonly from: EpochMs;
      readonly to: EpochMs;
      readonly asOf: EpochMs;
    }): Promise<Snapshot> {
      return withHeartbeat(2000, () => ports.training.takeSnapshot(input.policy, input.from, input.to, input.asOf));
    },

    /** Validates the snapshot against the policy's hard rules and the champion's reference, and chooses the held-out clusters. */
    async prepareTraining(input: {
      readonly model: ModelName;
      readonly policy: Policy;
      readonly champion: ModelVersion | null;
      readonly snapshot: Snapshot;
    }): Promise<PreparedTraining> {
      const { policy, snapshot } = input;
      const rows = await withHeartbeat(2000, () => ports.training.readSnapshot(snapshot, policy.features));
      const reference =
        input.champion === null ? null : (await ports.models.getVersion(input.model, input.champion)).referenceProfile;
      const quality = checkQuality(
        rows.features.columns,
        rows.features.rows,
        policy.features,
        reference,
        withoutAnswerRules(policy.quality, policy.features),
        undefined,
        // A feature that alone tells the target is named before anybody trains on it.
        { target: rows.target },
      );
      const holdout = new Set(holdoutClusters(rows, policy, snapshot.to));
      const holdoutRows = rows.cluster.filter((c) => holdout.has(c)).length;
      const reasons: Reason[] = [...quality.reasons];
      if (holdout.size === 0 || holdoutRows === rows.features.rows) {
        reasons.push({
          code: 'gate.holdout',
          text: `${holdout.size} held-out clusters of ${new Set(rows.cluster).size}: nothing to judge on, or nothing to train on`,
        });
        return { verdict: 'inconclusive', reasons, holdoutClusters: [], rows: rows.features.rows, holdoutRows };
      }
      return {
        verdict: quality.verdict,
        reasons,
        holdoutClusters: [...holdout].sort(),
        rows: rows.features.rows,
        holdoutRows,
      };
    },

    /** Infra check, parity and gate of a trained candidate on the held-out clusters; writes the gate's decision record. */
    async judgeCandidate(input: JudgeCandidateInput): Promise<CandidateJudgement> {
      const judgement = await withHeartbeat(2000, () => judge(input));
      await ports.decisions.record({
        key: input.key,
        model: input.model,
        version: null,
        kind: 'gate',
        verdict: judgement.verdict,
        reasons: judgement.reasons,
        evidence: {
          snapshot: input.snapshot,
          holdoutClusters: input.holdoutClusters,
          champion: input.champion,
          parity: judgement.parity,
          gate: judgement.gate,
          randomRows: judgement.randomRows,
          policy: input.policy.gate,
          codeVersion: ports.codeVersion,
        },
        actor: 'ratchet',
        reason: 'offline gate',
        workflowId: input.workflowId,
      });
      return judgement;
    },

    /** Registers the challenger in MLflow and PostgreSQL with the blessings it earned. Idempotent by key. */
    async registerCandidate(
      input: RegisterCandidateInput,
    ): Promise<{ readonly version: ModelVersion; readonly artifactUri: string }> {
      const { model, policy, snapshot } = input;
      requireParity(input.judgement);
      const result = await readTrainerResult(input.outputDir);
      const trained = requireModel(result);
      const onnx = await readFile(trained.path);
      verifyDigest(onnx, trained.sha256, `the trainer's model file`);
      const registered = await withHeartbeat(2000, () =>
        ports.registry.registerModel({
          key: input.key,
          model,
          experiment: `ratchet/${model}`,
          runId: input.mlflowRunId,
          onnx,
          contract: trained.contract,
          tags: {
            'ratchet.snapshot': snapshot.digest,
            'ratchet.workflow': input.workflowId,
            'ratchet.sha256': trained.sha256,
          },
          description: `Trained on ${snapshot.rows} rows, ${new Date(snapshot.from).toISOString()} to ${new Date(snapshot.to).toISOString()}`,
        }),
      );
      const rows = await ports.training.readSnapshot(snapshot, policy.features);
      const { profile, histograms } = profileOfCandidate(policy, snapshot, rows, result, input.holdoutClusters ?? []);
      await ports.profiles.saveProfile(model, registered.version, profile, histograms);
      const at = ports.clock.now();
      const earned = (['evaluated', 'parity', 'infra'] as const).map((blessing): BlessingRecord => ({
        blessing,
        how: 'earned',
        actor: 'ratchet',
        reason: `retraining ${input.workflowId}`,
        at,
      }));
      const record: VersionRecord = {
        model,
        version: registered.version,
        sha256: trained.sha256,
        artifactUri: registered.artifactUri,
        contract: trained.contract,
        golden: requireGolden(result),
        holdoutMetrics: input.judgement.holdoutMetrics,
        referenceProfile: profile,
        mlflow: { runId: input.mlflowRunId, modelId: registered.modelId },
        blessings: [],
        createdAt: at,
        origin: input.workflowId,
      };
      await saveOnce(record);
      for (const blessing of earned) {
        await ports.models.bless(model, registered.version, blessing, {
          actor: blessing.actor,
          reason: blessing.reason,
        });
      }
      await ports.registry.projectAliases(model, { challenger: registered.version });
      return { version: registered.version, artifactUri: registered.artifactUri };
    },

    /** A model without champion: the version that passed the gate serves at once. */
    async adoptFirstVersion(input: AdoptFirstInput): Promise<void> {
      await adopt(input);
    },
  });

  async function adopt(input: AdoptFirstInput): Promise<void> {
    const { model, version, policy, actor } = input;
    const record = await ports.models.getVersion(model, version);
    const has = new Set(record.blessings.map((b) => b.blessing));
    const reason = 'first version: there is no champion to compare it with';
    for (const blessing of policy.blessings.required.filter((b) => !has.has(b))) {
      await ports.models.bless(
        model,
        version,
        { blessing, how: 'waived', actor, reason, at: ports.clock.now() },
        { actor, reason },
      );
    }
    await ports.routes.changeRoute(model, { kind: 'adopt', version }, null, {
      key: input.key,
      model,
      version,
      kind: 'route.adopt',
      verdict: 'pass',
      reasons: [{ code: 'adopt.first', text: reason }],
      evidence: { eventTime: input.asOf, codeVersion: ports.codeVersion },
      actor,
      reason: input.reason,
      workflowId: input.workflowId,
    });
    await ports.registry.projectAliases(model, { champion: version, challenger: null });
  }

  /** A retry after a crash finds the record it wrote; its creation time is the first one's. */
  async function saveOnce(record: VersionRecord): Promise<void> {
    try {
      const existing = await ports.models.getVersion(record.model, record.version);
      if (existing.sha256 !== record.sha256) {
        throw new RatchetError(
          'RATCHET_MODEL_EXISTS',
          `version ${record.version} of "${record.model}" is recorded with digest ${existing.sha256}, expected ${record.sha256}.`,
        );
      }
    } catch (error) {
      if (!isRatchetError(error) || error.code !== 'RATCHET_VERSION_UNKNOWN') throw error;
      await ports.models.saveVersion(record);
    }
  }

  /** Does the candidate lean on other features than the champion? Said with the verdict, never part of it. */
  async function importanceReasons(
    { model, policy, champion }: JudgeCandidateInput,
    importance: Readonly<Record<string, number>>,
  ): Promise<readonly Reason[]> {
    if (champion === null || (policy.drift.importanceDrift ?? 'off') === 'off') return [];
    const known = (await ports.profiles.getProfile(model, champion))?.profile.importance;
    return judgeImportance(known === undefined ? null : compareImportance(known, importance), policy.drift).reasons;
  }

  async function judge(input: JudgeCandidateInput): Promise<CandidateJudgement> {
    const { model, policy, snapshot } = input;
    const result = await readTrainerResult(input.outputDir);
    const trained = requireModel(result);
    const onnx = await readFile(trained.path);
    verifyDigest(onnx, trained.sha256, `the trainer's model file`);
    const rows = await ports.training.readSnapshot(snapshot, policy.features);
    const held = new Set(input.holdoutClusters);
    const holdoutIndex = rows.cluster.flatMap((c, i) => (held.has(c) ? [i] : []));
    const holdout = pick(rows, holdoutIndex);
    const golden = requireGolden(result);

    const candidate = await ports.runtime.load(onnx, trained.contract);
    let candidateScores: readonly PredictionValue[];
    let goldenScores: readonly PredictionValue[];
    let randomCandidate: { index: readonly number[]; scores: readonly number[] } | null = null;
    try {
      candidateScores = await candidate.predict(holdout.features);
      goldenScores = await candidate.predict(golden.features);
      if (result.randomHoldout !== null) {
        randomCandidate = { index: result.randomHoldout.rowIndex, scores: result.randomHoldout.scores };
      }
    } finally {
      await candidate.release();
    }
    const native = [...(result.holdoutScores ?? []), ...golden.scores];
    const parity = checkParity(
      native,
      [...candidateScores, ...goldenScores].map((p) => p.score),
      parityOptions(policy),
    );

    const scoreChampion = async (features: FeatureColumns): Promise<readonly number[] | null> => {
      if (input.champion === null) return null;
      const champion = await ports.models.getVersion(model, input.champion);
      const file = await ports.registry.fetchModel(champion.artifactUri);
      verifyDigest(file, champion.sha256, `the champion's model file`);
      const loaded = await ports.runtime.load(file, champion.contract);
      try {
        return (await loaded.predict(features)).map((p) => p.score);
      } finally {
        await loaded.release();
      }
    };
    const championScores = await scoreChampion(holdout.features);
    const gate = judgeGate(
      {
        task: policy.task,
        classes: policy.classes,
        threshold: policy.threshold,
        truth: holdout.target,
        candidate: candidateScores.map((p) => p.score),
        champion: championScores,
        cluster: holdout.cluster,
        seed: policy.training.seed,
        firstVersion: input.champion === null,
      },
      policy.gate,
    );
    let randomRows: CandidateJudgement['randomRows'] = null;
    if (randomCandidate !== null && policy.task === 'binary') {
      const picked = pick(rows, randomCandidate.index);
      const champ = await scoreChampion(picked.features);
      if (champ !== null) {
        const d = rowBootstrapDifference({
          metric: 'logLoss',
          task: policy.task,
          classes: policy.classes,
          threshold: policy.threshold,
          truth: picked.target,
          candidate: randomCandidate.scores,
          champion: champ,
          resamples: policy.gate.resamples,
          confidence: policy.gate.confidence,
          seed: policy.training.seed,
        });
        randomRows = { ...d, metric: 'logLoss' };
      }
    }
    const verdict = worstVerdict([parity.verdict, gate.verdict]);
    return {
      verdict,
      reasons: [...parity.reasons, ...gate.reasons, ...(await importanceReasons(input, result.importance))],
      parity: { ...parity },
      gate: { ...gate },
      randomRows,
      holdoutMetrics: gate.candidateMetrics,
    };
  }
}

function requireModel(result: TrainerResult): NonNullable<TrainerResult['model']> {
  if (result.model === null)
    throw new RatchetError('RATCHET_TRAINER_OUTPUT', 'the fit wrote no model, expected model.onnx.');
  return result.model;
}

function requireGolden(result: TrainerResult): NonNullable<TrainerResult['golden']> {
  if (result.golden === null) throw new RatchetError('RATCHET_TRAINER_OUTPUT', 'the fit wrote no golden rows.');
  return result.golden;
}

/** Registration records the blessing `parity`: whoever calls it without proof is refused. */
function requireParity({ parity }: CandidateJudgement): void {
  if (parity['verdict'] === 'pass') return;
  throw new RatchetError(
    'RATCHET_PARITY_FAILED',
    `the parity check says ${JSON.stringify(parity['verdict'] ?? null)}, expected "pass".`,
    { details: { ...parity } },
  );
}

/** Probabilities are compared as they are, and at the threshold; amounts by their size. */
function parityOptions(policy: Policy): ParityOptions {
  if (policy.task === 'regression') return { scale: 'relative' };
  return policy.task === 'binary' ? { threshold: policy.threshold } : {};
}

function verifyDigest(file: Uint8Array, expected: string, what: string): void {
  const seen = createHash('sha256').update(file).digest('hex');
  if (seen !== expected) {
    throw new RatchetError('RATCHET_MODEL_DIGEST', `${what} has SHA-256 ${seen}, expected ${expected}.`, {
      details: { seen, expected },
    });
  }
}

export function pick(rows: TrainingRows, index: readonly number[]): TrainingRows {
  const take = <T>(values: readonly T[]): T[] => index.map((i) => values[i] as T);
  const columns = Object.fromEntries(
    Object.entries(rows.features.columns).map(([name, values]) => [name, take(values)]),
  );
  return {
    features: { rows: index.length, columns },
    target: take(rows.target),
    eventTime: take(rows.eventTime),
    cluster: take(rows.cluster),
  };
}

const DAY_MS = 86_400_000;

/**
 * Whole clusters for the gate: those whose day of the year % `every` = `offset`, of rows within `withinMs` before `to`.
 * A cluster's name begins with its local date (YYYY-MM-DD).
 */
export function holdoutClusters(rows: TrainingRows, policy: Policy, to: EpochMs): string[] {
  const { every, offset, withinMs } = policy.data.holdout;
  const chosen = new Set<string>();
  rows.cluster.forEach((cluster, i) => {
    if ((rows.eventTime[i] as number) < to - withinMs) return;
    const day = Date.parse(`${cluster.slice(0, 10)}T00:00:00Z`);
    if (Number.isNaN(day)) return;
    const yearStart = Date.UTC(new Date(day).getUTCFullYear(), 0, 1);
    const dayOfYear = Math.round((day - yearStart) / DAY_MS) + 1;
    if (dayOfYear % every === offset) chosen.add(cluster);
  });
  return [...chosen];
}
