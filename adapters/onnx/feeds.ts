import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-node';
import { RatchetError } from '../../core/errors';
import type { FeatureColumns, FeatureValue, ModelContract } from '../../core/model';

/** What the graph gets for a missing string. The trainer trains on the same token (docs/reference/trainer.md). */
export const MISSING_STRING = '';

/**
 * Rows as the graph takes them: numbers as float32 with NaN for missing, strings with "" for missing.
 *
 * @throws RatchetError RATCHET_FEATURE_COUNT when a column is absent or of another length, RATCHET_FEATURE_TYPE when a
 * value is of the wrong kind or not finite
 */
export function makeFeeds(
  tensor: TensorConstructor,
  contract: ModelContract,
  matrixInput: string | null,
  features: FeatureColumns,
): InferenceSession.FeedsType {
  const rows = features.rows;
  if (matrixInput !== null) {
    const width = contract.features.length;
    const data = new Float32Array(rows * width);
    contract.features.forEach((feature, k) => fill(data, columnOf(features, feature.name), feature.name, k, width));
    return { [matrixInput]: new tensor('float32', data, [rows, width]) };
  }
  const feeds: Record<string, Tensor> = {};
  for (const feature of contract.features) {
    const column = columnOf(features, feature.name);
    if (feature.kind === 'number') {
      const data = new Float32Array(rows);
      fill(data, column, feature.name, 0, 1);
      feeds[feature.name] = new tensor('float32', data, [rows]);
    } else {
      feeds[feature.name] = new tensor('string', texts(column, feature.name), [rows]);
    }
  }
  return feeds;
}

function columnOf(features: FeatureColumns, name: string): readonly FeatureValue[] {
  const column = features.columns[name];
  if (column === undefined) {
    throw new RatchetError('RATCHET_FEATURE_COUNT', `Feature ${name} is not among the columns given.`, {
      details: { missing: name, given: Object.keys(features.columns) },
    });
  }
  if (column.length !== features.rows) {
    throw new RatchetError(
      'RATCHET_FEATURE_COUNT',
      `Feature ${name} has ${column.length} values, expected ${features.rows}.`,
      { details: { feature: name, values: column.length, rows: features.rows } },
    );
  }
  return column;
}

function fill(data: Float32Array, column: readonly FeatureValue[], name: string, offset: number, stride: number): void {
  for (let i = 0; i < column.length; i++) {
    const value = column[i];
    if (value === null) data[i * stride + offset] = Number.NaN;
    else if (typeof value === 'number' && Number.isFinite(value)) data[i * stride + offset] = value;
    else throw wrongType(name, i, value, 'a finite number or null');
  }
}

function texts(column: readonly FeatureValue[], name: string): string[] {
  return column.map((value, i) => {
    if (value === null) return MISSING_STRING;
    if (typeof value !== 'string') throw wrongType(name, i, value, 'a string or null');
    return value;
  });
}

function wrongType(feature: string, row: number, value: unknown, expected: string): RatchetError {
  return new RatchetError(
    'RATCHET_FEATURE_TYPE',
    `Feature ${feature} of row ${row} is ${typeof value === 'string' ? JSON.stringify(value) : String(value)}, expected ${expected}.`,
    { details: { feature, row, expected } },
  );
}
