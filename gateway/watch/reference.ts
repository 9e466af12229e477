import { buildProfileFromFrame } from '../../core/drift/profile-build';
import { RatchetError } from '../../core/errors';
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../core/frame';
import type { EpochMs, FeatureValue, ModelContract } from '../../core/model';
import { watchApi } from '../../policy';
import { json, type HttpAnswer } from '../http/http-server';
import { malformed, readTime } from '../protocol/prediction-request';
import { modelIn, textIn, type WatchCall } from './call';
import { subjectOf } from './subject';

/** Freezes the rows of the body as the reference of the version. The same rows again are the same profile. */
export async function setReference(call: WatchCall): Promise<HttpAnswer> {
  const { profiles, readTable } = call.context.ports;
  const model = modelIn(call);
  const { record, version, contract } = await subjectOf(call.context, model, textIn(call, 'version'));
  const frame =
    call.contentType === 'application/json'
      ? frameOfRows((await call.json(watchApi.referenceRows)).rows, contract)
      : await readTable(await call.bytes(), call.contentType);
  if (frame.rows === 0) throw malformed('The reference has no rows.');
  const names = {
    time: textIn(call, 'time'),
    prediction: textIn(call, 'prediction'),
    target: textIn(call, 'target'),
  };
  const numeric = contract.task === 'regression';
  const eventTime = names.time === undefined ? undefined : times(columnOf(frame, 'time', names.time), names.time);
  const prediction = valuesIn(frame, 'prediction', names.prediction, contract.task !== 'multiclass');
  const target = valuesIn(frame, 'target', names.target, numeric);
  const profile = buildProfileFromFrame(frame, contract.features, {
    bins: record.policy.drift.numeric.bins,
    correlations: true,
    multivariate: record.policy.drift.multivariate === 'warn',
    ...(eventTime && { eventTime }),
    ...(prediction && { prediction }),
    ...(target && { target }),
    madeFrom: { kind: 'file', name: `POST /v1/models/${model}/reference` },
  });
  const { digest } = await profiles.saveProfile(model, version, profile);
  return json(201, {
    model,
    version,
    digest,
    rows: profile.rows,
    features: contract.features.map(({ name, kind }) => ({ name, kind, nulls: profile.features[name]?.nulls ?? 0 })),
    hasPrediction: profile.prediction !== undefined,
    hasTarget: profile.target !== undefined,
    hasEventTime: eventTime !== undefined,
  });
}

/** A column that some row names; what a row leaves out is missing. Features have the contract's type, others that of their values. */
function frameOfRows(rows: readonly Readonly<Record<string, unknown>>[], contract: ModelContract): Frame {
  const kinds = new Map(contract.features.map(({ name, kind }) => [name, kind]));
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = new Map<string, FrameColumn>();
  for (const name of names) {
    const values = rows.map((row) => cellOf(Object.hasOwn(row, name) ? row[name] : null));
    const wrong = kinds.get(name) === 'number' ? values.findIndex((value) => typeof value === 'string') : -1;
    if (wrong >= 0) {
      throw new RatchetError(
        'RATCHET_FEATURE_TYPE',
        `Feature ${name} of row ${wrong} is a text; it must be a number or null.`,
      );
    }
    const isText = kinds.get(name) === 'string' || values.some((value) => typeof value === 'string');
    columns.set(
      name,
      isText
        ? stringColumn(values.map((value) => (value === null ? null : String(value))))
        : numberColumn(values as (number | null)[]),
    );
  }
  return { rows: rows.length, columns };
}

function cellOf(value: unknown): FeatureValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}

function columnOf(frame: Frame, parameter: string, name: string): FrameColumn {
  const column = frame.columns.get(name);
  if (column !== undefined) return column;
  throw new RatchetError('RATCHET_COLUMN_MISSING', `The reference has no column ${name}, which ${parameter} names.`, {
    details: { columns: [...frame.columns.keys()].slice(0, 50) },
  });
}

function valuesIn(
  frame: Frame,
  parameter: 'prediction' | 'target',
  name: string | undefined,
  numeric: boolean,
): readonly FeatureValue[] | undefined {
  if (name === undefined) return undefined;
  const column = columnOf(frame, parameter, name);
  if (!numeric) return Array.from({ length: frame.rows }, (_, i) => textAt(column, i));
  if (column.kind === 'number') return Array.from(column.values, (value) => (Number.isFinite(value) ? value : null));
  throw new RatchetError('RATCHET_INPUT_INVALID', `The column ${name} holds texts; ${parameter} must be numbers here.`);
}

function textAt(column: FrameColumn, row: number): string | null {
  if (column.kind === 'string') return column.categories[column.codes[row] ?? -1] ?? null;
  const value = column.values[row] ?? Number.NaN;
  return Number.isNaN(value) ? null : String(value);
}

function times(column: FrameColumn, name: string): readonly EpochMs[] {
  if (column.kind === 'number') {
    return Array.from(column.values, (value, i) => {
      if (Number.isFinite(value)) return value;
      throw malformed(`The column ${name} has no time in row ${i}.`);
    });
  }
  const parsed = column.categories.map((text) => readTime(`The column ${name}`, text));
  return Array.from(column.codes, (code, i) => {
    const at = parsed[code];
    if (at === undefined) throw malformed(`The column ${name} has no time in row ${i}.`);
    return at;
  });
}
