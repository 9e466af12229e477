/**
 * The parts that only some commands need, loaded when they are: `ratchet status` must work where pg, onnxruntime-node and
 * the embedded servers are not installed. `require`, because this package is CommonJS and `import()` of a folder is not.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- see above */

export const loadPostgres = () => require('../adapters/postgres') as typeof import('../adapters/postgres');
export const loadMlflow = () => require('../adapters/mlflow') as typeof import('../adapters/mlflow');
export const loadOnnx = () => require('../adapters/onnx') as typeof import('../adapters/onnx');
export const loadEmbedded = () => require('../adapters/embedded') as typeof import('../adapters/embedded');
