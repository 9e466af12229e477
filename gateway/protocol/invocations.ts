import type { EpochMs, FeatureColumns, ModelContract } from '../../core/model';
import type { Answer } from '../serving/answer';
import { encodeParameters, outputColumns } from './open-inference';
import {
  featuresByName,
  featuresByPosition,
  isObject,
  malformed,
  readExtensions,
  type JsonObject,
  type PredictionRequest,
} from './prediction-request';

const SHAPES = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'] as const;

/** MLflow's scoring protocol. The extensions travel in `params`, as MLflow's own inference parameters do. */
export function decodeInvocation(body: JsonObject, contract: ModelContract, now: EpochMs): PredictionRequest {
  const given = SHAPES.filter((shape) => body[shape] !== undefined);
  const [shape] = given;
  if (shape === undefined || given.length > 1) {
    throw malformed(`The body needs exactly one of ${SHAPES.join(', ')}.`);
  }
  const params = body['params'] ?? {};
  if (!isObject(params)) throw malformed('params must be an object.');
  const features = decodeShape(shape, body[shape], contract);
  return { features, ...readExtensions(params, features.rows, now) };
}

function decodeShape(shape: (typeof SHAPES)[number], value: unknown, contract: ModelContract): FeatureColumns {
  if (shape === 'dataframe_split') return decodeSplit(value, contract);
  if (Array.isArray(value)) return decodeRows(shape, value as unknown[], contract);
  if (shape === 'inputs' && isObject(value)) return decodeNamed(value, contract);
  throw malformed(`${shape} must be a list of rows${shape === 'inputs' ? ' or an object of columns' : ''}.`);
}

function decodeSplit(value: unknown, contract: ModelContract): FeatureColumns {
  if (!isObject(value) || !Array.isArray(value['columns']) || !isListOfLists(value['data'])) {
    throw malformed('dataframe_split must be { columns: [...], data: [[...], ...] }.');
  }
  const names = value['columns'] as unknown[];
  const data = value['data'];
  const given = new Map<string, unknown[]>();
  for (const name of names) {
    if (typeof name !== 'string' || given.has(name)) throw malformed('dataframe_split.columns must be distinct texts.');
    given.set(name, []);
  }
  data.forEach((row, i) => {
    if (row.length !== names.length) throw malformed(`Row ${i} has ${row.length} values for ${names.length} columns.`);
    row.forEach((cell, c) => given.get(names[c] as string)?.push(cell));
  });
  return featuresByName(contract, given);
}

function decodeRows(shape: string, rows: readonly unknown[], contract: ModelContract): FeatureColumns {
  if (isListOfLists(rows)) return featuresByPosition(contract, rows);
  if (!rows.every(isObject)) throw malformed(`${shape} must be a list of records, or of lists.`);
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  // undefined, so that a record that lacks a feature is told apart from one that says null
  return featuresByName(contract, new Map([...names].map((name) => [name, rows.map((row) => row[name])])));
}

function decodeNamed(columns: JsonObject, contract: ModelContract): FeatureColumns {
  const given = new Map<string, readonly unknown[]>();
  for (const [name, values] of Object.entries(columns)) {
    if (!Array.isArray(values)) throw malformed(`inputs.${name} must be a list.`);
    given.set(name, (values as unknown[]).some(Array.isArray) ? (values as unknown[]).flat(1) : (values as unknown[]));
  }
  return featuresByName(contract, given);
}

const isListOfLists = (value: unknown): value is readonly (readonly unknown[])[] =>
  Array.isArray(value) && value.length > 0 && value.every(Array.isArray);

/** `predictions` as MLflow's pyfunc gives them for an ONNX model: one record a row. */
export function encodeInvocation(answer: Answer): JsonObject {
  const columns = outputColumns(answer);
  return {
    predictions: answer.values.map((_, row) => Object.fromEntries(columns.map(([name, , data]) => [name, data[row]]))),
    parameters: encodeParameters(answer),
  };
}
