/**
 * Two Parquet files to a verdict, in a process of its own so that its memory is its own. Columns are read here one at a time
 * and compared in threads meanwhile. Arguments: reference, current, threads, rounds. One JSON line.
 */
import { ParquetTable } from '../../adapters/parquet';
import { ColumnThreads, type ColumnAnswer } from '../../adapters/threads';
import type { NumberColumn } from '../../core/frame';
import { benjaminiHochberg } from '../../core/drift/benjamini-hochberg';

export interface ParquetVerdict {
  /** One a round; the first warms and is left out. */
  readonly seconds: readonly number[];
  readonly rssMb: number;
  readonly driftedShare: number;
  readonly ks: readonly number[];
  readonly psi: readonly number[];
}

const THRESHOLDS = { psi: 0.1, alpha: 0.05 } as const;
const AHEAD = 2;

async function compareFiles(
  reference: string,
  current: string,
  threads: number,
): Promise<Omit<ParquetVerdict, 'seconds' | 'rssMb'>> {
  const [left, right] = await Promise.all(
    [reference, current].map((path) => ParquetTable.open(path, { shared: true })),
  );
  const pool = new ColumnThreads({ threads });
  // Used in turn: shared memory that is dropped stays until every thread has collected its garbage.
  const slots = Array.from({ length: AHEAD * threads + 1 }, () => ({
    a: new SharedArrayBuffer(left!.rows * 8),
    b: new SharedArrayBuffer(right!.rows * 8),
  }));
  try {
    const answers: Promise<ColumnAnswer>[] = [];
    for (const name of left!.columns) {
      const slot = slots[answers.length % slots.length]!;
      const a = (await left!.column(name, slot.a)) as NumberColumn;
      const b = (await right!.column(name, slot.b)) as NumberColumn;
      answers.push(pool.compare({ reference: a.values, current: b.values, tests: ['ks', 'psi'], bins: 10 }));
      // The slot of the next column is free only after this.
      await answers[answers.length - 1 - AHEAD * threads];
    }
    return verdict(await Promise.all(answers));
  } finally {
    await Promise.all([left!.close(), right!.close(), pool.close()]);
  }
}

function verdict(answers: readonly ColumnAnswer[]): Omit<ParquetVerdict, 'seconds' | 'rssMb'> {
  const adjusted = benjaminiHochberg(answers.map(({ results }) => results[0]?.pValue ?? 1));
  const psi = answers.map(({ results }) => results[1]?.statistic ?? NaN);
  const drifted = psi.filter((value, i) => value >= THRESHOLDS.psi && adjusted[i]! <= THRESHOLDS.alpha).length;
  return {
    driftedShare: drifted / answers.length,
    psi,
    ks: answers.map(({ results }) => results[0]?.statistic ?? NaN),
  };
}

async function main([reference = '', current = '', threads = '1', rounds = '1']: readonly string[]): Promise<void> {
  let result = await compareFiles(reference, current, Number(threads));
  const seconds: number[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    const begun = performance.now();
    result = await compareFiles(reference, current, Number(threads));
    seconds.push((performance.now() - begun) / 1000);
  }
  const rssMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`${JSON.stringify({ ...result, seconds, rssMb } satisfies ParquetVerdict)}\n`);
}

void main(process.argv.slice(2));
