/** `npm run bench:growth`: time and memory of the exact statistics and of the routine check against rows and features. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GrowthPoint } from './children/growth-point';
import { describeMachine } from './report/machine';
import { metricOf, quantile, type MetricDraft } from './report/metric';
import { printReport } from './report/print';
import { benchArguments } from './world/arguments';
import { progress, runBench } from './world/run-bench';

const FEATURES = 10;
const ROWS = 10_000;

runBench(async () => {
  const { rounds, rows, features } = benchArguments(
    'npm run bench:growth -- [--quick] [--rows LARGEST] [--features LARGEST] [--rounds N]',
    {
      rows: { full: 10_000_000, quick: 1_000_000 },
      features: { full: 1_000, quick: 100 },
      rounds: { full: 3, quick: 3 },
    },
  );
  const drafts: MetricDraft[] = [];
  const notes: string[] = [];
  for (const { arm, axis, sizes } of [
    { arm: 'exact', axis: 'rows', sizes: powersOfTen(ROWS, rows) },
    { arm: 'routine', axis: 'rows', sizes: powersOfTen(ROWS, rows) },
    { arm: 'exact', axis: 'features', sizes: powersOfTen(FEATURES, features) },
  ] as const) {
    const points: { size: number; seconds: number; rssMb: number }[] = [];
    for (const size of sizes) {
      const [pointRows, pointFeatures] = axis === 'rows' ? [size, FEATURES] : [ROWS, size];
      progress(`${arm}: ${pointRows} rows × ${pointFeatures} features`);
      const found: GrowthPoint[] = [];
      for (let round = 0; round < rounds; round++) found.push(await measure(arm, pointRows, pointFeatures));
      const id = `growth.${arm}.${axis}.${size}`;
      const seconds = found.map((point) => point.seconds);
      const rssMb = found.map((point) => point.rssMb);
      drafts.push({ id: `${id}.time`, unit: 's', ours: seconds }, { id: `${id}.rss`, unit: 'MB', ours: rssMb });
      points.push({ size, seconds: quantile(seconds, 0.5), rssMb: quantile(rssMb, 0.5) });
    }
    const exponents = (['seconds', 'rssMb'] as const).map((of) =>
      exponent(points.map((p) => [p.size, p[of]])).toFixed(2),
    );
    notes.push(
      `${arm} against ${axis}: time grows as ${axis}^${exponents[0]}, memory as ${axis}^${exponents[1]} (least squares of the logarithms).`,
    );
  }
  printReport('bench:growth', describeMachine(), drafts.map(metricOf), [
    ...notes,
    `rows at ${FEATURES} features, features at ${ROWS} rows a side; each point in a process of its own, one thread, cold; memory beyond the empty process, data included.`,
    'exact: KS + PSI of two tables in memory. routine: parts of at most 100000 rows become histograms, are merged and bound KS; the reference is a histogram.',
  ]);
});

async function measure(arm: string, rows: number, features: number): Promise<GrowthPoint> {
  const child = join(__dirname, 'children', 'growth-point.js');
  const { stdout } = await promisify(execFile)(process.execPath, [child, arm, String(rows), String(features)]);
  return JSON.parse(stdout) as GrowthPoint;
}

function powersOfTen(from: number, to: number): readonly number[] {
  return from > to ? [] : [from, ...powersOfTen(from * 10, to)];
}

/** The slope of log y against log x, by least squares. */
function exponent(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: 0 | 1): number => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread;
}
