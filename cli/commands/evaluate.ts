import { type Command, Option } from 'commander';
import { evaluatePredictions, type Evaluation } from '../../core/performance';
import type { Frame } from '../../core/frame';
import type { Task } from '../../core/model';
import type { Reason } from '../../core/verdict';
import type { EvaluationDocument } from '../../policy/result-schemas';
import { EXIT, type ExitCode } from '../exit-codes';
import { answer, type CliIo, type CommonFlags } from '../io';
import { finiteNumber, matrix, names } from '../list-options';
import { judgeRule, metricRules, type MetricRule } from '../metric-rule';
import { examples, withJson } from '../options';
import { columnOf } from '../tables/column-of';
import { readTable } from '../tables/read-table';
import { figure, oneLine, textTable } from '../text-table';

interface EvaluateFlags extends CommonFlags {
  readonly task?: Task;
  readonly truth?: string;
  readonly score?: string;
  readonly label?: string;
  readonly classes?: readonly string[];
  readonly threshold?: number;
  readonly slices?: readonly string[];
  readonly values?: readonly (readonly number[])[];
  readonly rule?: readonly MetricRule[];
  readonly withConfidence?: boolean;
}

export function registerEvaluate(program: Command, io: CliIo): void {
  withJson(program.command('evaluate'))
    .description('measure predictions against what came true, without any server')
    .argument('<file>', 'predictions with labels: .csv, .tsv (also .gz) or .parquet, one row a prediction')
    .addOption(
      new Option('--task <task>', 'what was predicted (default: read off the columns)').choices([
        'binary',
        'multiclass',
        'regression',
      ]),
    )
    .option('--truth <column>', 'column of what came true; empty: no label yet (default: truth)')
    .option(
      '--score <column>',
      'column of the probability of the positive class, or of the predicted number (default: score, if there is one)',
    )
    .option('--label <column>', 'column of the answered class (default: label, if there is one)')
    .addOption(new Option('--classes <list>', 'class names; of two, the negative one first').argParser(names))
    .addOption(
      new Option('--threshold <number>', 'a score from here on answers the positive class (default: 0.5)').argParser(
        finiteNumber,
      ),
    )
    .addOption(new Option('--slices <columns>', 'columns whose values are measured one by one').argParser(names))
    .addOption(
      new Option(
        '--values <matrix>',
        'business value of a decision as JSON, a row a truth, in it a number an answer: [[0, -1], [-5, 10]]',
      ).argParser(matrix),
    )
    .addOption(
      new Option('--rule <text>', 'exit 3 when it holds, e.g. "f1<0.85"; may be given several times').argParser(
        metricRules,
      ),
    )
    .option('--with-confidence', "a rule fires only when the near end of the metric's 95 % interval breaks it too")
    .addHelpText(
      'after',
      examples(
        'ratchet evaluate predictions.csv --truth churned --score p --rule "f1<0.85"',
        'ratchet evaluate predictions.parquet --truth y --label answer --slices country,plan --json',
      ),
    )
    .action(async (path: string, flags: EvaluateFlags) => {
      const frame = await readTable(path);
      const columns = columnsOf(frame, path, flags);
      const { task, classes, threshold, slices, values, rule = [], withConfidence = false } = flags;
      const evaluation = evaluatePredictions(frame, {
        truth: columns.truth,
        ...(columns.score === null ? {} : { score: columns.score }),
        ...(columns.label === null ? {} : { label: columns.label }),
        ...(task === undefined ? {} : { task }),
        ...(classes === undefined ? {} : { classes }),
        ...(threshold === undefined ? {} : { threshold }),
        ...(slices === undefined ? {} : { slices }),
        ...(values === undefined ? {} : { values }),
      });
      const document = evaluationDocumentOf(evaluation, columns, rule, withConfidence);
      io.setExitCode(EXIT_CODES[document.verdict]);
      answer(io, flags, document, formatEvaluation(document));
    });
}

const EXIT_CODES: Readonly<Record<EvaluationDocument['verdict'], ExitCode>> = {
  pass: EXIT.fine,
  fail: EXIT.refused,
  inconclusive: EXIT.insufficient,
};

type Columns = EvaluationDocument['columns'];

