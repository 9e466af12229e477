/**
 * Performance of predictions in a table, without any server: what `ratchet evaluate` prints. Pure.
 *
 * Truth, answers and scores may be numbers or text. Class names are compared as text after numbers are written plainly
 * ("1.0" = 1); for two classes the words 1/true/yes and 0/false/no mean the same where neither column knows the other's.
 */
import { RatchetError } from '../errors';
import type { Frame, FrameColumn } from '../frame';
import type { Task } from '../model';
import { countPerformance, countSlices } from './count';
import { metricsFromCounts } from './from-counts';
import type { AnsweredRows } from './labelled-rows';
import { isLoss, type MetricValue } from './metric';
import type { SliceCounts } from './performance-counts';

export interface EvaluateOptions {
  /** Default: inferred from the columns ({@link inferTask}). */
  readonly task?: Task;
  /** Column of what came true; missing values are unlabelled rows. */
  readonly truth: string;
  /** Column of the probability of the positive class, or of the predicted number. */
  readonly score?: string;
  /** Column of the answered class. Binary without it: positive from `threshold` on. */
  readonly label?: string;
  /** Class names; binary [negative, positive]. Default: the values found. */
  readonly classes?: readonly string[];
  /** Default 0.5. */
  readonly threshold?: number;
  /** Columns whose values are measured one by one. */
  readonly slices?: readonly string[];
  /** Business value of one decision, [truth][answer] in the order of the classes. */
  readonly values?: readonly (readonly number[])[] | null;
}

/** Plain JSON. */
export interface Evaluation {
  readonly schemaVersion: 1;
  readonly task: Task;
  /** The task was not given but read off the columns. */
  readonly taskInferred: boolean;
  /** Binary: [negative, positive]. */
  readonly classes: readonly string[];
  readonly rows: number;
  readonly labelled: number;
  readonly invalid: number;
  readonly coverage: number;
  readonly metrics: readonly MetricValue[];
  /** Worst first; by accuracy, or RMSE. */
  readonly slices: readonly EvaluatedSlice[];
}

export interface EvaluatedSlice {
  readonly feature: string;
  readonly value: string | null;
  readonly rows: number;
  readonly labelled: number;
  readonly metrics: readonly MetricValue[];
  /** Worse than all rows together, with an interval corrected for the number of slices of the feature (Bonferroni). */
  readonly worse: boolean;
}

/**
 * Evaluates predictions. Rows without truth, and values that the task does not know, are counted and not judged.
 *
 * @throws RatchetError RATCHET_COLUMN_MISSING for a column that the table lacks; RATCHET_INPUT_INVALID for options that do
 * not fit each other or the data.
 */
export function evaluatePredictions(frame: Frame, options: EvaluateOptions): Evaluation {
  const truth = cells(columnOf(frame, options.truth));
  const label = options.label === undefined ? null : cells(columnOf(frame, options.label));
  const score = options.score === undefined ? null : numbers(columnOf(frame, options.score));
  const sliced = (options.slices ?? []).map((name) => ({ name, values: cells(columnOf(frame, name)) }));
  if (label === null && score === null) throw invalid('give the column of the score, of the answered label, or both');
  const task = options.task ?? inferTask(truth, label, score);
  const classes = classesOf(task, options.classes, truth, label);
  checkValues(options.values ?? null, task, classes);

  const input = answeredRows(task, classes, truth, label, score, options.threshold ?? 0.5);
  const counts = countPerformance(input);
  const metricOptions = { task, values: options.values ?? null };
  const metrics = metricsFromCounts(counts, metricOptions);
  const judge = { ...metricOptions, metrics };
  return {
    schemaVersion: 1,
    task,
    taskInferred: options.task === undefined,
    classes,
    rows: frame.rows,
    labelled: counts.labelled,
    invalid: counts.invalid,
    coverage: frame.rows === 0 ? 0 : counts.labelled / frame.rows,
    metrics,
    slices: sliced.flatMap(({ name, values }) => evaluateSlices(countSlices(name, values, input), judge)),
  };
}

