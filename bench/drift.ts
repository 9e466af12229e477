/**
 * `npm run bench:drift`: exact KS + PSI of two whole tables against the SciPy recipe, on the same bytes, after both gave the
 * same numbers; from Parquet files to a verdict; and, with `--peers`, Evidently's and NannyML's own runs on those files.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveBinaries } from '../adapters/embedded';
import { ColumnThreads, compareColumnsInThreads, type ColumnResult } from '../adapters/threads';
import type { Frame } from '../core/frame';
import type { ParquetVerdict } from './children/parquet-verdict';
import { describeMachine } from './report/machine';
import { metricOf, quantile, type MetricDraft } from './report/metric';
import { printReport } from './report/print';
import { benchArguments } from './world/arguments';
import { normalFrame, writeColumns } from './world/float-columns';
import { peerPython } from './world/peer-environment';
import { projectRoot } from './world/project-root';
import { progress, runBench } from './world/run-bench';

interface Figures {
  readonly ks: readonly number[];
  readonly psi: readonly number[];
}
interface SciPyRun extends Figures {
  readonly seconds: readonly number[];
}
interface PeerRun {
  readonly seconds: number;
  readonly rssMb: number;
  readonly driftedShare: number;
}

const TOLERANCE = 1e-9;
const SCIPY = 'SciPy ks_2samp + NumPy PSI';
const TESTS = ['ks', 'psi'] as const;
const run = promisify(execFile);

runBench(async (cleanup) => {
  const { rows, features, rounds, peers } = benchArguments(
    'npm run bench:drift -- [--quick] [--peers] [--rows N] [--features N] [--rounds N]',
    {
      rows: { full: 1_000_000, quick: 200_000 },
      features: { full: 50, quick: 20 },
      rounds: { full: 3, quick: 5 },
    },
    ['peers'],
  );
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-drift-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, name);
  const { python } = resolveBinaries({ pythonEnv: join(projectRoot(), '.ratchet', 'python') });
  const size = `${rows}x${features}`;

  progress(`making 2 × ${rows} rows × ${features} features`);
  const reference = normalFrame(rows, features, 1, 0);
  const current = normalFrame(rows, features, 2, 0.05);
  for (const [name, frame] of [
    ['reference', reference],
    ['current', current],
  ] as const) {
    writeColumns(file(`${name}.f32`), frame);
    await script(python, 'make_parquet.py', file(`${name}.f32`), file(`${name}.parquet`), rows, features);
  }

  const pool = new ColumnThreads({ threads: 2 });
  cleanup.add(() => pool.close());
  const [inline, threads] = await inTurn(rounds, [
    () => compare(reference, current, { inlineBelow: Infinity }),
    () => compare(reference, current, { inlineBelow: 0, pool }),
  ]);
  progress(`SciPy on ${rows} rows a side`);
  const scipy = JSON.parse(
    await script(python, 'scipy_drift.py', file('reference.f32'), file('current.f32'), rows, rows, features, rounds),
  ) as SciPyRun;
  progress('Parquet to verdict');
  const parquet = JSON.parse(
    await output(process.execPath, [
      join(__dirname, 'children', 'parquet-verdict.js'),
      ...[file('reference.parquet'), file('current.parquet'), '2', String(rounds)],
    ]),
  ) as ParquetVerdict;
  agree('one thread', figuresOf(inline.value), scipy);
  agree('two threads', figuresOf(threads.value), scipy);
  agree('Parquet', parquet, scipy);

  const peer = { name: SCIPY, values: scipy.seconds };
  const drafts: MetricDraft[] = [
    { id: `drift.whole.${size}`, unit: 's', ours: inline.seconds, peer },
    { id: `drift.whole.${size}.two_threads`, unit: 's', ours: threads.seconds, peer },
    {
      id: `drift.whole.${size}.second_thread`,
      unit: 's',
      ours: threads.seconds,
      peer: { name: 'the same in one thread', values: inline.seconds },
    },
    {
      id: `drift.parquet.${size}`,
      unit: 's',
      ours: parquet.seconds,
      peer: { name: `${SCIPY}, arrays in memory`, values: scipy.seconds },
    },
    { id: `drift.parquet.${size}.rss`, unit: 'MB', ours: [parquet.rssMb] },
  ];
  const notes = [
    `${rows} rows a side, ${features} float32 features; every KS statistic and PSI of all three arms equal to ${TOLERANCE}, else no time is reported.`,
    `Times SciPy's: one thread ${times(scipy.seconds, inline.seconds)}, two threads ${times(scipy.seconds, threads.seconds)}, ` +
      `Parquet to verdict ${times(scipy.seconds, parquet.seconds)}. The second thread: ${times(inline.seconds, threads.seconds)}.`,
    'whole: two unsorted tables in memory, nothing prepared. The two threads are kept, as a worker keeps them; starting them costs about 0.05 s, and code that is not yet compiled some 0.1 s once.',
    `parquet: reading both files (as pandas writes them), KS, PSI, Benjamini–Hochberg and the verdict in a process of its own (${Math.round(parquet.rssMb)} MB at most); SciPy's time holds no reading.`,
  ];
  if (peers) {
    for (const found of await peerRuns(python, file)) {
      drafts.push(
        {
          id: `drift.parquet.${size}.${found.id}`,
          unit: 's',
          ours: parquet.seconds,
          peer: { name: found.name, values: [found.seconds] },
        },
        {
          id: `drift.parquet.${size}.${found.id}.rss`,
          unit: 'MB',
          ours: [parquet.rssMb],
          peer: { name: found.name, values: [found.rssMb] },
        },
      );
      notes.push(
        `${found.name}: ${found.seconds.toFixed(1)} s, ${Math.round(found.rssMb)} MB, ${times([found.seconds], parquet.seconds)} our time from the same files (one run).`,
      );
    }
  }
  printReport('bench:drift', describeMachine(), drafts.map(metricOf), notes);
});

async function compare(
  reference: Frame,
  current: Frame,
  options: { readonly inlineBelow: number; readonly pool?: ColumnThreads },
): Promise<readonly ColumnResult[]> {
  return compareColumnsInThreads(reference, current, TESTS, options);
}

const figuresOf = (results: readonly ColumnResult[]): Figures => ({
  ks: results.map((column) => column.results[0]?.statistic ?? NaN),
  psi: results.map((column) => column.results[1]?.statistic ?? NaN),
});

const times = (peer: readonly number[], ours: readonly number[]): string =>
  `${(quantile(peer, 0.5) / quantile(ours, 0.5)).toFixed(1)}×`;

interface Timed<T> {
  value: T;
  readonly seconds: number[];
}

/** Both arms a round, so that what else the machine does falls on both. */
async function inTurn<T>(
  rounds: number,
  arms: readonly [() => Promise<T>, () => Promise<T>],
): Promise<readonly [Timed<T>, Timed<T>]> {
  const [first, second] = arms;
  // warm: both sides are measured hot
  const timed: readonly [Timed<T>, Timed<T>] = [
    { value: await first(), seconds: [] },
    { value: await second(), seconds: [] },
  ];
  for (let round = 0; round < rounds; round++) {
    for (const [i, arm] of timed.entries()) {
      const begun = performance.now();
      arm.value = await arms[i]!();
      arm.seconds.push((performance.now() - begun) / 1000);
    }
  }
  return timed;
}