/** Columns that were named must be there; `score` and `label` are taken by their usual names only where neither was named. */
function columnsOf(frame: Frame, path: string, { truth = 'truth', score, label }: EvaluateFlags): Columns {
  for (const name of [truth, score, label]) if (name !== undefined) columnOf(frame, name, path);
  const usual = (name: string): string | null =>
    score === undefined && label === undefined && truth !== name && frame.columns.has(name) ? name : null;
  return { truth, score: score ?? usual('score'), label: label ?? usual('label') };
}

export function evaluationDocumentOf(
  evaluation: Evaluation,
  columns: Columns,
  rules: readonly MetricRule[],
  confidence: boolean,
): EvaluationDocument {
  const judged = rules.map((rule) => judgeRule(rule, evaluation, confidence));
  const { schemaVersion, metrics, labelled, rows, ...rest } = evaluation;
  const unknown = judged.filter(({ fired }) => fired === null);
  const measured = labelled > 0 && metrics.length > 0;
  const verdict = judged.some(({ fired }) => fired === true)
    ? 'fail'
    : !measured || unknown.length > 0
      ? 'inconclusive'
      : 'pass';
  const reasons: Reason[] = judged.map((rule) => reasonOf(rule, evaluation));
  if (!measured) {
    const text = labelled === 0 ? `none of ${rows} rows has a usable label` : 'the labelled rows define no metric';
    reasons.unshift({ code: 'evaluate.labels', text, observed: labelled, expected: 1 });
  }
  return {
    schemaVersion,
    verdict,
    reasons,
    columns,
    rows,
    labelled,
    ...rest,
    classes: [...evaluation.classes],
    metrics: [...metrics],
    slices: evaluation.slices.map((slice) => ({ ...slice, metrics: [...slice.metrics] })),
    rules: judged,
  };
}

function reasonOf(
  { rule, metric, observed, bound, fired }: EvaluationDocument['rules'][number],
  all: Evaluation,
): Reason {
  const seen =
    observed !== null
      ? `${metric} is ${figure(observed)}`
      : all.labelled === 0
        ? `${metric} is unknown: no label`
        : `${metric} is not known of these ${all.task} predictions`;
  const what = fired === null ? 'could not be judged' : fired ? 'fires' : 'does not fire';
  return { code: 'evaluate.rule', text: `${rule} ${what}: ${seen}`, observed, expected: bound };
}

const HEADS: Readonly<Record<EvaluationDocument['verdict'], string>> = {
  pass: 'fine',
  fail: 'breach',
  inconclusive: 'insufficient',
};

/** Slices shown; --json has all. */
const MOST_SLICES = 20;

function formatEvaluation(document: EvaluationDocument): string {
  const { verdict, reasons, task, taskInferred, classes, rows, labelled, invalid, metrics, slices } = document;
  const why = reasons.length === 0 ? 'measured, no --rule was given' : reasons.map(({ text }) => text).join('; ');
  const lines = [
    `${HEADS[verdict]}: ${why}`,
    `${task}${taskInferred ? ' (read off the columns)' : ''}${classes.length === 0 ? '' : `, classes ${classes.map(oneLine).join(', ')}`}; ` +
      `${labelled} of ${rows} rows labelled${invalid === 0 ? '' : `, ${invalid} not usable`}`,
  ];
  if (metrics.length > 0) {
    const shown = metrics.map(({ name, value, low, high }) => [name, value, low, high]);
    lines.push('', ...textTable(['metric', 'value', 'from', 'to (95 %)'], shown));
  }
  if (slices.length > 0) lines.push('', ...sliceTable(document));
  return lines.join('\n');
}

function sliceTable({ slices, task }: EvaluationDocument): readonly string[] {
  const by = task === 'regression' ? 'rmse' : 'accuracy';
  const rows = slices.slice(0, MOST_SLICES).map((slice) => {
    const metric = slice.metrics.find(({ name }) => name === by);
    return [
      slice.feature,
      slice.value ?? '(missing)',
      slice.labelled,
      metric?.value ?? null,
      metric?.low ?? null,
      metric?.high ?? null,
      slice.worse ? 'worse' : '',
    ];
  });
  const rest = slices.length - rows.length;
  return [
    ...textTable(['slice', 'of', 'labelled', by, 'from', 'to (95 %)', ''], rows),
    ...(rest === 0 ? [] : [`… ${rest} more (--json has all)`]),
  ];
}