interface SliceJudge {
  readonly task: Task;
  readonly values: readonly (readonly number[])[] | null;
  /** Of all rows. */
  readonly metrics: readonly MetricValue[];
}

function evaluateSlices(slices: readonly SliceCounts[], judge: SliceJudge): readonly EvaluatedSlice[] {
  const name = judge.task === 'regression' ? 'rmse' : 'accuracy';
  const overall = judge.metrics.find((m) => m.name === name)?.value ?? null;
  const measured = slices.filter(({ counts }) => counts.labelled > 0).length;
  const alpha = 0.05 / Math.max(1, measured);
  const evaluated = slices.map(({ feature, value, counts }) => {
    const corrected = metricsFromCounts(counts, { ...judge, alpha }).find((m) => m.name === name);
    const end = corrected === undefined ? null : isLoss(name) ? corrected.low : corrected.high;
    const worse = overall !== null && end !== null && (isLoss(name) ? end > overall : end < overall);
    const badness = corrected === undefined ? -Infinity : isLoss(name) ? corrected.value : -corrected.value;
    const { rows, labelled } = counts;
    return { badness, slice: { feature, value, rows, labelled, metrics: metricsFromCounts(counts, judge), worse } };
  });
  return evaluated
    .sort((a, b) => (a.badness === b.badness ? b.slice.rows - a.slice.rows : b.badness - a.badness))
    .map(({ slice }) => slice);
}

const invalid = (message: string): RatchetError => new RatchetError('RATCHET_INPUT_INVALID', message);

function columnOf(frame: Frame, name: string): FrameColumn {
  const column = frame.columns.get(name);
  if (column !== undefined) return column;
  const there = [...frame.columns.keys()];
  throw new RatchetError(
    'RATCHET_COLUMN_MISSING',
    `no column "${name}"; there are ${there.length === 0 ? 'none' : there.join(', ')}`,
    { details: { column: name, columns: there } },
  );
}

/** Values as text, numbers written plainly; null: missing. */
const cells = (column: FrameColumn): readonly (string | null)[] => {
  if (column.kind === 'number') return Array.from(column.values, (v) => (Number.isNaN(v) ? null : String(v + 0)));
  const names = column.categories.map(plain);
  return Array.from(column.codes, (code) => names[code] ?? null);
};

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** "1.0" → "1"; empty text is missing; other text stays. */
function plain(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return NUMBER.test(trimmed) && Math.abs(Number(trimmed)) < 2 ** 53 ? String(Number(trimmed) + 0) : trimmed;
}

const numbers = (column: FrameColumn): readonly (number | null)[] =>
  cells(column).map((text) => (text === null || !NUMBER.test(text) ? null : Number(text)));

const MOST_CLASSES = 20;

/**
 * Binary: at most two values of truth and answer. Multiclass: names, or at most 20 whole numbers beside an answered label.
 * Regression: other numbers.
 */
export function inferTask(
  truth: readonly (string | null)[],
  label: readonly (string | null)[] | null,
  score: readonly (number | null)[] | null,
): Task {
  const known = new Set([...truth, ...(label ?? [])].filter((v) => v !== null));
  const truths = new Set(truth.filter((v) => v !== null));
  const numeric = [...known].every((v) => NUMBER.test(v));
  const probabilities = score === null || score.every((v) => v === null || (v >= 0 && v <= 1));
  const words = truths.size <= 2 && [...known].every((v) => WORDS.has(v.toLowerCase()));
  if ((known.size <= 2 || words) && probabilities) return 'binary';
  if (!numeric) return 'multiclass';
  const few = known.size <= MOST_CLASSES && [...known].every((v) => Number.isInteger(Number(v)));
  return label !== null && few ? 'multiclass' : 'regression';
}

