import { type Command, Option } from 'commander';
import {
  createDetector,
  DETECTOR_NAMES,
  detectChanges,
  fewestValues,
  type DetectedChange,
  type DetectorConfig,
  type DetectorName,
} from '../../core/drift/streaming';
import { RatchetError } from '../../core/errors';
import type { FrameColumn } from '../../core/frame';
import type { DetectionDocument } from '../../policy/result-schemas';
import { EXIT, type ExitCode } from '../exit-codes';
import { answer, type CliIo, type CommonFlags } from '../io';
import { assignments } from '../list-options';
import { examples, withJson } from '../options';
import { columnOf } from '../tables/column-of';
import { readTable } from '../tables/read-table';
import { oneLine, textTable } from '../text-table';

interface DetectFlags extends CommonFlags {
  readonly detector: DetectorName;
  readonly column: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export function registerDetect(program: Command, io: CliIo): void {
  withJson(program.command('detect'))
    .description('find changes in a stream: one column of a file, row after row')
    .argument('<file>', '.csv, .tsv (also .gz) or .parquet, rows in the order of time')
    .addOption(
      new Option(
        '--detector <name>',
        'ddm and eddm take 0 (right) and 1 (wrong), hddm_a and hddm_w 0 to 1, the others any number',
      )
        .choices(DETECTOR_NAMES)
        .makeOptionMandatory(),
    )
    .requiredOption('--column <name>', 'the stream; rows without a value are left out and counted')
    .addOption(
      new Option(
        '--params <list>',
        "the detector's parameters that differ from river's defaults: delta=0.01,clock=16 or a JSON object",
      ).argParser(assignments),
    )
    .addHelpText(
      'after',
      examples(
        'ratchet detect errors.csv --detector adwin --column wrong',
        'ratchet detect errors.csv --detector kswin --column loss --params alpha=0.001,window_size=200 --json',
      ),
    )
    .action(async (path: string, flags: DetectFlags) => {
      const config = configOf(flags.detector, flags.params ?? {});
      const frame = await readTable(path);
      const stream = streamOf(columnOf(frame, flags.column, path), flags.column);
      const document = detectionDocumentOf(config, flags.column, stream, frame.rows);
      io.setExitCode(EXIT_CODES[document.verdict]);
      answer(io, flags, document, formatDetection(document));
    });
}

const EXIT_CODES: Readonly<Record<DetectionDocument['verdict'], ExitCode>> = {
  drift: EXIT.refused,
  warning: EXIT.fine,
  noDrift: EXIT.fine,
  insufficient: EXIT.insufficient,
};

/** Parameters as river writes them (`window_size`) or as we do; numbers and truth values out of their text. */
function configOf(detector: DetectorName, params: Readonly<Record<string, unknown>>): DetectorConfig {
  const entries = Object.entries(params).map(([key, value]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    typeof value === 'string' ? typed(value) : value,
  ]);
  const config = { detector, ...(Object.fromEntries(entries) as object) } as DetectorConfig;
  createDetector(config);
  return config;
}

function typed(text: string): string | number | boolean {
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

interface Stream {
  readonly values: Float64Array;
  /** Row of each value in the file, 0-based. */
  readonly rows: Int32Array;
}

/** Squares of larger values leave the doubles, and a detector that computes with infinities finds nothing. */
const LARGEST = 1e150;

/** @throws RATCHET_COLUMN_TYPE for text other than true and false; RATCHET_INPUT_INVALID for a number too large to compute with. */
function streamOf(column: FrameColumn, name: string): Stream {
  const at = valueAt(column, name);
  const length = column.kind === 'number' ? column.values.length : column.codes.length;
  const values = new Float64Array(length);
  const rows = new Int32Array(length);
  let n = 0;
  for (let row = 0; row < length; row++) {
    const value = at(row);
    if (Number.isNaN(value)) continue;
    if (Math.abs(value) > LARGEST) {
      throw new RatchetError(
        'RATCHET_INPUT_INVALID',
        `row ${row} of column "${name}" is ${value}, at most ±${LARGEST} can be computed with`,
        {
          hint: 'Leave the row out, or scale the column.',
          details: { row },
        },
      );
    }
    values[n] = value;
    rows[n] = row;
    n++;
  }
  return { values: values.subarray(0, n), rows: rows.subarray(0, n) };
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['false', 0],
]);

function valueAt(column: FrameColumn, name: string): (row: number) => number {
  if (column.kind === 'number') return (row) => column.values[row]!;
  const numbers = column.categories.map((text) => WORDS.get(text.trim().toLowerCase()));
  const other = numbers.indexOf(undefined);
  if (other >= 0) {
    const text = `column "${name}" holds text such as "${column.categories[other]}"`;
    throw new RatchetError('RATCHET_COLUMN_TYPE', text, { hint: 'Name a column of numbers, or of true and false.' });
  }
  return (row) => numbers[column.codes[row]!] ?? Number.NaN;
}

function detectionDocumentOf(config: DetectorConfig, column: string, stream: Stream, rows: number): DetectionDocument {
  const { values } = stream;
  const detections = changesOf(config, column, stream);
  const drifts = detections.filter(({ kind }) => kind === 'drift').length;
  const needed = fewestValues(config);
  const verdict =
    drifts > 0 ? 'drift' : values.length < needed ? 'insufficient' : detections.length > 0 ? 'warning' : 'noDrift';
  const text =
    verdict === 'insufficient'
      ? `${values.length} values, ${config.detector} needs ${needed} before it can find a change`
      : `${drifts === 1 ? '1 change' : `${drifts} changes`} in ${values.length} values`;
  return {
    schemaVersion: 1,
    detector: config.detector,
    parameters: { ...createDetector(config).parameters },
    column,
    rows,
    values: values.length,
    missing: rows - values.length,
    verdict,
    reasons: [
      verdict === 'insufficient'
        ? { code: 'detect.insufficient', text, observed: values.length, expected: needed }
        : { code: 'detect.changes', text, observed: drifts },
    ],
    detections: [...detections],
  };
}

/** @throws RATCHET_INPUT_INVALID naming the row of a value that the detector does not take. */
function changesOf(config: DetectorConfig, column: string, { values, rows }: Stream): readonly DetectedChange[] {
  try {
    return detectChanges(config, values).map(({ index, kind }) => ({ index: rows[index]!, kind }));
  } catch (error) {
    const { details, hint } = error as RatchetError;
    const index = details?.['index'];
    if (typeof index !== 'number') throw error;
    const text = `row ${rows[index]!} of column "${column}" is ${values[index]!}, ${config.detector} takes ${String(details['expected'])}`;
    throw new RatchetError('RATCHET_INPUT_INVALID', text, {
      hint,
      details: { ...details, row: rows[index]! },
      cause: error,
    });
  }
}

/** Detections shown; --json has all. */
const MOST_DETECTIONS = 50;

const HEADS: Readonly<Record<DetectionDocument['verdict'], string>> = {
  drift: 'drift',
  warning: 'warning, no drift',
  noDrift: 'no drift',
  insufficient: 'insufficient',
};

function formatDetection({ verdict, reasons, detector, column, missing, detections }: DetectionDocument): string {
  const rest = detections.length - MOST_DETECTIONS;
  return [
    `${HEADS[verdict]}: ${reasons.map(({ text }) => text).join('; ')}`,
    `${detector} on ${oneLine(column)}${missing === 0 ? '' : `, ${missing} rows without a value left out`}`,
    ...(detections.length === 0
      ? []
      : [
          '',
          ...textTable(
            ['row', 'what'],
            detections.slice(0, MOST_DETECTIONS).map((d) => [d.index, d.kind]),
          ),
        ]),
    ...(rest > 0 ? [`… ${rest} more (--json has all)`] : []),
  ].join('\n');
}
