import { compareFrames, type CompareOptions } from '../../../core/compare';
import { runNumericMethod } from '../../../core/drift/methods';
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../core/frame';
import { COMPARE_PRESETS, compareRuleOf } from '../../../policy';
import { frameOfSpecs, type ColumnSpec } from './generated-frames';

const rule = compareRuleOf('default');
const side = (seed: number, shift: number) => ({ seed, shape: 'uniform' as const, scale: 1, shift });
const column = (name: string, shift: number): ColumnSpec => ({
  name,
  kind: 'number',
  reference: side(name.length, 0),
  current: side(name.length + 77, shift),
});
const frames = (shifts: Readonly<Record<string, number>>, n = 1000, m = 800): readonly [Frame, Frame] => {
  const specs = Object.entries(shifts).map(([name, shift]) => column(name, shift));
  return [frameOfSpecs(n, specs, 'reference'), frameOfSpecs(m, specs, 'current')];
};
const frame = (columns: Readonly<Record<string, FrameColumn>>, rows: number): Frame => ({
  rows,
  columns: new Map(Object.entries(columns)),
});
const compare = (pair: readonly [Frame, Frame], options: Partial<CompareOptions> = {}) =>
  compareFrames(pair[0], pair[1], { rule, ...options });

describe('compareFrames, preset default', () => {
  it('finds 2 of 4 shifted columns, ranks them first and calls the data drifted', () => {
    const result = compare(frames({ a: 0, bb: 0.5, ccc: 0, dddd: 0.3 }));
    expect(result.features.map((f) => [f.name, f.verdict])).toEqual([
      ['bb', 'drift'],
      ['dddd', 'drift'],
      ['ccc', 'ok'],
      ['a', 'ok'],
    ]);
    expect(result).toMatchObject({
      reference: { rows: 1000 },
      current: { rows: 800 },
      dataset: { verdict: 'drift', driftedShare: 0.5 },
    });
  });

  it('needs effect and p: 100,000 rows of 0.01 shift have p below 1e-4 and no drift', () => {
    const [feature] = compare(frames({ a: 0.012 }, 100_000, 100_000)).features;
    expect(feature?.pValue).toBeLessThan(1e-4);
    expect(feature?.verdict).toBe('ok');
  });

  it('runs 3 methods that were asked for, first and in their order, with full precision', () => {
    const pair = frames({ a: 0.1 });
    const [feature] = compare(pair, { methods: ['wasserstein', 'cvm', 'ks'] }).features;
    expect(feature?.tests.map((t) => t.method)).toEqual(['wasserstein', 'cvm', 'ks', 'psi']);
    const values = pair.map((f) => (f.columns.get('a') as { values: Float64Array }).values);
    expect(feature?.tests[1]).toMatchObject(runNumericMethod('cvm', values[0]!, values[1]!));
    expect(feature?.tests[3]).toMatchObject({ threshold: 0.2, drifted: expect.any(Boolean) });
  });

  it('says insufficient for 50 rows on either side, never noDrift', () => {
    expect(compare(frames({ a: 0 }, 50, 5000)).dataset.verdict).toBe('insufficient');
    expect(compare(frames({ a: 0 }, 5000, 50)).dataset.verdict).toBe('insufficient');
  });

  it('says insufficient for tables without rows, without columns, and without common columns', () => {
    const empty = frame({ a: numberColumn([]) }, 0);
    expect(compare([empty, empty]).dataset).toMatchObject({ verdict: 'insufficient' });
    expect(compare([frame({}, 3), frame({}, 3)]).dataset).toMatchObject({
      verdict: 'insufficient',
      driftedShare: null,
    });
    const other = compare([frames({ amount: 0 })[0], frames({ Amount: 0 })[1]]);
    expect(other.dataset.verdict).toBe('insufficient');
    expect(other.notCompared[0]).toEqual({
      name: 'amount',
      why: 'only the reference has it',
      probableRename: 'Amount',
    });
  });

  it('does not call 2 quiet columns "no drift" when a third one has vanished: it warns and names it', () => {
    const [reference, current] = frames({ a: 0, bb: 0, ccc: 0 });
    const without: Frame = {
      rows: current.rows,
      columns: new Map([...current.columns].filter(([name]) => name !== 'ccc')),
    };
    expect(compare([reference, without]).dataset).toMatchObject({
      verdict: 'warn',
      reasons: [expect.anything(), { code: 'compare.vanished', expected: 'ccc' }],
    });
    expect(compare([reference, without], { columns: ['a', 'bb'] }).dataset.verdict).toBe('noDrift');
  });

  it('calls a column of numbers here and text there insufficient, and says where the text is', () => {
    const numbers = frame({ x: numberColumn(Array.from({ length: 500 }, (_, i) => i)) }, 500);
    const text = frame({ x: stringColumn(Array.from({ length: 500 }, (_, i) => `v${i % 3}`)) }, 500);
    const result = compare([numbers, text]);
    expect(result.features[0]).toMatchObject({ verdict: 'insufficient', tests: [] });
    expect(result.features[0]?.reason.text).toContain('text in the current table');
    const asNames = compare([numbers, text], { kinds: { x: 'string' } });
    expect(asNames.features[0]).toMatchObject({ kind: 'string', verdict: 'drift' });
  });

  it('leaves 100 missing and infinite values out and counts them', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i % 8 === 0 ? NaN : i % 8 === 1 ? Infinity : i));
    const f = frame({ x: numberColumn(values) }, 400);
    expect(compare([f, f]).features[0]).toMatchObject({
      reference: { values: 300, nulls: 100 },
      effect: 0,
      verdict: 'ok',
    });
  });

  it('weighs the share: one of 3 features with 80 % of the weight drifted', () => {
    const pair = frames({ a: 0, bb: 0.5, ccc: 0 });
    const weights = { a: 1, bb: 8, ccc: 1 };
    expect(compare(pair, { weights }).dataset).toMatchObject({ verdict: 'drift', driftedShare: 0.8 });
    expect(compare(pair).dataset.verdict).toBe('drift');
    expect(compare(pair, { weights: { a: 1, bb: 0, ccc: 1 } }).dataset.driftedShare).toBe(0);
  });

  it('does not take 400 copies of 30 clusters for evidence when it knows the clusters', () => {
    const make = (seed: number, clusters: number): Frame => {
      const specs: ColumnSpec[] = [{ name: 'v', kind: 'number', reference: side(seed, 0), current: side(seed, 0) }];
      const level = (frameOfSpecs(clusters, specs, 'reference').columns.get('v') as { values: Float64Array }).values;
      const rows = clusters * 40;
      const at = (i: number): number => Math.floor(i / 40);
      return frame(
        {
          x: numberColumn(Array.from({ length: rows }, (_, i) => level[at(i)]!)),
          hour: stringColumn(Array.from({ length: rows }, (_, i) => `h${at(i)}`)),
        },
        rows,
      );
    };
    const pair = [make(1, 60), make(2, 30)] as const;
    expect(compare(pair, { columns: ['x'] }).features[0]?.pValue).toBeLessThan(1e-6);
    const clustered = compare(pair, { clusterBy: 'hour' }).features[0];
    expect(clustered?.pValue).toBeGreaterThan(0.01);
    expect(clustered?.reason.text).toContain('design effect');
  });

  it.each([
    [{ columns: ['nope'] }, 'RATCHET_COLUMN_MISSING'],
    [{ clusterBy: 'nope' }, 'RATCHET_COLUMN_MISSING'],
    [{ methods: ['magic' as never] }, 'RATCHET_INPUT_INVALID'],
  ])('refuses %j with %s and says what is there', (options, code) => {
    expect(() => compare(frames({ a: 0 }), options)).toThrow(expect.objectContaining({ code }));
  });
});

it.each(COMPARE_PRESETS)('preset %s: identical tables do not drift, tables 3 scales apart do', (preset) => {
  const options = { rule: compareRuleOf(preset) };
  expect(compare(frames({ a: 0, bb: 0, ccc: 0 }, 600, 600), options).dataset.verdict).toBe('noDrift');
  expect(compare(frames({ a: 3, bb: 3, ccc: 3 }, 600, 600), options).dataset.verdict).toBe('drift');
});
