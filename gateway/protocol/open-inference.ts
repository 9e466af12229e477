import type { EpochMs, FeatureColumns, ModelContract, ModelName, ModelVersion } from '../../core/model';
import type { Answer } from '../serving/answer';
import {
  featureCount,
  featuresByName,
  featuresByPosition,
  isObject,
  malformed,
  readExtensions,
  type JsonObject,
  type PredictionRequest,
} from './prediction-request';

/** https://github.com/kserve/open-inference-protocol, HTTP/REST, with the extensions of docs/how-to/send-my-traffic.md. */
const NUMERIC = new Set([
  'BOOL',
  'FP64',
  'FP32',
  'FP16',
  'INT64',
  'INT32',
  'INT16',
  'INT8',
  'UINT64',
  'UINT32',
  'UINT16',
  'UINT8',
]);

interface InputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly unknown[];
}

export function decodeInfer(body: JsonObject, contract: ModelContract, now: EpochMs): PredictionRequest {
  const inputs = body['inputs'];
  if (!Array.isArray(inputs) || inputs.length === 0) throw malformed('inputs must be a list of at least one tensor.');
  const tensors = inputs.map(readTensor);
  const parameters = body['parameters'] ?? {};
  if (!isObject(parameters)) throw malformed('parameters must be an object.');
  const [only] = tensors;
  const asMatrix = tensors.length === 1 && only !== undefined && isMatrix(only, contract);
  const features = asMatrix ? decodeMatrix(only, contract) : decodeColumns(tensors, contract);
  return { features, ...readExtensions(parameters, features.rows, now) };
}

/** One [n, F] tensor of a model of numbers; [n, 1] of a one-feature model is read as its column. */
const isMatrix = (tensor: InputTensor, contract: ModelContract): boolean =>
  tensor.shape.length === 2 && !contract.features.some((f) => f.name === tensor.name);

function decodeMatrix(tensor: InputTensor, contract: ModelContract): FeatureColumns {
  const [rows = 0, width = 0] = tensor.shape;
  if (contract.features.some((f) => f.kind !== 'number')) {
    throw featureCount(contract, 1, 'one [n, F] tensor; the model has text features, so send one input a feature', {});
  }
  if (!NUMERIC.has(tensor.datatype))
    throw malformed(`The [n, F] tensor ${tensor.name} has datatype ${tensor.datatype}.`);
  if (width !== contract.features.length) throw featureCount(contract, width, `shape [${rows}, ${width}]`, {});
  return featuresByPosition(
    contract,
    Array.from({ length: rows }, (_, row) => tensor.data.slice(row * width, (row + 1) * width)),
  );
}

function decodeColumns(tensors: readonly InputTensor[], contract: ModelContract): FeatureColumns {
  const given = new Map<string, readonly unknown[]>();
  for (const tensor of tensors) {
    if (given.has(tensor.name)) throw malformed(`Input ${tensor.name} is there twice.`);
    if (tensor.shape.length > 2 || (tensor.shape.length === 2 && tensor.shape[1] !== 1)) {
      throw malformed(`Input ${tensor.name} has shape [${tensor.shape.join(', ')}]; one feature is [n] or [n, 1].`);
    }
    given.set(tensor.name, tensor.data);
  }
  return featuresByName(contract, given);
}

function readTensor(value: unknown, index: number): InputTensor {
  if (!isObject(value)) throw malformed(`inputs[${index}] must be an object.`);
  const { name, shape, datatype, data } = value;
  if (typeof name !== 'string') throw malformed(`inputs[${index}].name must be a text.`);
  if (typeof datatype !== 'string' || !(datatype === 'BYTES' || NUMERIC.has(datatype))) {
    throw malformed(`Input ${name} has datatype ${JSON.stringify(datatype) ?? 'nothing'}; see the model metadata.`);
  }
  if (
    !Array.isArray(shape) ||
    shape.length === 0 ||
    !shape.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
  ) {
    throw malformed(`Input ${name} needs a shape of whole numbers.`);
  }
  if (!Array.isArray(data)) throw malformed(`Input ${name} needs data, a list.`);
  const flat = (data as unknown[]).some(Array.isArray) ? (data as unknown[]).flat(4) : (data as unknown[]);
  const wanted = (shape as number[]).reduce((product, n) => product * n, 1);
  if (flat.length !== wanted) {
    throw malformed(`Input ${name} has ${flat.length} values; shape [${shape.join(', ')}] says ${wanted}.`);
  }
  return { name, shape: shape as number[], datatype, data: flat };
}

export function encodeInfer(model: ModelName, answer: Answer, id: unknown): JsonObject {
  const shape = [answer.values.length];
  const output = (name: string, datatype: string, data: readonly unknown[]): JsonObject => ({
    name,
    datatype,
    shape,
    data,
  });
  return {
    model_name: model,
    // one version when all rows had it; which row had which is in parameters.versions
    model_version: answer.versions.every((v) => v === answer.versions[0]) ? answer.versions[0] : answer.champion,
    ...(typeof id === 'string' ? { id } : {}),
    parameters: encodeParameters(answer),
    outputs: outputColumns(answer).map(([name, datatype, data]) => output(name, datatype, data)),
  };
}

export function encodeParameters(answer: Answer): JsonObject {
  return {
    prediction_ids: answer.ids,
    versions: answer.versions,
    arms: answer.arms,
    generation: answer.generation,
  };
}

type OutputColumn = readonly [name: string, datatype: string, data: readonly unknown[]];

/** The outputs that the ONNX contract names: label and probability, or prediction (stack.md §3). */
export function outputColumns({ contract, values }: Answer): readonly OutputColumn[] {
  if (contract.task === 'regression') return [['prediction', 'FP64', values.map((v) => v.score)]];
  const label: OutputColumn = ['label', 'BYTES', values.map((v) => v.label)];
  if (contract.task === 'binary') return [label, ['probability', 'FP64', values.map((v) => v.score)]];
  return [
    label,
    ...contract.classes.map((_, k): OutputColumn => [
      `probability_${k}`,
      'FP64',
      values.map((v) => v.probabilities?.[k] ?? null),
    ]),
  ];
}

export function describeModel(
  model: ModelName,
  versions: readonly ModelVersion[],
  contract: ModelContract,
): JsonObject {
  const column = (name: string, kind: 'number' | 'string'): JsonObject => ({
    name,
    datatype: kind === 'number' ? 'FP32' : 'BYTES',
    shape: [-1],
  });
  const empty: Answer = { contract, values: [], ids: [], versions: [], arms: [], champion: '', generation: 0 };
  return {
    name: model,
    versions,
    platform: 'onnx_onnxv1',
    inputs: contract.features.map((f) => column(f.name, f.kind)),
    outputs: outputColumns(empty).map(([name, datatype]) => ({ name, datatype, shape: [-1] })),
    parameters: {
      task: contract.task,
      classes: contract.classes,
      // a model of numbers also takes one [n, F] tensor in this order
      accepts_matrix: contract.features.every((f) => f.kind === 'number'),
    },
  };
}
