import type { Task } from '../model';

/** Rows with a truth and a valid answer. All arrays have the same length. */
export type LabelledRows =
  | {
      readonly task: 'binary';
      readonly truth: readonly boolean[];
      readonly score: readonly number[];
      readonly answer: readonly boolean[];
    }
  | { readonly task: 'multiclass'; readonly truth: readonly string[]; readonly answer: readonly string[] }
  | { readonly task: 'regression'; readonly truth: readonly number[]; readonly score: readonly number[] };

export interface AnsweredRows {
  readonly task: Task;
  readonly classes: readonly string[];
  /** null: no answer (it failed). */
  readonly scores: readonly (number | null)[];
  readonly labels: readonly (string | null)[];
  /** null: no label yet. Class name, or a number as text for regression. */
  readonly truths: readonly (string | null)[];
}

export interface RowSelection {
  readonly rows: LabelledRows;
  readonly labelled: number;
  /** Rows whose truth or answer is not a value of the task: an unknown class, text for a number, a probability of 7. */
  readonly invalid: number;
}

/** Keeps the rows that have both a truth and an answer, and counts those whose values the task does not know. */
export function selectLabelledRows(input: AnsweredRows): RowSelection {
  const index: number[] = [];
  let invalid = 0;
  input.truths.forEach((truth, i) => {
    if (truth === null || truth === undefined) return;
    const score = input.scores[i] ?? null;
    const label = input.labels[i] ?? null;
    if (score === null && label === null) return;
    if (validRow(input, truth, score, label)) index.push(i);
    else invalid++;
  });
  return { rows: pickRows(input, index), labelled: index.length, invalid };
}

function validRow(input: AnsweredRows, truth: string, score: number | null, label: string | null): boolean {
  switch (input.task) {
    case 'binary':
      return (
        input.classes.length === 2 &&
        input.classes.includes(truth) &&
        label !== null &&
        input.classes.includes(label) &&
        score !== null &&
        score >= 0 &&
        score <= 1
      );
    case 'multiclass':
      return input.classes.includes(truth) && label !== null && input.classes.includes(label);
    case 'regression':
      return score !== null && Number.isFinite(score) && truth.trim() !== '' && Number.isFinite(Number(truth));
  }
}

function pickRows(input: AnsweredRows, index: readonly number[]): LabelledRows {
  const truth = index.map((i) => input.truths[i] as string);
  const score = index.map((i) => input.scores[i] as number);
  const label = index.map((i) => input.labels[i] as string);
  switch (input.task) {
    case 'binary': {
      const positive = input.classes[1];
      return {
        task: 'binary',
        truth: truth.map((name) => name === positive),
        score,
        answer: label.map((name) => name === positive),
      };
    }
    case 'multiclass':
      return { task: 'multiclass', truth, answer: label };
    case 'regression':
      return { task: 'regression', truth: truth.map(Number), score };
  }
}
