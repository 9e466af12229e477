import { ExactWorkspace } from '../../core/drift/exact';
import { RatchetError } from '../../core/errors';
import type { Frame, NumberColumn } from '../../core/frame';
import type { ColumnAnswer, ExactTest } from './column-task';
import { EXACT_TESTS } from './column-task';
import { ColumnThreads, type ColumnThreadsOptions } from './column-threads';
import { compareColumn } from './compare-column';

export interface ColumnResult extends ColumnAnswer {
  readonly name: string;
}

export interface CompareFramesOptions extends ColumnThreadsOptions {
  /** Threads that exist already and stay open. */
  readonly pool?: ColumnThreads;
  /** Quantile bins of PSI, an integer >= 1. Default 10. */
  readonly bins?: number;
  /** Fewer values than this on both sides together are compared in the calling thread. Default {@link INLINE_VALUES}. */
  readonly inlineBelow?: number;
}

/** Starting two threads costs as much as comparing two million values. */
export const INLINE_VALUES = 2_000_000;

/**
 * Exact two-sample tests of every number column that both frames have, in the reference's order; other columns are left out (the
 * result names what was compared). `wasserstein` is the normed distance. What is not defined is null with a reason in `note`.
 *
 * @throws RATCHET_INPUT_INVALID for no tests, an unknown test, or `bins` out of range; RATCHET_THREAD_FAILED when a thread dies.
 */
export async function compareColumnsInThreads(
  reference: Frame,
  current: Frame,
  tests: readonly ExactTest[],
  options: CompareFramesOptions = {},
): Promise<readonly ColumnResult[]> {
  const bins = options.bins ?? 10;
  check(tests, bins);
  const pairs = numberPairs(reference, current);
  const task = ({ left, right }: Pair) => ({ reference: left.values, current: right.values, tests, bins });
  if (pairs.length * (reference.rows + current.rows) < (options.inlineBelow ?? INLINE_VALUES)) {
    const workspace = new ExactWorkspace();
    return pairs.map((pair) => ({ name: pair.name, ...compareColumn(task(pair), workspace) }));
  }
  const pool = options.pool ?? new ColumnThreads(options);
  try {
    return await Promise.all(pairs.map(async (pair) => ({ name: pair.name, ...(await pool.compare(task(pair))) })));
  } finally {
    if (options.pool === undefined) await pool.close();
  }
}

interface Pair {
  readonly name: string;
  readonly left: NumberColumn;
  readonly right: NumberColumn;
}

function numberPairs(reference: Frame, current: Frame): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const [name, left] of reference.columns) {
    const right = current.columns.get(name);
    if (left.kind === 'number' && right?.kind === 'number') pairs.push({ name, left, right });
  }
  return pairs;
}

function check(tests: readonly ExactTest[], bins: number): void {
  const unknown = tests.filter((test) => !EXACT_TESTS.includes(test));
  if (tests.length === 0 || unknown.length > 0) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `tests are [${tests.join(', ')}], expected some of ${EXACT_TESTS.join(', ')}`,
    );
  }
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `bins is ${bins}, must be an integer of at least 1`);
  }
}
