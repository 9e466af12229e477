import { createHash } from 'node:crypto';
import { type Command, Option } from 'commander';
import { BLESSINGS, type Blessing, type BlessingRecord, type GoldenRows, type ModelContract } from '../../core/model';
import type { ModelRecord, ModelRuntime } from '../../core/ports';
import { RatchetError } from '../../core/errors';
import { checkParity } from '../../core/parity';
import { answer, type CliIo } from '../io';
import { examples, withActor, withJson } from '../options';
import { readInput } from '../read-file';
import { withStores, type Stores } from '../stores';
import { readContract, readGolden, readMetrics, readProfile, readSample } from '../version-files';

interface AdoptFlags {
  readonly file: string;
  readonly contract: string;
  readonly holdoutMetrics?: string;
  readonly profile?: string;
  readonly golden?: string;
  readonly sample?: string;
  readonly waive?: readonly Blessing[];
  readonly actor: string;
  readonly reason: string;
  readonly json?: boolean;
}

export function registerAdopt(program: Command, io: CliIo): void {
  withJson(withActor(program.command('adopt'), io))
    .description('take over a model file that was trained elsewhere; the first one of a model becomes its champion')
    .argument('<model>', 'name of a registered model')
    .requiredOption('--file <onnx>', 'the model, one ONNX graph')
    .requiredOption('--contract <json>', 'its inputs and outputs: task, features, layout, classes, threshold')
    .option(
      '--holdout-metrics <json>',
      'its metrics on a hold-out, e.g. {"logLoss": 0.301}: the bound of performance rules',
    )
    .option(
      '--profile <json>',
      'distribution of its training data, to measure drift against (default: none, drift is not judged)',
    )
    .addOption(
      new Option('--golden <json>', "rows with the trainer's own answers, which gateways must reproduce").conflicts(
        'sample',
      ),
    )
    .option('--sample <json>', 'rows without answers: the file itself answers them, and gateways must reproduce that')
    .addOption(
      new Option(
        '--waive <list>',
        'blessings to waive by your name (default: for a first champion all that it lacks)',
      ).argParser(blessingList),
    )
    .addHelpText(
      'after',
      examples(
        'ratchet adopt churn --file model.onnx --contract contract.json --sample rows.json --holdout-metrics metrics.json --reason "serves since May"',
      ),
    )
    .action(async (model: string, flags: AdoptFlags) => {
      const adopted = await withStores(io.env, async (stores) => await adopt(model, flags, stores, Date.now()));
      answer(io, flags, { model, ...adopted }, describeAdopted(model, adopted));
    });
}

/** `evaluated,parity` → blessings. */
export function blessingList(text: string): readonly Blessing[] {
  return text.split(',').map((name) => {
    const found = BLESSINGS.find((blessing) => blessing === name.trim());
    if (found !== undefined) return found;
    throw new RatchetError('RATCHET_USAGE', `"${name}" is no blessing`, {
      hint: `Choose from ${BLESSINGS.join(', ')}.`,
    });
  });
}

function describeAdopted(model: string, { version, champion, already, waived }: Adopted): string {
  const names = waived.length === 0 ? '' : `; waived: ${waived.join(', ')}`;
  if (already) return `version ${version} of ${model} is its champion already${names}`;
  if (champion) return `version ${version} of ${model} is its champion${names}`;
  return `version ${version} of ${model} is registered${names}; next: ratchet rollout ${model} --version ${version} --reason "…"`;
}

export type AdoptStores = Pick<Stores, 'models' | 'routes' | 'registry' | 'runtime'>;

export interface Adopted {
  readonly version: string;
  readonly champion: boolean;
  /** The same file was adopted before and serves. */
  readonly already: boolean;
  readonly waived: readonly Blessing[];
}

