import type { InferenceSession } from 'onnxruntime-node';
import { RatchetError } from '../../core/errors';
import type { ModelContract } from '../../core/model';

type ValueMetadata = InferenceSession.ValueMetadata;

/** The names by which one graph is fed and read, once it was found to keep the contract. */
export interface GraphPlan {
  /** `matrix` only: the name of the single `[N, F]` input. */
  readonly matrixInput: string | null;
  /** What is fetched: only what the answer needs, in class order. The graph's own `label` is never needed. */
  readonly outputs: readonly string[];
}

/**
 * Checks a graph's inputs and outputs against DESIGN §6: float32 and string inputs, one rank-1 input a column or a single
 * `[N, F]`, every output that is read a float tensor `[N]`. All problems are listed at once.
 *
 * @throws RatchetError RATCHET_MODEL_CONTRACT
 */
export function checkGraph(
  inputs: readonly ValueMetadata[],
  outputs: readonly ValueMetadata[],
  contract: ModelContract,
): GraphPlan {
  const problems: string[] = [];
  const matrixInput = contract.layout === 'matrix' ? checkMatrix(inputs, contract, problems) : null;
  if (contract.layout === 'columns') checkColumns(inputs, contract, problems);
  const wanted = outputNames(contract, problems);
  for (const name of wanted) checkOutput(name, outputs, problems);
  if (problems.length > 0) {
    throw new RatchetError('RATCHET_MODEL_CONTRACT', `The graph does not keep the contract: ${problems.join('; ')}.`, {
      details: {
        problems,
        inputs: inputs.map(describe),
        outputs: outputs.map(describe),
        expectedInputs: contract.features,
        expectedOutputs: wanted,
      },
    });
  }
  return { matrixInput, outputs: wanted };
}

/** Names of the outputs that carry the answer, in class order. */
function outputNames(contract: ModelContract, problems: string[]): readonly string[] {
  const classes = contract.classes.length;
  switch (contract.task) {
    case 'binary':
      if (classes !== 2) problems.push(`a binary contract names 2 classes, this one ${classes}`);
      return ['probability'];
    case 'multiclass':
      if (classes < 2) problems.push(`a multiclass contract names at least 2 classes, this one ${classes}`);
      return contract.classes.map((_, k) => `probability_${k}`);
    case 'regression':
      return ['prediction'];
  }
}

function checkMatrix(inputs: readonly ValueMetadata[], contract: ModelContract, problems: string[]): string | null {
  const text = contract.features.filter((f) => f.kind === 'string').map((f) => f.name);
  if (text.length > 0) problems.push(`layout matrix takes numbers only, but ${text.join(', ')} are strings`);
  const input = inputs[0];
  if (inputs.length !== 1 || input === undefined) {
    problems.push(`layout matrix wants one input [N, ${contract.features.length}], the graph has ${inputs.length}`);
    return null;
  }
  if (!input.isTensor || input.type !== 'float32') problems.push(`input ${describe(input)} must be a float32 tensor`);
  else if (input.shape.length !== 0 && input.shape.length !== 2)
    problems.push(`input ${describe(input)} must be [N, F]`);
  else {
    const width = input.shape[1];
    if (typeof width === 'number' && width > 0 && width !== contract.features.length)
      problems.push(`input ${describe(input)} must have ${contract.features.length} columns`);
  }
  return input.name;
}

function checkColumns(inputs: readonly ValueMetadata[], contract: ModelContract, problems: string[]): void {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  for (const feature of contract.features) {
    const input = byName.get(feature.name);
    const type = feature.kind === 'number' ? 'float32' : 'string';
    if (input === undefined) problems.push(`there is no input for feature ${feature.name}`);
    else if (!input.isTensor || input.type !== type) problems.push(`input ${describe(input)} must be a ${type} tensor`);
    else if (input.shape.length > 1) problems.push(`input ${describe(input)} must have rank 1`);
  }
  const known = new Set(contract.features.map((f) => f.name));
  for (const input of inputs) if (!known.has(input.name)) problems.push(`input ${input.name} is no feature`);
}

function checkOutput(name: string, outputs: readonly ValueMetadata[], problems: string[]): void {
  const output = outputs.find((o) => o.name === name);
  if (output === undefined) problems.push(`there is no output ${name}`);
  else if (!output.isTensor) problems.push(`output ${name} is no tensor (export with zipmap=False)`);
  else if (output.type !== 'float32' && output.type !== 'float64')
    problems.push(`output ${describe(output)} must be a float tensor`);
  else if (output.shape.length > 1) problems.push(`output ${describe(output)} must have rank 1`);
}

/** `probability: float32[N]`; an unknown shape prints as []. */
function describe(value: ValueMetadata): string {
  return value.isTensor ? `${value.name}: ${value.type}[${value.shape.join(',')}]` : `${value.name}: not a tensor`;
}
