import {
  compareColumns,
  exactCramerVonMises,
  exactWasserstein,
  sortPair,
  type ColumnRows,
  type ExactWorkspace,
} from '../../core/drift/exact';
import type { MethodResult } from '../../core/drift/method';
import type { ColumnAnswer, ColumnTask, ExactTest } from './column-task';

const EMPTY = 'no finite values on a side';

/** The task, done here and now: what a thread runs, and what small data is spared one for. */
export function compareColumn(
  { reference, current, tests, bins }: ColumnTask,
  workspace: ExactWorkspace,
): ColumnAnswer {
  const results = new Map<ExactTest, MethodResult>();
  let rows: readonly [ColumnRows, ColumnRows] | null = null;
  if (tests.includes('ks') || tests.includes('psi')) {
    const compared = compareColumns(reference, current, { bins, workspace });
    rows = [compared.reference, compared.current];
    const empty = compared.reference.rows === 0 || compared.current.rows === 0;
    const { statistic, pValue, method } = compared.ks;
    results.set('ks', empty ? undefinedFor('ks') : { method: 'ks', statistic, pValue, note: method });
    results.set('psi', empty ? undefinedFor('psi') : { method: 'psi', statistic: compared.bins.psi, pValue: null });
  }
  if (tests.includes('wasserstein') || tests.includes('cvm')) {
    const pair = sortPair(reference, current);
    rows ??= [rowsOf(pair.reference), rowsOf(pair.current)];
    const distance = exactWasserstein(pair);
    const test = exactCramerVonMises(pair);
    results.set(
      'wasserstein',
      distance === null
        ? undefinedFor('wasserstein')
        : { method: 'wasserstein', statistic: distance.normed, pValue: null, note: 'normed' },
    );
    results.set(
      'cvm',
      test === null
        ? undefinedFor('cvm')
        : { method: 'cvm', statistic: test.statistic, pValue: test.pValue, note: test.method },
    );
  }
  const none: ColumnRows = { rows: 0, missing: 0, infinite: 0 };
  const [left, right] = rows ?? [none, none];
  return { reference: left, current: right, results: tests.map((test) => results.get(test)!) };
}

const rowsOf = ({ rows, missing, infinite }: ColumnRows): ColumnRows => ({ rows, missing, infinite });

const undefinedFor = (method: ExactTest): MethodResult => ({ method, statistic: null, pValue: null, note: EMPTY });
