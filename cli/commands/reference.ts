import type { Command } from 'commander';
import { canonicalJson } from '../../core/canonical-json';
import { encodedHistograms } from '../../core/drift/exact';
import { buildProfileFromFrame, buildReferenceProfile, type ProfileOptions } from '../../core/drift/profile-build';
import type { ReferenceProfile } from '../../core/drift/profile';
import { RatchetError } from '../../core/errors';
import type { Frame } from '../../core/frame';
import type { ModelContract } from '../../core/model';
import { answer, type CliIo } from '../io';
import { examples, instantMs, withActor, withJson, withVersion } from '../options';
import { withStores, type Stores } from '../stores';
import { columnOf } from '../tables/column-of';
import { readTable } from '../tables/read-table';

interface ReferenceFlags {
  readonly version: string;
  readonly file?: string;
  readonly time?: string;
  readonly from?: number;
  readonly to?: number;
  readonly actor: string;
  readonly reason: string;
  readonly json?: boolean;
}

export function registerReference(program: Command, io: CliIo): void {
  withJson(withActor(withVersion(program.command('reference')), io))
    .description(
      'give a version a reference to measure drift against: from a file, or from what it was asked in a time',
    )
    .argument('<model>', 'name of a registered model')
    .option('--file <csv|parquet>', 'rows with a column a feature, e.g. the training data')
    .option('--time <column>', 'column of the file with the event time (epoch ms or ISO 8601): clustered rows need it')
    .option('--from <time>', 'from the prediction log: rows from this event time on', instantMs)
    .option('--to <time>', 'from the prediction log: rows before this event time', instantMs)
    .addHelpText(
      'after',
      examples(
        'ratchet reference churn --version 3 --file train.parquet --reason "adopted without one"',
        'ratchet reference churn --version 3 --from 2024-05-01 --to 2024-06-01 --reason "a month that was fine"',
      ),
    )
    .action(async (model: string, flags: ReferenceFlags) => {
      const saved = await withStores(io.env, async (stores) => await giveReference(model, flags, stores));
      const text = `version ${flags.version} of ${model} is measured against ${saved.rows} rows of ${saved.features} features (${saved.digest.slice(0, 12)})`;
      answer(io, flags, saved, text);
    });
}

export interface SavedReference {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly rows: number;
  readonly features: number;
}

/** Saves the profile and its decision record. The newest one of a version counts; earlier ones stay for the record. */
export async function giveReference(model: string, flags: ReferenceFlags, stores: Stores): Promise<SavedReference> {
  const { policy } = await stores.models().getModel(model);
  const { contract } = await stores.models().getVersion(model, flags.version);
  const options = {
    bins: policy.drift.numeric.bins,
    correlations: true,
    multivariate: policy.drift.multivariate === 'warn',
  };
  const { profile, histograms } =
    flags.file === undefined
      ? { profile: await fromLog(model, contract, options, flags, stores), histograms: {} }
      : await fromFile(flags.file, flags.time, contract, options);
  const { digest } = await stores.profiles().saveProfile(model, flags.version, profile, histograms);
  await stores.decisions().record({
    key: `reference:${model}:${flags.version}:${digest}`,
    model,
    version: flags.version,
    kind: 'reference.set',
    verdict: null,
    reasons: [{ code: 'reference.set', text: `reference of ${profile.rows} rows`, observed: profile.rows }],
    evidence: { digest, madeFrom: profile.madeFrom, bytes: canonicalJson(profile).length },
    actor: flags.actor,
    reason: flags.reason,
    workflowId: null,
  });
  return { model, version: flags.version, digest, rows: profile.rows, features: contract.features.length };
}

async function fromLog(
  model: string,
  contract: ModelContract,
  options: ProfileOptions,
  { from, to }: ReferenceFlags,
  stores: Stores,
): Promise<ReferenceProfile> {
  if (from === undefined || to === undefined || !(from < to)) {
    throw new RatchetError('RATCHET_USAGE', 'name either --file, or --from and a later --to', {
      hint: 'See: ratchet reference --help',
    });
  }
  const rows = await stores.predictions().readWindow(model, contract, from, to);
  if (rows.features.rows === 0) {
    throw new RatchetError('RATCHET_WINDOW_EMPTY', `the prediction log of ${model} has no rows in that time`);
  }
  const prediction = contract.task === 'multiclass' ? rows.labels : rows.scores;
  return buildReferenceProfile(rows.features, contract.features, {
    ...options,
    eventTime: rows.occurredAt,
    prediction,
    madeFrom: { kind: 'predictions', from, to },
  });
}

async function fromFile(
  path: string,
  timeColumn: string | undefined,
  contract: ModelContract,
  options: ProfileOptions,
): Promise<{ profile: ReferenceProfile; histograms: Readonly<Record<string, Uint8Array>> }> {
  const frame = await readTable(path);
  if (frame.rows === 0) throw new RatchetError('RATCHET_WINDOW_EMPTY', `${path} has no rows`);
  const profile = buildProfileFromFrame(frame, contract.features, {
    ...options,
    ...(timeColumn === undefined ? {} : { eventTime: timesOf(frame, timeColumn, path) }),
    madeFrom: { kind: 'file', name: path.split(/[\\/]/).at(-1) ?? path },
  });
  const numbers = new Set(contract.features.filter(({ kind }) => kind === 'number').map(({ name }) => name));
  return { profile, histograms: encodedHistograms(frame, numbers) };
}

function timesOf(frame: Frame, name: string, path: string): Float64Array {
  const column = columnOf(frame, name, path);
  if (column.kind === 'number') return Float64Array.from(column.values);
  const times = column.categories.map((text) => Date.parse(text));
  const bad = times.findIndex((time) => Number.isNaN(time));
  if (bad >= 0) {
    const seen = JSON.stringify(column.categories[bad]);
    throw new RatchetError(
      'RATCHET_COLUMN_TYPE',
      `${path}: "${name}" holds ${seen}, expected epoch ms or ISO 8601 times`,
    );
  }
  return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : times[code]!));
}