/** Registers, records, and when the model has no champion adopts. Safe to repeat: the file's digest is the key. */
export async function adopt(model: string, flags: AdoptFlags, stores: AdoptStores, now: number): Promise<Adopted> {
  const record = await stores.models().getModel(model);
  const contract = await readContract(flags.contract);
  checkContract(record, contract);
  const onnx = await readInput(flags.file);
  const sha256 = createHash('sha256').update(onnx).digest('hex');
  const holdoutMetrics = flags.holdoutMetrics === undefined ? {} : await readMetrics(flags.holdoutMetrics);
  const referenceProfile = flags.profile === undefined ? null : await readProfile(flags.profile);
  const golden = await goldenOf(flags, contract, onnx, stores.runtime());
  const route = await stores.routes().getRoute(model);
  const known = (await stores.models().listVersions(model)).find((other) => other.sha256 === sha256);
  const has = (known?.blessings ?? []).map((blessing) => blessing.blessing);
  const waived = waiversOf(record.policy.blessings.required, has, flags.waive, route === null);
  // Looked at before anything is written: a refusal leaves no half-adopted version behind.
  if (route === null) requireBlessings(model, record.policy.blessings.required, [...has, ...waived]);
  const key = `adopt:${model}:${sha256}`;
  const registered = await stores.registry().registerModel({
    key,
    model,
    experiment: `ratchet/${model}`,
    runId: null,
    onnx,
    contract,
    tags: { 'ratchet.origin': 'adopted', 'ratchet.actor': flags.actor },
    description: flags.reason,
  });
  const { version, artifactUri, modelId } = registered;
  const by = { actor: flags.actor, reason: flags.reason };
  if (known === undefined) {
    await stores.models().saveVersion({
      model,
      version,
      sha256,
      artifactUri,
      contract,
      golden,
      holdoutMetrics,
      referenceProfile,
      mlflow: { runId: null, modelId },
      blessings: [],
      createdAt: now,
      origin: flags.actor,
    });
  }
  for (const blessing of waived) {
    const waiver: BlessingRecord = { blessing, how: 'waived', ...by, at: now };
    await stores.models().bless(model, version, waiver, by);
  }
  if (route === null) {
    await stores.routes().changeRoute(model, { kind: 'adopt', version }, null, {
      key: `${key}:route`,
      ...by,
      model,
      version,
      kind: 'route.adopt',
      verdict: null,
      reasons: [],
      evidence: { waived, policyDigest: record.policyDigest },
      workflowId: null,
    });
  }
  const already = route?.champion === version;
  // Also when it was adopted before: that run may have been killed just before this line.
  if (route === null || already) await stores.registry().projectAliases(model, { champion: version });
  return { version, champion: route === null || already, already, waived };
}

/** What this adoption waives: what `--waive` names, else for a first champion all that it lacks. */
export function waiversOf(
  required: readonly Blessing[],
  has: readonly Blessing[],
  asked: readonly Blessing[] | undefined,
  isFirst: boolean,
): readonly Blessing[] {
  return (asked ?? (isFirst ? required : [])).filter((blessing) => !has.includes(blessing));
}

function requireBlessings(model: string, required: readonly Blessing[], has: readonly Blessing[]): void {
  const missing = required.filter((blessing) => !has.includes(blessing));
  if (missing.length === 0) return;
  throw new RatchetError('RATCHET_BLESSING_MISSING', `a first champion of ${model} needs ${missing.join(', ')} too`, {
    hint: `Waive them: --waive ${[...has, ...missing].join(',')}`,
    details: { missing },
  });
}

/** The model's policy and the file must speak of the same rows and answers. */
export function checkContract({ policy }: Pick<ModelRecord, 'policy'>, contract: ModelContract): void {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const sorted = (features: ModelContract['features']): unknown =>
    features.map(({ name, kind }) => `${name}:${kind}`).sort();
  if (
    contract.task !== policy.task ||
    !same(contract.classes, policy.classes) ||
    !same(sorted(contract.features), sorted(policy.features))
  ) {
    throw new RatchetError(
      'RATCHET_MODEL_CONTRACT',
      `the contract does not fit the policy of ${policy.model}: task, classes and features must be the same`,
      {
        hint: 'Correct the contract, or apply a policy that fits it.',
      },
    );
  }
}

async function goldenOf(
  flags: AdoptFlags,
  contract: ModelContract,
  onnx: Uint8Array,
  runtime: ModelRuntime,
): Promise<GoldenRows> {
  if (flags.golden === undefined && flags.sample === undefined) {
    throw new RatchetError('RATCHET_USAGE', 'adopt needs --golden or --sample', {
      hint: 'Give a few real rows: gateways check with them that the file answers as it should.',
    });
  }
  const loaded = await runtime.load(onnx, contract);
  try {
    if (flags.golden !== undefined) {
      const golden = await readGolden(flags.golden);
      const answers = await loaded.predict(golden.features);
      checkGolden(
        golden,
        answers.map((one) => one.score),
        contract,
      );
      return golden;
    }
    const features = await readSample(flags.sample ?? '', contract);
    const answers = await loaded.predict(features);
    return { features, scores: answers.map((one) => one.score), labels: answers.map((one) => one.label) };
  } finally {
    await loaded.release();
  }
}

/**
 * Does the file give its trainer's answers? By the rule of a retraining (DESIGN §6): at most 0.1 % of the rows off by more
 * than 1e-5 (relative for a regression), and no label flips.
 * @throws RATCHET_MODEL_GOLDEN with the worst rows.
 */
export function checkGolden(
  golden: GoldenRows,
  scores: readonly number[],
  contract: Pick<ModelContract, 'task' | 'threshold'>,
): void {
  const { verdict, reasons, worst } = checkParity(golden.scores, scores, {
    scale: contract.task === 'regression' ? 'relative' : 'absolute',
    ...(contract.task === 'binary' ? { threshold: contract.threshold } : {}),
  });
  if (verdict === 'pass') return;
  throw new RatchetError(
    'RATCHET_MODEL_GOLDEN',
    `the file does not give its golden answers: ${reasons.map((reason) => reason.text).join('; ')}`,
    { details: { verdict, worst } },
  );
}
