import { clusterBootstrapInterval } from '../../../core/gate/cluster-bootstrap';
import { clusterStatistic, everyRowAlone, groupClusters } from '../../../core/gate/cluster-statistic';
import { Sfc32 } from '../../../core/gate/sfc32';
import type { LabelledRows } from '../../../core/performance/labelled-rows';
import { metricsOf } from '../../../core/performance/metrics-of-rows';

const options = { resamples: 4000, confidence: 0.95, seed: 11 };

describe('sfc32', () => {
  test('follows its published step: three outputs after seeding, computed with big integers', () => {
    const mask = 0xffffffffn;
    let [a, b, c, counter] = [0n, 42n, 0n, 1n];
    const step = (): bigint => {
      const t = (a + b + counter) & mask;
      counter = (counter + 1n) & mask;
      a = b ^ (b >> 9n);
      b = (c + ((c << 3n) & mask)) & mask;
      c = ((((c << 21n) | (c >> 11n)) & mask) + t) & mask;
      return t;
    };
    for (let i = 0; i < 12; i++) step();
    const ours = new Sfc32(42);
    expect([1, 2, 3].map(() => ours.nextUint32())).toEqual([step(), step(), step()].map(Number));
  });

  test('100,000 draws below 10 fall into each of ten cells within 5 standard deviations', () => {
    const random = new Sfc32(1);
    const cells = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) cells[random.below(10)]!++;
    const deviation = Math.sqrt(100_000 * 0.1 * 0.9);
    expect(Math.max(...cells.map((n) => Math.abs(n - 10_000)))).toBeLessThan(5 * deviation);
  });
});

describe('cluster bootstrap', () => {
  const random = new Sfc32(3);
  const noise = Array.from({ length: 400 }, () => random.nextUint32() / 2 ** 32);
  const mean: LabelledRows = { task: 'regression', truth: noise.map(() => 0), score: noise };

  test('rows alone: the interval of a mean of 400 uniforms is near the normal one', () => {
    const statistic = clusterStatistic('mae', mean, everyRowAlone(400))!;
    const interval = clusterBootstrapInterval(statistic, 400, options)!;
    const average = noise.reduce((s, v) => s + v, 0) / 400;
    const deviation = Math.sqrt(noise.reduce((s, v) => s + (v - average) ** 2, 0) / 400 / 400);
    expect(Math.abs(interval.low - (average - 1.96 * deviation))).toBeLessThan(0.15 * deviation);
    expect(Math.abs(interval.high - (average + 1.96 * deviation))).toBeLessThan(0.15 * deviation);
  });

  test('20 copies of each of 20 rows, clustered, give the interval of 20 rows and not of 400', () => {
    const score = Array.from({ length: 400 }, (_, i) => noise[i % 20]!);
    const copies: LabelledRows = { task: 'regression', truth: score.map(() => 0), score };
    const clusters = groupClusters(score.map((_, i) => `c${i % 20}`));
    const twenty: LabelledRows = {
      task: 'regression',
      truth: score.slice(0, 20).map(() => 0),
      score: score.slice(0, 20),
    };
    const clustered = clusterBootstrapInterval(clusterStatistic('mae', copies, clusters)!, 20, options)!;
    const alone = clusterBootstrapInterval(clusterStatistic('mae', twenty, everyRowAlone(20))!, 20, options)!;
    expect(clustered.low).toBeCloseTo(alone.low, 10);
    expect(clustered.high).toBeCloseTo(alone.high, 10);
  });

  test('a cluster statistic at weights of 1 is the metric itself, for every metric of every task', () => {
    const truth = noise.map((v, i) => (v + i / 400) % 1 > 0.6);
    const tied = noise.map((v) => Math.round(v * 20) / 20);
    const sets: LabelledRows[] = [
      { task: 'binary', truth, score: tied, answer: tied.map((v) => v >= 0.5) },
      { task: 'regression', truth: noise, score: tied },
    ];
    const clusters = groupClusters(noise.map((_, i) => String(i % 14)));
    let compared = 0;
    for (const rows of sets) {
      for (const metric of metricsOf(rows)) {
        expect(clusterStatistic(metric.name, rows, clusters)!(new Uint32Array(14).fill(1))).toBeCloseTo(
          metric.value,
          12,
        );
        compared++;
      }
    }
    expect(compared).toBe(13);
  });

  test('weights of 2, 0 and 1 equal rows repeated, left out and kept (AUC, F1, RMSE)', () => {
    const truth = [true, false, true, false, true, false];
    const score = [0.9, 0.4, 0.3, 0.6, 0.6, 0.1];
    const binary = (index: number[]): LabelledRows => ({
      task: 'binary',
      truth: index.map((i) => truth[i]!),
      score: index.map((i) => score[i]!),
      answer: index.map((i) => score[i]! >= 0.5),
    });
    const whole = binary([0, 1, 2, 3, 4, 5]);
    const repeated = metricsOf(binary([0, 1, 0, 1, 4, 5]));
    const clusters = groupClusters(['a', 'a', 'b', 'b', 'c', 'c']);
    for (const name of ['auc', 'f1', 'logLoss'] as const) {
      const expected = repeated.find((m) => m.name === name)!.value;
      expect(clusterStatistic(name, whole, clusters)!([2, 0, 1])).toBeCloseTo(expected, 12);
    }
  });

  test('one cluster gives no interval, and a statistic undefined in more than 1 % of the resamples neither', () => {
    expect(clusterBootstrapInterval(() => 1, 1, options)).toBeNull();
    expect(clusterBootstrapInterval((w) => (w[0] === 0 ? NaN : 1), 5, options)).toBeNull();
  });
});
