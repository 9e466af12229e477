import type { Command } from 'commander';
import { checkFrame, type QualityReport } from '../../core/quality';
import { RatchetError } from '../../core/errors';
import type { Verdict } from '../../core/verdict';
import { parseExpectations } from '../../policy/expectations';
import { EXIT, type ExitCode } from '../exit-codes';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withJson } from '../options';
import { readPolicyFile } from '../policy-file';
import { columnOf } from '../tables/column-of';
import { readTable } from '../tables/read-table';
import { oneLine, textTable, type Cell } from '../text-table';

interface QualityFlags extends CommonFlags {
  readonly expectations?: string;
  readonly reference?: string;
  readonly target?: string;
  readonly key?: string;
}

export function registerQuality(program: Command, io: CliIo): void {
  withJson(program.command('quality'))
    .description('check a file against expectations, a reference, or both')
    .argument('<file>', '.csv, .tsv (also .gz) or .parquet')
    .option(
      '--expectations <file>',
      "rules as YAML or JSON: a list, or a Great Expectations suite; GX's names and `mostly`",
    )
    .option('--reference <file>', 'a table to compare with: columns, types, nulls, categories, units')
    .option('--target <column>', 'what is predicted: no feature, and features that give it away are named')
    .option('--key <column>', 'what names a row in the answer; the same value twice with other content fails')
    .addHelpText(
      'after',
      examples(
        'ratchet quality today.csv --expectations rules.yaml --key id',
        'ratchet quality today.parquet --reference training.parquet --target churned --json',
      ),
    )
    .action(async (path: string, flags: QualityFlags) => {
      const { expectations: rules, reference, target, key } = flags;
      if (rules === undefined && reference === undefined) {
        throw new RatchetError('RATCHET_USAGE', 'nothing to check against', {
          hint: 'Give --expectations <file>, --reference <file> or both.',
        });
      }
      const expectations = rules === undefined ? [] : parseExpectations(await readPolicyFile(rules));
      const frame = await readTable(path);
      for (const name of [target, key]) if (name !== undefined) columnOf(frame, name, path);
      const report = checkFrame(frame, expectations, {
        ...(reference === undefined ? {} : { reference: await readTable(reference) }),
        ...(target === undefined ? {} : { target }),
        ...(key === undefined ? {} : { key }),
      });
      io.setExitCode(EXIT_CODES[report.verdict]);
      answer(io, flags, report, formatQuality(report));
    });
}

const EXIT_CODES: Readonly<Record<Verdict, ExitCode>> = {
  pass: EXIT.fine,
  fail: EXIT.refused,
  inconclusive: EXIT.insufficient,
  error: EXIT.fault,
};

const HEADS: Readonly<Record<Verdict, string>> = {
  pass: 'fine',
  fail: 'failed',
  inconclusive: 'insufficient',
  error: 'could not be checked',
};

/** Issues shown; --json has all. */
const MOST_ISSUES = 50;

export function formatQuality(report: QualityReport): string {
  const { verdict, rows, issues, expectations = [], notChecked } = report;
  const hard = issues.filter(({ severity }) => severity !== 'warn').length;
  const kept = expectations.filter((e) => e.verdict === 'pass').length;
  const counted = [
    ...(expectations.length === 0 ? [] : [`${kept} of ${expectations.length} expectations hold`]),
    issues.length === 0 ? 'nothing found' : `${hard} broken, ${issues.length - hard} warnings`,
    `${rows} rows`,
  ];
  const shown = issues
    .slice(0, MOST_ISSUES)
    .map((issue): readonly Cell[] => [
      issue.severity,
      issue.code.replace(/^quality\./, ''),
      issue.feature ?? '',
      issue.count === 0 ? null : issue.count,
      issue.message,
    ]);
  return [
    `${HEADS[verdict]}: ${counted.join(', ')}`,
    ...(shown.length === 0 ? [] : ['', ...textTable(['level', 'rule', 'column', 'rows', 'what'], shown)]),
    ...(issues.length > shown.length ? [`… ${issues.length - shown.length} more (--json has all)`] : []),
    ...notChecked.map((text) => `not checked: ${oneLine(text)}`),
  ].join('\n');
}
