import type { Task } from '../model';
import type { LabelledRows } from '../performance/labelled-rows';
import type { Reason } from '../verdict';

/** Truth and one model's answers on the same held-out rows. */
export interface HeldOutAnswers {
  readonly task: Task;
  /** Binary: [negative, positive]. */
  readonly classes: readonly string[];
  /** Binary: positive when score >= threshold. */
  readonly threshold: number;
  /** Class names, or numbers as text for regression. */
  readonly truth: readonly string[];
  readonly scores: readonly number[];
  /** Multiclass only: the answered class, row by row. */
  readonly labels?: readonly string[] | undefined;
}

/** The rows ready for metrics, or the reasons why they cannot be judged: a hold-out must be whole, so any flaw is an error. */
export function heldOutRows(
  who: string,
  input: HeldOutAnswers,
): { rows: LabelledRows | null; faults: readonly Reason[] } {
  const faults = [...lengthFaults(who, input), ...truthFaults(input), ...answerFaults(who, input)];
  return faults.length > 0 ? { rows: null, faults } : { rows: toRows(input), faults };
}

function lengthFaults(who: string, input: HeldOutAnswers): readonly Reason[] {
  const expected = input.truth.length;
  const observed = input.scores.length;
  if (observed === expected) return [];
  return [{ code: 'gate.length', text: `the ${who} has ${observed} scores for ${expected} rows`, observed, expected }];
}

function truthFaults(input: HeldOutAnswers): readonly Reason[] {
  if (input.task === 'binary' && input.classes.length !== 2) {
    return [{ code: 'gate.classes', text: `a binary task has ${input.classes.length} classes`, expected: 2 }];
  }
  const known = (truth: string): boolean =>
    input.task === 'regression' ? truth.trim() !== '' && Number.isFinite(Number(truth)) : input.classes.includes(truth);
  const row = input.truth.findIndex((truth) => !known(truth));
  if (row < 0) return [];
  const expected = input.task === 'regression' ? 'a number' : input.classes.join(', ');
  const observed = String(input.truth[row]);
  return [{ code: 'gate.truth', text: `truth "${observed}" in row ${row} is not ${expected}`, observed, expected }];
}

function answerFaults(who: string, input: HeldOutAnswers): readonly Reason[] {
  if (input.task === 'multiclass') {
    const labels = input.labels ?? [];
    const row = input.truth.findIndex((_, i) => !input.classes.includes(labels[i] ?? ''));
    if (row < 0) return [];
    return [
      { code: 'gate.label', text: `the ${who} has no known class for row ${row}`, observed: labels[row] ?? null },
    ];
  }
  const valid = (score: number): boolean =>
    Number.isFinite(score) && (input.task !== 'binary' || (score >= 0 && score <= 1));
  const row = input.scores.findIndex((score) => !valid(score));
  if (row < 0) return [];
  const expected = input.task === 'binary' ? 'a probability' : 'a finite number';
  const observed = String(input.scores[row]);
  return [
    { code: 'gate.score', text: `the ${who}'s score ${observed} in row ${row} is not ${expected}`, observed, expected },
  ];
}

function toRows(input: HeldOutAnswers): LabelledRows {
  switch (input.task) {
    case 'binary': {
      const truth = input.truth.map((name) => name === input.classes[1]);
      return { task: 'binary', truth, score: input.scores, answer: input.scores.map((s) => s >= input.threshold) };
    }
    case 'multiclass':
      return { task: 'multiclass', truth: input.truth, answer: input.labels ?? [] };
    case 'regression':
      return { task: 'regression', truth: input.truth.map(Number), score: input.scores };
  }
}
