import { RatchetError } from '../../core/errors';
import type { EpochMs, FeatureSpec, ModelContract } from '../../core/model';
import type { PredictionRecord } from '../../core/ports';
import { watchApi } from '../../policy';
import { json, type HttpAnswer } from '../http/http-server';
import { makePredictionId } from '../prediction-id';
import { checkCell, featureCount, malformed, readTime } from '../protocol/prediction-request';
import { modelIn, problems, textIn, type WatchCall } from './call';
import type { WatchSubject } from './ports';
import { predictionUuid } from './prediction-uuid';
import { subjectOf } from './subject';

/** A row as the body has it. */
interface GivenRow {
  readonly id?: string | undefined;
  readonly occurredAt?: string | number | undefined;
  readonly key?: string | null | undefined;
  readonly features: Readonly<Record<string, unknown>>;
  readonly score?: number | null | undefined;
  readonly label?: string | number | boolean | null | undefined;
  readonly probabilities?: readonly number[] | null | undefined;
}

/** All rows or none: the first bad one refuses the request and names itself. */
export async function addPredictions(call: WatchCall): Promise<HttpAnswer> {
  const model = modelIn(call);
  const subject = await subjectOf(call.context, model, textIn(call, 'version'));
  if (!subject.external) {
    throw new RatchetError('RATCHET_MODEL_EXISTS', `Version ${subject.version} of ${model} is served here.`, {
      hint: 'The gateway logs its own answers; rows are taken for models that are registered as served elsewhere.',
    });
  }
  const given =
    call.contentType === 'application/x-ndjson'
      ? ndjson((await call.bytes()).toString('utf8'))
      : (await call.json(watchApi.predictions)).rows;
  const now = Math.floor(call.context.clock.now());
  const ids = given.map(({ id }) => id ?? makePredictionId(now));
  const rows = given.map((row, i) => recordOf(subject, row, ids[i] ?? '', i, now));
  await call.context.append(model, subject.record.policy.serving, rows);
  return json(202, { accepted: rows.length, version: subject.version, ids });
}

function ndjson(text: string): readonly GivenRow[] {
  const rows = text.split('\n').flatMap((line, i): readonly GivenRow[] => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw malformed(`Line ${i + 1} is not JSON.`);
    }
    const read = watchApi.predictionRow.safeParse(value);
    if (!read.success) throw malformed(`Line ${i + 1} is not as expected: ${problems(read.error.issues)}.`);
    return [read.data];
  });
  if (rows.length === 0) throw malformed('The request has no rows.');
  return rows;
}

function recordOf(subject: WatchSubject, row: GivenRow, id: string, index: number, now: EpochMs): PredictionRecord {
  const { contract, version, record } = subject;
  const unknown = Object.keys(row.features).filter((name) => !contract.features.some((f) => f.name === name));
  if (unknown.length > 0) {
    throw featureCount(contract, Object.keys(row.features).length, `row ${index}, unknown: ${unknown.join(', ')}`, {
      row: index,
      unknown,
    });
  }
  return {
    id: predictionUuid(record.model, id),
    model: record.model,
    version,
    arm: 'champion',
    pairId: null,
    receivedAt: now,
    occurredAt: row.occurredAt === undefined ? now : timeOf(row.occurredAt, index),
    key: keyOf(row.key ?? null, index),
    numbers: cells(contract, row, index, 'number') as (number | null)[],
    strings: cells(contract, row, index, 'string') as (string | null)[],
    ...answerOf(contract, row, index),
    // unknown: it was measured elsewhere, if at all
    latencyUs: 0,
    error: null,
    run: null,
    step: null,
    weight: null,
    generation: 0,
  };
}

const cells = (contract: ModelContract, row: GivenRow, index: number, kind: FeatureSpec['kind']): readonly unknown[] =>
  contract.features
    .filter((feature) => feature.kind === kind)
    .map((feature) =>
      checkCell(feature, Object.hasOwn(row.features, feature.name) ? row.features[feature.name] : null, index),
    );

function keyOf(key: string | null, index: number): string | null {
  if (key?.includes('\0') === true) throw malformed(`rows.${index}.key holds a NUL.`);
  return key;
}

const timeOf = (value: string | number, index: number): EpochMs => readTime(`rows.${index}.occurredAt`, value);

/** Score and label say the same thing, or one of them is made from the other where the task says how. */
function answerOf(
  contract: ModelContract,
  row: GivenRow,
  index: number,
): Pick<PredictionRecord, 'score' | 'label' | 'probabilities'> {
  const at = `rows.${index}`;
  const score = row.score ?? null;
  const probabilities = row.probabilities ?? null;
  const given = row.label === undefined || row.label === null ? null : String(row.label);
  if (contract.task === 'regression') {
    if (score === null) throw malformed(`${at}.score is missing: a regression answers with a number.`);
    if (given !== null) throw malformed(`${at}.label is ${JSON.stringify(given.slice(0, 60))}; a regression has none.`);
    return { score, label: null, probabilities: null };
  }
  if (score !== null && !(score >= 0 && score <= 1)) {
    throw malformed(`${at}.score is ${score}; a probability lies between 0 and 1.`);
  }
  if (given !== null && !contract.classes.includes(given)) {
    throw malformed(
      `${at}.label is ${JSON.stringify(given.slice(0, 60))}; it must be one of ${contract.classes.join(', ')}.`,
    );
  }
  if (probabilities !== null && probabilities.length !== contract.classes.length) {
    throw malformed(`${at}.probabilities has ${probabilities.length} entries for ${contract.classes.length} classes.`);
  }
  const byScore =
    contract.task === 'binary' && score !== null
      ? (contract.classes[score >= contract.threshold ? 1 : 0] ?? null)
      : null;
  const label = given ?? byScore;
  if (label === null) throw malformed(`${at} has neither a label nor a score that makes one.`);
  return { score, label, probabilities: contract.task === 'multiclass' ? probabilities : null };
}
