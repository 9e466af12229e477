import type { ModelContract } from '../../core/model';

/** Where model.onnx lies inside the model's folder. */
export const MODEL_FILE = 'model.onnx';

/** The versions that the files name; MLflow builds the serving environment from them. */
const MLFLOW = '3.17.2';
const ONNX = '1.22.0';
const PYTHON = '3.11';
/** pandas 3 breaks string columns in `mlflow.onnx`'s pyfunc; only CPUExecutionProvider was tested. */
const REQUIREMENTS = [`mlflow==${MLFLOW}`, `onnx==${ONNX}`, 'onnxruntime==1.32.0', 'numpy>=2,<3', 'pandas>=2.2,<3'];

export interface ModelFilesRequest {
  readonly contract: ModelContract;
  readonly modelId: string;
  /** The LoggedModel's `artifact_uri`. */
  readonly artifactUri: string;
  readonly runId: string | null;
  readonly sizeBytes: number;
}

/**
 * The files beside model.onnx that make `mlflow.pyfunc.load_model` and `mlflow models serve` work: MLmodel and the three
 * environment files. They hold no clock and no random id, so that a resumed upload writes the same bytes.
 * Inputs are columns by name in both layouts: a one-input graph gets the DataFrame's values, cast to float32 by MLflow.
 */
export function modelFiles(request: ModelFilesRequest): Readonly<Record<string, string>> {
  return {
    MLmodel: mlmodel(request),
    'requirements.txt': lines(REQUIREMENTS),
    'conda.yaml': lines([
      'channels:',
      '- conda-forge',
      'dependencies:',
      `- python=${PYTHON}`,
      '- pip',
      '- pip:',
      ...REQUIREMENTS.map((requirement) => `  - ${requirement}`),
      'name: mlflow-env',
    ]),
    'python_env.yaml': lines([
      `python: ${quote(PYTHON)}`,
      'build_dependencies:',
      '- pip',
      'dependencies:',
      '- -r requirements.txt',
    ]),
  };
}

function mlmodel(request: ModelFilesRequest): string {
  return lines([
    `artifact_path: ${quote(request.artifactUri)}`,
    'flavors:',
    '  onnx:',
    '    code: null',
    `    data: ${MODEL_FILE}`,
    '    onnx_session_options: null',
    `    onnx_version: ${ONNX}`,
    '    providers:',
    '    - CPUExecutionProvider',
    '  python_function:',
    `    data: ${MODEL_FILE}`,
    '    env:',
    '      conda: conda.yaml',
    '      virtualenv: python_env.yaml',
    '    loader_module: mlflow.onnx',
    `    python_version: ${quote(PYTHON)}`,
    `mlflow_version: ${MLFLOW}`,
    `model_id: ${quote(request.modelId)}`,
    `model_uuid: ${quote(request.modelId)}`,
    `model_size_bytes: ${request.sizeBytes}`,
    ...(request.runId === null ? [] : [`run_id: ${quote(request.runId)}`]),
    'signature:',
    `  inputs: ${quote(JSON.stringify(inputColumns(request.contract)))}`,
    `  outputs: ${quote(JSON.stringify(outputColumns(request.contract)))}`,
    '  params: null',
  ]);
}

interface Column {
  readonly type: 'double' | 'float' | 'string';
  readonly name: string;
  readonly required: true;
}

/** `double`, since a `float` column refuses float64 data; required, since an absent optional one raises KeyError. */
function inputColumns(contract: ModelContract): Column[] {
  return contract.features.map(({ name, kind }) => ({
    type: kind === 'number' ? 'double' : 'string',
    name,
    required: true,
  }));
}

/** The graph's outputs, each `[N]` (DESIGN §6). */
export function outputNames(contract: ModelContract): readonly string[] {
  switch (contract.task) {
    case 'binary':
      return ['label', 'probability'];
    case 'multiclass':
      return ['label', ...contract.classes.map((_, k) => `probability_${k}`)];
    case 'regression':
      return ['prediction'];
  }
}

function outputColumns(contract: ModelContract): Column[] {
  return outputNames(contract).map((name) => ({ type: name === 'label' ? 'string' : 'float', name, required: true }));
}

/** A JSON string is a YAML double-quoted scalar too. */
const quote = (value: string): string => JSON.stringify(value);

const lines = (content: readonly string[]): string => `${content.join('\n')}\n`;
