import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import {
  BLESSINGS,
  type Blessing,
  type BlessingRecord,
  type GoldenRows,
  type ModelContract,
  type VersionRecord,
} from '../../core/model';
import type { ModelRecord, ModelRuntime } from '../../core/ports';
import { RatchetError } from '../../core/errors';
import { answer, type CliIo } from '../io';
import { examples, withActor, withJson } from '../options';
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
      const { version, champion, waived } = adopted;
      const text = champion
        ? `version ${version} of ${model} is its champion; waived: ${waived.join(', ') || 'nothing'}`
        : `version ${version} of ${model} is registered (see: ratchet rollout ${model} --version ${version} --help)`;
      answer(io, flags, { model, ...adopted }, text);
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

interface Adopted {
  readonly version: string;
  readonly champion: boolean;
  readonly waived: readonly Blessing[];
}

/** Registers, records, and when the model has no champion adopts. Safe to repeat: the file's digest is the key. */
export async function adopt(model: string, flags: AdoptFlags, stores: Stores, now: number): Promise<Adopted> {
  const record = await stores.models().getModel(model);
  const contract = await readContract(flags.contract);
  checkContract(record, contract);
  const onnx = new Uint8Array(await readFile(flags.file));
  const sha256 = createHash('sha256').update(onnx).digest('hex');
  const golden = await goldenOf(flags, contract, onnx, stores.runtime());
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
  const by = { actor: flags.actor, reason: flags.reason };
  const known = (await stores.models().listVersions(model)).find((other) => other.version === registered.version);
  if (known === undefined) {
    const version: VersionRecord = {
      model,
      version: registered.version,
      sha256,
      artifactUri: registered.artifactUri,
      contract,
      golden,
      holdoutMetrics: flags.holdoutMetrics === undefined ? {} : await readMetrics(flags.holdoutMetrics),
      referenceProfile: flags.profile === undefined ? null : await readProfile(flags.profile),
      mlflow: { runId: null, modelId: registered.modelId },
      blessings: [],
      createdAt: now,
      origin: flags.actor,
    };
    await stores.models().saveVersion(version);
  }
  const isFirst = (await stores.routes().getRoute(model)) === null;
  const has = new Set((known?.blessings ?? []).map((blessing) => blessing.blessing));
  const wanted = flags.waive ?? (isFirst ? record.policy.blessings.required : []);
  const waived = wanted.filter((blessing) => !has.has(blessing));
  for (const blessing of waived) {
    const waiver: BlessingRecord = { blessing, how: 'waived', ...by, at: now };
    await stores.models().bless(model, registered.version, waiver, by);
  }
  if (isFirst) await makeChampion(model, registered.version, key, waived, flags, record, has, stores);
  return { version: registered.version, champion: isFirst, waived };
}

async function makeChampion(
  model: string,
  version: string,
  key: string,
  waived: readonly Blessing[],
  by: { readonly actor: string; readonly reason: string },
  record: ModelRecord,
  has: ReadonlySet<Blessing>,
  stores: Stores,
): Promise<void> {
  const missing = record.policy.blessings.required.filter(
    (blessing) => !has.has(blessing) && !waived.includes(blessing),
  );
  if (missing.length > 0) {
    throw new RatchetError('RATCHET_BLESSING_MISSING', `version ${version} of ${model} lacks ${missing.join(', ')}`, {
      hint: `Waive them: --waive ${missing.join(',')}`,
    });
  }
  await stores.routes().changeRoute(model, { kind: 'adopt', version }, null, {
    key: `${key}:route`,
    actor: by.actor,
    reason: by.reason,
    model,
    version,
    kind: 'route.adopt',
    verdict: null,
    reasons: [],
    evidence: { waived, policyDigest: record.policyDigest },
    workflowId: null,
  });
  await stores.registry().projectAliases(model, { champion: version });
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
      const worst = Math.max(...answers.map((one, i) => Math.abs(one.score - (golden.scores[i] ?? NaN))));
      // NaN compares false: a missing or broken answer is refused too.
      if (worst <= GOLDEN_TOLERANCE) return golden;
      throw new RatchetError(
        'RATCHET_MODEL_GOLDEN',
        `the file differs from its golden rows by ${worst}, allowed ${GOLDEN_TOLERANCE}`,
      );
    }
    const features = await readSample(flags.sample ?? '', contract);
    const answers = await loaded.predict(features);
    return { features, scores: answers.map((one) => one.score), labels: answers.map((one) => one.label) };
  } finally {
    await loaded.release();
  }
}

/** Largest difference of a score that float32 rounding explains (parity, DESIGN §6). */
const GOLDEN_TOLERANCE = 1e-5;
