import type * as Ort from 'onnxruntime-node';
import { RatchetError, isRatchetError } from '../../core/errors';
import type { FeatureColumns, ModelContract, PredictionValue } from '../../core/model';
import type { LoadedModel, ModelRuntime } from '../../core/ports';
import { requirePeer } from '../require-peer';
import { readAnswers } from './answers';
import { makeFeeds } from './feeds';
import { checkGraph, type GraphPlan } from './graph-contract';

/**
 * {@link ModelRuntime} on onnxruntime-node. One thread a session: onnxruntime-node computes on the calling thread, so whoever
 * wants parallel work loads the model in several worker threads (DESIGN §8).
 */
export class OnnxModelRuntime implements ModelRuntime {
  async load(file: Uint8Array | string, contract: ModelContract): Promise<LoadedModel> {
    const ort = requirePeer<typeof Ort>('onnxruntime-node', 'Serving ONNX models');
    const session = await createSession(ort, file);
    try {
      const plan = checkGraph(session.inputMetadata, session.outputMetadata, contract);
      return new OnnxModel(ort.Tensor, session, plan, contract);
    } catch (error) {
      await session.release();
      throw error;
    }
  }
}

async function createSession(ort: typeof Ort, file: Uint8Array | string): Promise<Ort.InferenceSession> {
  const options: Ort.InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Faults reach the caller as errors; the library's own stderr lines would only repeat them.
    logSeverityLevel: 4,
  };
  try {
    // The two overloads of create() do not accept a union.
    return typeof file === 'string'
      ? await ort.InferenceSession.create(file, options)
      : await ort.InferenceSession.create(file, options);
  } catch (cause) {
    throw new RatchetError('RATCHET_MODEL_LOAD_FAILED', `The ONNX file does not load: ${text(cause)}`, {
      details: { file: typeof file === 'string' ? file : `${file.byteLength} bytes` },
      cause,
    });
  }
}

class OnnxModel implements LoadedModel {
  private released = false;

  constructor(
    private readonly tensor: Ort.TensorConstructor,
    private readonly session: Ort.InferenceSession,
    private readonly plan: GraphPlan,
    private readonly contract: ModelContract,
  ) {}

  /** Rejects RATCHET_FEATURE_COUNT, RATCHET_FEATURE_TYPE, RATCHET_INFERENCE_FAILED (also for an answer that is not finite). */
  async predict(features: FeatureColumns): Promise<readonly PredictionValue[]> {
    if (this.released)
      throw new RatchetError('RATCHET_INFERENCE_FAILED', 'The model was released before this request.');
    if (features.rows === 0) return [];
    const feeds = makeFeeds(this.tensor, this.contract, this.plan.matrixInput, features);
    try {
      const fetched = await this.session.run(feeds, this.plan.outputs);
      return readAnswers(fetched, this.plan.outputs, features.rows, this.contract);
    } catch (cause) {
      if (isRatchetError(cause)) throw cause;
      throw new RatchetError('RATCHET_INFERENCE_FAILED', `The model failed on ${features.rows} rows: ${text(cause)}`, {
        details: { rows: features.rows },
        cause,
      });
    }
  }

  async release(): Promise<void> {
    if (this.released) return;
    this.released = true;
    await this.session.release();
  }
}

const text = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
