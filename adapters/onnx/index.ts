/** Loads and scores ONNX models; needs the optional peer onnxruntime-node, loaded at the first `load()`. */
export { OnnxModelRuntime } from './onnx-model-runtime';
export { MISSING_STRING } from './feeds';