async function peerRuns(
  base: string,
  file: (name: string) => string,
): Promise<readonly (PeerRun & { readonly id: string; readonly name: string })[]> {
  const files = [file('reference.parquet'), file('current.parquet')];
  const runs: (PeerRun & { readonly id: string; readonly name: string })[] = [];
  for (const [environment, id, name, ...rest] of [
    ['evidently', 'evidently_ks', 'Evidently DataDriftPreset, KS', 'ks'],
    ['evidently', 'evidently', 'Evidently DataDriftPreset, its own choice', 'default'],
    ['nannyml', 'nannyml', 'NannyML UnivariateDriftCalculator, KS'],
  ] as const) {
    const python = await peerPython(environment, base);
    progress(name);
    try {
      const found = JSON.parse(await script(python, `${environment}_drift.py`, ...files, ...rest)) as PeerRun;
      runs.push({ ...found, id, name });
    } catch (error) {
      // Out of memory, say: the other figures stand without it.
      progress(`${name} failed: ${(error as Error).message}`);
    }
  }
  return runs;
}

/** A script of bench/peers; its last line. */
function script(python: string, name: string, ...args: readonly (string | number)[]): Promise<string> {
  return output(python, [join(projectRoot(), 'bench', 'peers', name), ...args.map(String)]);
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, [...args], { maxBuffer: 2 ** 26 });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

/** A faster way to other numbers is not faster. */
function agree(what: string, ours: Figures, peer: Figures): void {
  for (const name of ['ks', 'psi'] as const) {
    peer[name].forEach((theirs, f) => {
      const own = ours[name][f] ?? NaN;
      if (!(Math.abs(own - theirs) <= TOLERANCE)) {
        throw new Error(`${what}: ${name} of feature ${f} is ${own} here and ${theirs} in SciPy`);
      }
    });
  }
}