/** What two-class columns are called: [negative, positive]. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['0', '1'],
  ['false', 'true'],
  ['no', 'yes'],
  ['n', 'y'],
  ['negative', 'positive'],
  ['-1', '1'],
];
const WORDS: ReadonlyMap<string, 0 | 1> = new Map([
  ...PAIRS.map(([negative]) => [negative, 0] as const),
  ...PAIRS.map(([, positive]) => [positive, 1] as const),
]);

function classesOf(
  task: Task,
  given: readonly string[] | undefined,
  truth: readonly (string | null)[],
  label: readonly (string | null)[] | null,
): readonly string[] {
  if (task === 'regression') return [];
  if (given !== undefined) {
    if (new Set(given).size !== given.length) throw invalid('a class is given twice');
    if (task === 'binary' && given.length !== 2) throw invalid(`binary needs 2 classes, got ${given.length}`);
    return given.map((name) => plain(name) ?? name);
  }
  const truths = [...new Set(truth)].filter((v) => v !== null);
  const found = [...new Set([...truths, ...(label ?? []).filter((v) => v !== null)])].sort();
  if (task === 'multiclass') return found;
  // One class alone still has its partner when the pair is known; the truth's own spelling comes first.
  for (const names of [found, truths]) {
    const pair = PAIRS.find((p) => names.length <= 2 && names.every((name) => p.includes(name.toLowerCase())));
    if (pair !== undefined) return pair.map((word) => names.find((name) => name.toLowerCase() === word) ?? word);
  }
  if (found.length === 2) return found;
  throw invalid(`binary needs 2 classes, found ${found.join(', ') || 'none'}: name them, negative first`);
}

function checkValues(values: readonly (readonly number[])[] | null, task: Task, classes: readonly string[]): void {
  if (values === null) return;
  if (task === 'regression') throw invalid('regression has no decisions to value');
  const n = classes.length;
  const fits = values.length === n && values.every((row) => row.length === n && row.every(Number.isFinite));
  if (!fits)
    throw invalid(`values must be ${n} rows of ${n} numbers, [truth][answer] in the order ${classes.join(', ')}`);
}

function answeredRows(
  task: Task,
  classes: readonly string[],
  truth: readonly (string | null)[],
  label: readonly (string | null)[] | null,
  score: readonly (number | null)[] | null,
  threshold: number,
): AnsweredRows {
  const n = truth.length;
  const nothing = Array.from({ length: n }, () => null);
  if (task === 'regression') {
    const scores = score ?? (label ?? []).map((text) => (text !== null && NUMBER.test(text) ? Number(text) : null));
    return { task, classes, scores, labels: nothing, truths: truth };
  }
  if (task === 'multiclass' && label === null) throw invalid('multiclass needs the column of the answered label');
  const named = (text: string | null): string | null => (task === 'binary' ? asClass(text, classes) : text);
  const truths = truth.map(named);
  const positive = classes[1] ?? '';
  const negative = classes[0] ?? '';
  const fromScore = (v: number | null): string | null => (v === null ? null : v >= threshold ? positive : negative);
  const labels = label === null ? (score ?? []).map(fromScore) : label.map(named);
  // Without probabilities binary decisions are counted like those of many classes: a confusion and nothing more.
  if (task === 'binary' && score !== null) return { task, classes, scores: score, labels, truths };
  return { task: 'multiclass', classes, scores: nothing, labels, truths };
}

/** "true" where the classes are called 0 and 1, and the like; other text stays and is counted as invalid. */
function asClass(text: string | null, classes: readonly string[]): string | null {
  if (text === null || classes.includes(text)) return text;
  const side = WORDS.get(text.toLowerCase());
  const known = classes.map((name) => WORDS.get(name.toLowerCase()));
  return side !== undefined && known[0] === 0 && known[1] === 1 ? (classes[side] ?? text) : text;
}
