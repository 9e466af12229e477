import {
  compareMultivariate,
  fitPca,
  judgeReconstruction,
  reconstructionError,
  symmetricEigen,
} from '../../../../core/drift/multivariate';
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../../core/frame';
import goldens from '../../../golden/multivariate-goldens.json';

type Cells = readonly (number | string | null)[];

function frameOfCells(columns: Readonly<Record<string, Cells>>): Frame {
  const entries = Object.entries(columns).map(([name, cells]): [string, FrameColumn] => [
    name,
    cells.some((cell) => typeof cell === 'string')
      ? stringColumn(cells as (string | null)[])
      : numberColumn(cells as (number | null)[]),
  ]);
  return { rows: Object.values(columns)[0]?.length ?? 0, columns: new Map(entries) };
}

const specsOf = (frame: Frame) => [...frame.columns].map(([name, { kind }]) => ({ name, kind }));
/** Numbers that repeat: a linear congruential generator, Box–Muller. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => ((state = (state * 1664525 + 1013904223) % 2 ** 32) + 0.5) / 2 ** 32;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
function pair(rows: number, slope: number, seed: number): Frame {
  const next = normals(seed);
  const x = Array.from({ length: rows }, next);
  return frameOfCells({ x, y: x.map((v) => slope * v + 0.1 * next()), z: x.map(() => next()) });
}

describe(`NannyML ${goldens.versions.nannyml}`, () => {
  it.each(goldens.reconstruction)('$name: fit, band and error equal to 1e-9', (golden) => {
    const reference = frameOfCells(golden.reference);
    const current = frameOfCells(golden.current);
    const fit = fitPca(reference, specsOf(reference), { variance: golden.variance, band: 'inSample' });
    expect(fit.components).toHaveLength(golden.components);
    expect(Math.abs(fit.explained - golden.explained)).toBeLessThan(1e-9);
    golden.chunks.forEach((error, i) => expect(Math.abs(fit.reference.chunks[i]! - error)).toBeLessThan(1e-9));
    expect(Math.abs(fit.reference.low - golden.low)).toBeLessThan(1e-9);
    expect(Math.abs(fit.reference.high - golden.high)).toBeLessThan(1e-9);
    const error = reconstructionError(JSON.parse(JSON.stringify(fit)) as typeof fit, current);
    expect(Math.abs(error.mean! - golden.mean)).toBeLessThan(1e-9);
    expect(Math.abs(error.standardError! - golden.standardError)).toBeLessThan(1e-9);
    expect(judgeReconstruction(fit, error).verdict).toBe(golden.alert ? 'drift' : 'ok');
  });
});

it('a chunk left out has a larger error than one that the components were fitted to', () => {
  const golden = goldens.reconstruction[2]!;
  const reference = frameOfCells(golden.reference);
  const apart = fitPca(reference, specsOf(reference));
  const within = fitPca(reference, specsOf(reference), { band: 'inSample' });
  expect(apart.reference.mean).toBeGreaterThan(within.reference.mean);
  expect(apart.components).toEqual(within.components);
});

it('a chunk left out is judged as by a fit of the nine others', () => {
  const all = pair(1000, 1, 5);
  const part = (from: number, to: number, keep: boolean): Frame => ({
    rows: keep ? to - from : 1000 - (to - from),
    columns: new Map(
      [...all.columns].map(([name, column]) => {
        const values = [...(column as { values: Float64Array }).values];
        return [name, numberColumn(values.filter((_, i) => (i >= from && i < to) === keep))];
      }),
    ),
  });
  const fit = fitPca(all, specsOf(all));
  const others = fitPca(part(300, 400, false), specsOf(all));
  expect(Math.abs(fit.reference.chunks[3]! - reconstructionError(others, part(300, 400, true)).mean!)).toBeLessThan(
    1e-9,
  );
});

describe('numpy.linalg.eigh', () => {
  it.each(goldens.eigen)('$name: values to 1e-12 of the largest, the same axes', ({ n, matrix, values, vectors }) => {
    const found = symmetricEigen(matrix, n);
    const largest = Math.max(...values.map(Math.abs));
    values.forEach((value, k) => {
      expect(Math.abs(found.values[k]! - value)).toBeLessThanOrEqual(1e-12 * largest);
      const gap = Math.min(...values.filter((_, i) => i !== k).map((other) => Math.abs(other - value)), Infinity);
      // Axes of (nearly) equal values are any axes of their plane.
      if (gap < 1e-6 * largest) return;
      const along = vectors[k]!.reduce((sum, v, i) => sum + v * found.vectors[k]![i]!, 0);
      expect(Math.abs(Math.abs(along) - 1)).toBeLessThan(1e-9);
    });
  });

  it('of a 200 x 200 matrix A v = λ v holds to 1e-11', () => {
    const next = normals(3);
    const n = 200;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) matrix[i * n + j] = matrix[j * n + i] = next();
    const { values, vectors } = symmetricEigen(matrix, n);
    for (const k of [0, 57, 199]) {
      const worst = Array.from({ length: n }, (_, i) => {
        let image = 0;
        for (let j = 0; j < n; j++) image += matrix[i * n + j]! * vectors[k]![j]!;
        return Math.abs(image - values[k]! * vectors[k]![i]!);
      });
      expect(Math.max(...worst)).toBeLessThan(1e-11);
    }
  });
});

describe('compareMultivariate', () => {
  it('sees a relation that turned round while each column alone stays as it was', () => {
    const result = compareMultivariate(pair(4000, 1, 1), pair(1000, -1, 2), { variance: 0.5 });
    expect(result.verdict).toBe('drift');
    expect(['x', 'y']).toContain(result.features[0]!.name);
    expect(result.error!.mean!).toBeGreaterThan(result.band!.high);
  });

  it('finds nothing between two samples of one source', () => {
    expect(compareMultivariate(pair(4000, 1, 1), pair(1000, 1, 2), { variance: 0.5 }).verdict).toBe('ok');
  });

  it.each([
    ['199 current rows', pair(4000, 1, 1), pair(199, 1, 2), 'multivariate.rows'],
    ['no current rows', pair(4000, 1, 1), pair(0, 1, 2), 'multivariate.rows'],
    ['no reference rows', pair(0, 1, 1), pair(400, 1, 2), 'multivariate.columns'],
    ['19 reference rows', pair(19, 1, 1), pair(400, 1, 2), 'multivariate.rows'],
    [
      'a column that is text now',
      frameOfCells({ x: Array.from({ length: 300 }, (_, i) => i) }),
      frameOfCells({ x: Array.from({ length: 300 }, String) }),
      'multivariate.columns',
    ],
    [
      'one feature',
      frameOfCells({ x: Array.from({ length: 300 }, (_, i) => i % 7) }),
      frameOfCells({ x: Array.from({ length: 300 }, (_, i) => i % 7) }),
      'multivariate.rank',
    ],
    [
      'a feature that is missing now in 151 of 300 rows',
      pair(4000, 1, 1),
      {
        rows: 300,
        columns: new Map([...pair(300, 1, 2).columns]).set(
          'y',
          numberColumn(Array.from({ length: 300 }, (_, i) => (i <= 150 ? null : 0.1))),
        ),
      },
      'multivariate.missing',
    ],
  ] as const)('%s: insufficient', (_, reference, current, code) => {
    const result = compareMultivariate(reference, current, { variance: 0.5 });
    expect([result.verdict, result.reason.code]).toEqual(['insufficient', code]);
  });

  it('an error outside the band that the rows cannot tell from chance is insufficient', () => {
    const fit = fitPca(pair(4000, 1, 1), specsOf(pair(1, 1, 1)), { variance: 0.5 });
    const error = { ...reconstructionError(fit, pair(300, 1, 2)), mean: fit.reference.high + 0.01, standardError: 1 };
    expect(judgeReconstruction(fit, error)).toMatchObject({
      verdict: 'insufficient',
      reason: { code: 'multivariate.noise' },
    });
  });

  it('a category named __proto__ is a category', () => {
    const names = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? '__proto__' : 'constructor'));
    const frame = frameOfCells({ names, x: names.map((n, i) => n.length + (i % 5)), y: names.map((_, i) => i % 4) });
    const fit = fitPca(frame, specsOf(frame));
    expect(fit.features[0]).toMatchObject({
      fill: 'constructor',
      shares: [
        ['constructor', 2 / 3],
        ['__proto__', 1 / 3],
      ],
    });
    expect(reconstructionError(fit, frame).mean).toBeGreaterThan(0);
  });

  it('names the columns that it left out', () => {
    const result = compareMultivariate(
      {
        rows: 300,
        columns: new Map([...pair(300, 1, 1).columns, ['old', numberColumn(new Array<null>(300).fill(null))]]),
      },
      {
        rows: 300,
        columns: new Map([
          ...pair(300, 1, 2).columns,
          ['old', numberColumn(new Array<number>(300).fill(1))],
          ['new', numberColumn(new Array<number>(300).fill(1))],
        ]),
      },
    );
    expect(result.leftOut).toEqual([
      { name: 'new', why: 'only the current table has it' },
      { name: 'old', why: 'the reference has no value of it' },
    ]);
  });

  it.each([
    [{ variance: 0 }, 'RATCHET_INPUT_INVALID'],
    [{ variance: Number.NaN }, 'RATCHET_INPUT_INVALID'],
    [{ chunks: 1 }, 'RATCHET_INPUT_INVALID'],
    [{ minimumRows: Number.NaN }, 'RATCHET_INPUT_INVALID'],
    [{ columns: ['w'] }, 'RATCHET_COLUMN_MISSING'],
  ])('%j is refused with %s', (options, code) => {
    expect(() => compareMultivariate(pair(300, 1, 1), pair(300, 1, 2), options)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
