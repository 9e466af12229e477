/**
 * One point of the growth curves, in a process of its own so that its memory is its own. Arguments: `exact` or `routine`, rows,
 * features. One JSON line.
 *
 * exact: KS + PSI of two tables in memory. routine: the current rows arrive in parts (as hours do), each part becomes a
 * histogram a feature, the histograms are merged and bound KS against the reference's; no part outlives its histogram.
 */
import { compareColumns, ExactWorkspace } from '../../core/drift/exact';
import { buildKeyHistogram, ksBounds, mergeKeyHistograms, type KeyHistogram } from '../../core/drift/exact';
import { floatColumns, normalFrame } from '../world/float-columns';

export interface GrowthPoint {
  /** Of the statistics alone; making the data is not in it. */
  readonly seconds: number;
  /** Largest resident memory beyond that of the process before it had data. */
  readonly rssMb: number;
}

const PART_ROWS = 100_000;

function exact(rows: number, features: number): number {
  const reference = floatColumns(normalFrame(rows, features, 1, 0));
  const current = floatColumns(normalFrame(rows, features, 2, 0.05));
  const workspace = new ExactWorkspace();
  return timed(() => reference.forEach((column, f) => compareColumns(column, current[f]!, { workspace })));
}

function routine(rows: number, features: number): number {
  const reference = floatColumns(normalFrame(PART_ROWS, features, 1, 0)).map(buildKeyHistogram);
  const merged: (KeyHistogram | undefined)[] = new Array<undefined>(features);
  let seconds = 0;
  for (let done = 0, seed = 2; done < rows; done += PART_ROWS, seed++) {
    const part = floatColumns(normalFrame(Math.min(PART_ROWS, rows - done), features, seed, 0.05));
    seconds += timed(() =>
      part.forEach((column, f) => {
        const before = merged[f];
        const histogram = buildKeyHistogram(column);
        merged[f] = before === undefined ? histogram : mergeKeyHistograms([before, histogram]);
      }),
    );
  }
  return seconds + timed(() => reference.forEach((histogram, f) => ksBounds(histogram, merged[f]!)));
}

function timed(work: () => void): number {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
}

function main([arm = 'exact', rows = '10000', features = '10']: readonly string[]): void {
  const before = process.memoryUsage().rss;
  const seconds = (arm === 'routine' ? routine : exact)(Number(rows), Number(features));
  const rssMb = (process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20;
  process.stdout.write(`${JSON.stringify({ seconds, rssMb } satisfies GrowthPoint)}\n`);
}

main(process.argv.slice(2));
