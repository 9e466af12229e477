/**
 * The parts that only some commands need, loaded when they are: `ratchet status` must work where pg, onnxruntime-node and
 * the embedded servers are not installed. `require`, because this package is CommonJS and `import()` of a folder is not.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- see above */

type Postgres = typeof import('../adapters/postgres');
type Mlflow = typeof import('../adapters/mlflow');
type Onnx = typeof import('../adapters/onnx');
type Embedded = typeof import('../adapters/embedded');
type Csv = typeof import('../adapters/csv');
type Parquet = typeof import('../adapters/parquet');
type Report = typeof import('../adapters/report');

export const loadPostgres = (): Postgres => require('../adapters/postgres') as Postgres;
export const loadMlflow = (): Mlflow => require('../adapters/mlflow') as Mlflow;
export const loadOnnx = (): Onnx => require('../adapters/onnx') as Onnx;
export const loadEmbedded = (): Embedded => require('../adapters/embedded') as Embedded;
export const loadCsv = (): Csv => require('../adapters/csv') as Csv;
export const loadParquet = (): Parquet => require('../adapters/parquet') as Parquet;
export const loadReport = (): Report => require('../adapters/report') as Report;
