/** What SciPy answered for two-sample statistics (make-scipy-drift-goldens.py), and the samples, remade to the last bit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Pair = readonly [statistic: number | null, p: number | null];
type Test = readonly [statistic: number, p: number];

export interface NumericCase {
  readonly kind: string;
  readonly seed: number;
  readonly n: number;
  readonly m: number;
  readonly shift: number;
  /** Last value of the first sample as Python made it. */
  readonly check: number;
  readonly ks: Test;
  readonly mannwhitney: Test;
  readonly less: number;
  readonly cvm?: Test;
  readonly welch?: Pair;
  readonly anderson?: Test;
  readonly t?: Pair;
  readonly energy: number;
  readonly wasserstein: number;
  readonly normed: number;
  readonly psi: number;
  readonly kl: number;
  readonly js: number;
  readonly hellinger: number;
  readonly quantilePsi: number;
}

export interface CategoricalCase {
  readonly reference: readonly number[];
  readonly current: readonly number[];
  readonly chisquare?: Test;
  readonly g?: Test;
  readonly z: Test;
  readonly tvd: number;
  readonly linf: number;
  readonly js: number;
  readonly hellinger: number;
  readonly psi: number;
  readonly kl: number;
}

export interface DriftGoldens {
  readonly versions: Readonly<Record<'scipy' | 'numpy', string>>;
  readonly numeric: readonly NumericCase[];
  readonly categorical: readonly CategoricalCase[];
  readonly fisher: readonly {
    table: [number, number, number, number];
    oddsRatio: number | null;
    p: number;
  }[];
  readonly studentTail: readonly { t: number; df: number; p: number }[];
  readonly cramerVonMisesTail: readonly { x: number; p: number }[];
}

export const driftGoldens = JSON.parse(
  readFileSync(join(__dirname, 'scipy-drift-goldens.json'), 'utf8'),
) as DriftGoldens;

/** Uniform in [0, 1): a linear congruential generator modulo 2^32. */
function lcg(seed: number, n: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: n }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 4294967296;
  });
}

function sample(kind: string, seed: number, n: number, shift: number): Float64Array {
  if (kind === 'bell') {
    const u = lcg(seed, 4 * n);
    return Float64Array.from(
      { length: n },
      (_, i) => u[4 * i]! + u[4 * i + 1]! + u[4 * i + 2]! + u[4 * i + 3]! - 2 + shift,
    );
  }
  const map = MAPS[kind];
  if (map === undefined) throw new Error(`no recipe "${kind}"`);
  return lcg(seed, n).map((u) => map(u, shift));
}

const MAPS: Readonly<Record<string, (u: number, shift: number) => number>> = {
  uniform: (u, shift) => u + shift,
  skewed: (u, shift) => u / (1.0001 - u) + shift,
  offset: (u, shift) => 1000 + u + shift,
  tenths: (u, shift) => Math.floor((u + shift) * 10) / 10,
  'wide integers': (u, shift) => Math.floor(u * 60 + shift * 10),
  'five values': (u, shift) => Math.floor(u * 5 + shift),
  binary: (u, shift) => Math.floor(u + 0.4 + shift * 0.3),
};

export const samplesOf = ({ kind, seed, n, m, shift }: NumericCase): readonly [Float64Array, Float64Array] => [
  sample(kind, seed, n, 0),
  sample(kind, seed + 7919, m, shift),
];
