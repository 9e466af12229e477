import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { compareFrames, type Comparison } from '../../core/compare';
import { CATEGORICAL_METHODS, NUMERIC_METHODS, type DriftMethod } from '../../core/drift/method';
import { RatchetError } from '../../core/errors';
import { driftReportOfComparison } from '../../core/report';
import { COMPARE_PRESETS, compareRuleOf, type ComparePreset } from '../../policy';
import { comparisonText } from '../comparison-text';
import { EXIT, type ExitCode } from '../exit-codes';
import { answer, type CliIo, type CommonFlags } from '../io';
import { kinds, names, openShare, weights } from '../list-options';
import { loadReport } from '../lazy';
import { examples, wholeNumber, withJson } from '../options';
import { fileFault } from '../read-file';
import { columnOf } from '../tables/column-of';
import { readTable } from '../tables/read-table';

interface CompareFlags extends CommonFlags {
  readonly preset: ComparePreset;
  readonly methods?: readonly DriftMethod[];
  readonly columns?: readonly string[];
  readonly kinds?: Readonly<Record<string, 'number' | 'string'>>;
  readonly clusterBy?: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly alpha?: number;
  readonly minRows?: number;
  readonly anyTopK?: number;
  readonly html?: string;
}

const METHODS: readonly string[] = [...new Set([...NUMERIC_METHODS, ...CATEGORICAL_METHODS])];

export function registerCompare(program: Command, io: CliIo): void {
  withJson(program.command('compare'))
    .description('compare two files column by column and as a whole, without any server')
    .argument('<reference>', 'what the data was like: .csv, .tsv (also .gz) or .parquet')
    .argument('<current>', 'what it is like now')
    .addOption(
      new Option('--preset <name>', 'how the verdict is made; evidently: as Evidently itself does')
        .choices(COMPARE_PRESETS)
        .default('default'),
    )
    .addOption(
      new Option(
        '--methods <list>',
        `run and report these too, each on the columns of its kind: ${METHODS.join(', ')}`,
      ).argParser(names),
    )
    .addOption(
      new Option('--columns <list>', 'only these (default: every column that both files have)').argParser(names),
    )
    .addOption(
      new Option('--kinds <list>', 'what columns are, where the file misleads: zip=string,size=number').argParser(
        kinds,
      ),
    )
    .option(
      '--cluster-by <column>',
      'rows with one value of it move together (an hour, a customer): p-values allow for it',
    )
    .addOption(
      new Option('--weights <list>', 'importance of columns, for the drifted share: age=0.7,plan=0.3').argParser(
        weights,
      ),
    )
    .addOption(new Option('--alpha <number>', "overrides the preset's").argParser(openShare))
    .addOption(new Option('--min-rows <number>', "fewest values a side, overrides the preset's").argParser(wholeNumber))
    .addOption(
      new Option('--any-top-k <number>', 'drift of one of the k columns of most weight is enough').argParser(
        wholeNumber,
      ),
    )
    .option('--html <file>', 'write the report as one HTML page too, readable offline')
    .addHelpText(
      'after',
      examples(
        'ratchet compare training.parquet today.parquet',
        'ratchet compare training.csv today.csv --methods ks,wasserstein --columns age,plan --json',
        'ratchet compare last-week.csv today.csv --cluster-by hour --html report.html',
      ),
    )
    .action(async (reference: string, current: string, flags: CompareFlags) => {
      checkFlags(flags);
      const { alpha, minRows, anyTopK } = flags;
      const rule = compareRuleOf(flags.preset, {
        ...(alpha === undefined ? {} : { alpha }),
        ...(minRows === undefined ? {} : { minRows }),
        ...(anyTopK === undefined ? {} : { anyTopK }),
      });
      const before = await readTable(reference);
      const now = await readTable(current);
      for (const name of flags.columns ?? []) {
        // Asked for by name, so "only one file has it" would be no answer.
        columnOf(before, name, reference);
        columnOf(now, name, current);
      }
      const comparison = compareFrames(before, now, {
        rule,
        ...(flags.methods === undefined ? {} : { methods: flags.methods }),
        ...(flags.columns === undefined ? {} : { columns: flags.columns }),
        ...(flags.kinds === undefined ? {} : { kinds: flags.kinds }),
        ...(flags.clusterBy === undefined ? {} : { clusterBy: flags.clusterBy }),
        ...(flags.weights === undefined ? {} : { weights: flags.weights }),
      });
      if (flags.html !== undefined) {
        const page = await new (loadReport().EchartsReportRenderer)().renderDrift(
          driftReportOfComparison(comparison, {
            reference: basename(reference),
            current: basename(current),
            rule,
            ...(flags.weights === undefined ? {} : { weights: flags.weights }),
          }),
        );
        await writeFile(flags.html, page).catch((cause: unknown) => {
          throw fileFault(cause, String(flags.html), 'write');
        });
      }
      io.setExitCode(EXIT_CODES[comparison.dataset.verdict]);
      answer(io, flags, comparison, comparisonText(comparison));
    });
}

const EXIT_CODES: Readonly<Record<Comparison['dataset']['verdict'], ExitCode>> = {
  noDrift: EXIT.fine,
  warn: EXIT.fine,
  drift: EXIT.refused,
  insufficient: EXIT.insufficient,
};

/** What can be said before files of a gigabyte are read. */
function checkFlags({ methods, preset, alpha, minRows, anyTopK, clusterBy, weights }: CompareFlags): void {
  const unknown = methods?.find((method) => !METHODS.includes(method));
  if (unknown !== undefined) {
    throw new RatchetError('RATCHET_USAGE', `there is no method "${unknown}"; there are ${METHODS.join(', ')}`, {
      hint: 'Name one of them.',
    });
  }
  const own = {
    '--alpha': alpha,
    '--min-rows': minRows,
    '--any-top-k': anyTopK,
    '--cluster-by': clusterBy,
    '--weights': weights,
  };
  const [option] = Object.entries(own).find(([, value]) => value !== undefined) ?? [];
  if (preset === 'evidently' && option !== undefined) {
    throw new RatchetError(
      'RATCHET_USAGE',
      `${option} does not go with --preset evidently, whose rule is Evidently's own`,
      {
        hint: 'Leave one of them out.',
      },
    );
  }
  if (anyTopK !== undefined && weights === undefined) {
    throw new RatchetError('RATCHET_USAGE', '--any-top-k needs --weights', { hint: 'Add --weights age=0.7,plan=0.3.' });
  }
}
