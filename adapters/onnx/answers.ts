import type { InferenceSession } from 'onnxruntime-node';
import { RatchetError } from '../../core/errors';
import type { ModelContract, PredictionValue } from '../../core/model';

/**
 * Answers from the fetched outputs. The binary label comes from the contract's threshold, not from the graph, so that a
 * changed threshold needs no new export.
 *
 * @throws RatchetError RATCHET_INFERENCE_FAILED when an output is of the wrong length or not finite
 */
export function readAnswers(
  fetched: InferenceSession.ReturnType,
  outputs: readonly string[],
  rows: number,
  contract: ModelContract,
): readonly PredictionValue[] {
  const columns = outputs.map((name) => numbersOf(fetched, name, rows));
  const answers: PredictionValue[] = [];
  for (let i = 0; i < rows; i++) answers.push(answerOf(columns, i, contract));
  return answers;
}

function answerOf(columns: readonly ArrayLike<number>[], i: number, contract: ModelContract): PredictionValue {
  const values = columns.map((column) => column[i] ?? Number.NaN);
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken !== -1) {
    throw new RatchetError('RATCHET_INFERENCE_FAILED', `The model answered ${values[broken]} on row ${i}.`, {
      details: { row: i },
    });
  }
  const first = values[0] ?? Number.NaN;
  switch (contract.task) {
    case 'regression':
      return { score: first, label: null, probabilities: null };
    case 'binary':
      return {
        score: first,
        label: contract.classes[first >= contract.threshold ? 1 : 0] ?? null,
        probabilities: null,
      };
    case 'multiclass': {
      const score = Math.max(...values);
      return { score, label: contract.classes[values.indexOf(score)] ?? null, probabilities: values };
    }
  }
}

function numbersOf(fetched: InferenceSession.ReturnType, name: string, rows: number): Float32Array | Float64Array {
  const value = fetched[name];
  const data = value?.data;
  if (!(data instanceof Float32Array || data instanceof Float64Array) || data.length !== rows) {
    const seen = data === undefined ? 'nothing' : `${value?.type} ${JSON.stringify(value?.dims)}`;
    throw new RatchetError('RATCHET_INFERENCE_FAILED', `Output ${name} is ${seen}, expected ${rows} floats.`, {
      details: { output: name, rows },
    });
  }
  return data;
}
