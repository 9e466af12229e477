import { readFileSync } from 'node:fs';
import { compareFrames, type Comparison } from '../../core/compare';
import { readCsvFile } from '../../adapters/csv';
import { compareRuleOf, COMPARE_PRESETS } from '../../policy';
import { comparisonDocument } from '../../policy/result-schemas';
import { csvOf, fileOf, range, ratchet } from './command-line';

const letters = (a: number, b: number): readonly string[] => [
  ...Array.from({ length: a }, () => 'a'),
  ...Array.from({ length: b }, () => 'b'),
];

/** 400 rows: `x` moves by half its range, `same` not at all, `letter` from 50:50 to 75:25. */
const reference = () => csvOf('reference.csv', { x: range(400), same: range(400), letter: letters(200, 200) });
const current = () => csvOf('current.csv', { x: range(400, 200), same: range(400), letter: letters(300, 100) });

async function compared(...argv: readonly string[]): Promise<Comparison> {
  const { out, err } = await ratchet('compare', ...argv, '--json');
  expect(err).toBe('');
  return comparisonDocument.parse(JSON.parse(out));
}

const testsOf = (comparison: Comparison, name: string) =>
  Object.fromEntries(comparison.features.find((f) => f.name === name)!.tests.map((t) => [t.method, t]));

describe('ratchet compare', () => {
  it('prints the figures that 400 rows shifted by half their range have by hand: KS 0.5, Wasserstein 200/sd, TVD 0.25', async () => {
    const comparison = await compared(reference(), current(), '--methods', 'ks,wasserstein,tvd,linf');
    const x = testsOf(comparison, 'x');
    expect(x['ks']!.statistic).toBeCloseTo(0.5, 12);
    expect(x['ks']!.pValue).toBeLessThan(1e-40);
    expect(x['wasserstein']!.statistic).toBeCloseTo(200 / Math.sqrt((400 * 400 - 1) / 12), 10);
    const letter = testsOf(comparison, 'letter');
    expect(letter['tvd']!.statistic).toBeCloseTo(0.25, 12);
    expect(letter['linf']!.statistic).toBeCloseTo(0.25, 12);
    expect(testsOf(comparison, 'same')['ks']).toMatchObject({ statistic: 0, pValue: 1 });
  });

  it.each(COMPARE_PRESETS)(
    'prints with --preset %s exactly what the engine says, in full precision',
    async (preset) => {
      const [before, now] = [reference(), current()];
      const engine = compareFrames(await readCsvFile(before), await readCsvFile(now), { rule: compareRuleOf(preset) });
      expect(await compared(before, now, '--preset', preset)).toEqual(engine);
    },
  );

  it('exits 3 for drift, 0 for none, 4 for 5 rows that the preset does not judge', async () => {
    expect((await ratchet('compare', reference(), current(), '--columns', 'x')).code).toBe(3);
    expect((await ratchet('compare', reference(), reference())).code).toBe(0);
    const five = csvOf('five.csv', { x: range(5) });
    expect(await ratchet('compare', five, five)).toMatchObject({
      code: 4,
      out: expect.stringMatching(/^insufficient/),
    });
    expect((await ratchet('compare', five, five, '--min-rows', '5')).code).toBe(0);
  });

  it('says the verdict and its reason first, then the columns, drifted first, aligned', async () => {
    const { out } = await ratchet('compare', reference(), current());
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^drift: 2 of 3 features drifted/);
    expect(lines[1]).toBe('400 rows of reference, 400 current, preset default');
    expect(lines[3]).toMatch(/^column +kind +verdict +adjusted p +/);
    expect(lines[4]).toMatch(/^(x|letter) .* drift /);
    expect(lines[6]).toMatch(/^same +number +ok /);
    const at = lines[3]!.indexOf('verdict');
    expect([4, 5, 6].map((i) => lines[i]!.slice(at, at + 2))).toEqual(['dr', 'dr', 'ok']);
  });

  it('names a column that vanished, and what it is probably called now', async () => {
    const now = csvOf('renamed.csv', { x: range(400), same_: range(400) });
    const { out } = await ratchet('compare', reference(), now);
    expect(out).toContain('same was not compared: only the reference has it, probably now called same_');
    expect(out).toContain('letter was not compared: only the reference has it');
  });

  it('takes numbers as names with --kinds zip=string, and clusters with --cluster-by', async () => {
    const zip = csvOf('zip.csv', {
      zip: range(400).map((i) => i % 4),
      hour: range(400).map((i) => Math.floor(i / 10)),
    });
    const [feature] = (await compared(zip, zip, '--columns', 'zip', '--kinds', 'zip=string')).features;
    expect(feature).toMatchObject({ name: 'zip', kind: 'string' });
    const clustered = await compared(zip, zip, '--cluster-by', 'hour');
    expect(clustered.features.map(({ name }) => name)).toEqual(['zip']);
  });

  it('weighs columns with --weights and --any-top-k', async () => {
    const argv = [reference(), current(), '--weights', 'x=0.8,same=0.1,letter=0.1', '--any-top-k', '1'];
    const { dataset } = await compared(...argv);
    expect(dataset.driftedShare).toBeCloseTo(0.9, 12);
    expect(dataset).toMatchObject({ verdict: 'drift', reasons: [{}, { code: 'compare.importantFeature' }] });
  });

  it.each([
    ['an unknown method', ['--methods', 'ks,foo'], 'there is no method "foo"; there are ks, cvm'],
    ['an unknown preset', ['--preset', 'foo'], 'evidently'],
    ['an unknown column', ['--columns', 'x,nope'], 'has no column "nope"; there are x, same, letter'],
    ['an unknown cluster column', ['--cluster-by', 'nope'], 'it has x, same, letter'],
    ['a kind that is none', ['--kinds', 'x=text'], 'column=number or column=string'],
    ['weights that are no numbers', ['--weights', 'x=much'], 'weights of at least 0'],
    ['an alpha of 5', ['--alpha', '5'], 'between 0 and 1'],
    ['--any-top-k without weights', ['--any-top-k', '1'], '--any-top-k needs --weights'],
    ["another alpha for Evidently's rule", ['--preset', 'evidently', '--alpha', '0.1'], '--alpha does not go with'],
  ])('exits 2 for %s and says what there is', async (_, argv, text) => {
    const { code, out, err } = await ratchet('compare', reference(), current(), ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(text);
  });

  it('writes the page of --html beside the JSON on stdout, and exits 2 where it cannot be written', async () => {
    const page = fileOf('report.html', '');
    await compared(reference(), current(), '--html', page);
    const html = readFileSync(page, 'utf8');
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain('current.csv');
    expect(html.length).toBeLessThan(200_000);
    const lost = await ratchet('compare', reference(), current(), '--html', '/nowhere/report.html');
    expect(lost).toMatchObject({ code: 2, out: '', err: expect.stringContaining('its folder does not exist') });
  });

  it('takes names that hold commas as JSON', async () => {
    const path = csvOf('commas.csv', { '"a,b"': range(200), c: range(200) });
    expect((await compared(path, path, '--columns', '["a,b"]')).features.map(({ name }) => name)).toEqual(['a,b']);
  });

  it('keeps escapes of a terminal in names out of the text', async () => {
    const path = fileOf(
      'escape.csv',
      `\u001b[31mred,x\n${range(200)
        .map((i) => `${i},${i}`)
        .join('\n')}\n`,
    );
    const { out } = await ratchet('compare', path, path);
    expect(out).not.toContain('\u001b');
    expect(out).toContain('[31mred');
  });
});
