/** Mean of the values so far: m ← m + (x − m)/n, the incremental form, in the order of operations that river uses. */
export interface RunningMean {
  n: number;
  mean: number;
}

export const emptyMean = (): RunningMean => ({ n: 0, mean: 0 });

export function addToMean(running: RunningMean, value: number): void {
  running.n += 1;
  running.mean += (1 / running.n) * (value - running.mean);
}
