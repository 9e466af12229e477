import { readCsvFile } from '../../adapters/csv';
import { checkFrame } from '../../core/quality';
import { parseExpectations } from '../../policy/expectations';
import { qualityDocument } from '../../policy/result-schemas';
import { csvOf, fileOf, range, ratchet } from './command-line';

const ages = () =>
  csvOf('ages.csv', { id: ['p1', 'p2', 'p3', 'p4'], age: [20, 130, 40, -1], plan: ['a', 'b', 'a', 'b'] });
const RULES = [{ expectation: 'expect_column_values_to_be_between', column: 'age', min_value: 0, max_value: 120 }];
const rules = (list: unknown = RULES) => fileOf('rules.json', JSON.stringify(list));

async function checked(...argv: readonly string[]) {
  const { out, err } = await ratchet('quality', ...argv, '--json');
  expect(err).toBe('');
  return qualityDocument.parse(JSON.parse(out));
}

describe('ratchet quality', () => {
  it('exits 3 and names the 2 rows that break a rule by their keys', async () => {
    // That the key exists is the second expectation.
    const { code, out } = await ratchet('quality', ages(), '--expectations', rules(), '--key', 'id');
    expect(code).toBe(3);
    expect(out.split('\n')[0]).toBe('failed: 1 of 2 expectations hold, 1 broken, 0 warnings, 4 rows');
    expect(out).toMatch(/fail +expectation +age +2 .*first: p2, p4/);
    const report = await checked(ages(), '--expectations', rules(), '--key', 'id');
    expect(report.issues[0]).toMatchObject({ code: 'quality.expectation', count: 2, rows: [1, 3], keys: ['p2', 'p4'] });
  });

  it('prints what the engine says', async () => {
    const engine = checkFrame(await readCsvFile(ages()), parseExpectations(RULES), { key: 'id' });
    expect(await checked(ages(), '--expectations', rules(), '--key', 'id')).toEqual(engine);
  });

  it('exits 0 when half of the rows are enough (mostly 0.5), and takes YAML and a GX suite alike', async () => {
    expect((await ratchet('quality', ages(), '--expectations', rules([{ ...RULES[0], mostly: 0.5 }]))).code).toBe(0);
    const yaml = fileOf('rules.yaml', '- expectation: expect_column_to_exist\n  column: age\n');
    expect((await ratchet('quality', ages(), '--expectations', yaml)).code).toBe(0);
    const suite = { name: 'ages', expectations: [{ type: 'expect_column_to_exist', kwargs: { column: 'weight' } }] };
    expect((await ratchet('quality', ages(), '--expectations', rules(suite))).code).toBe(3);
  });

  it('exits 3 when a column of the reference is gone', async () => {
    const before = csvOf('before.csv', { a: range(300), b: range(300) });
    const now = csvOf('now.csv', { a: range(300) });
    const report = await checked(now, '--reference', before);
    expect(report.verdict).toBe('fail');
    expect(report.issues[0]).toMatchObject({ code: 'quality.missingColumn', feature: 'b' });
    expect((await ratchet('quality', before, '--reference', before)).code).toBe(0);
  });

  it('never says fine of a header without rows', async () => {
    const empty = fileOf('header.csv', 'id,age\n');
    const { code } = await ratchet('quality', empty, '--expectations', rules());
    expect([3, 4]).toContain(code);
  });

  it.each([
    ['nothing to check against', [], 'nothing to check against'],
    ['rules that are not there', ['--expectations', '/nowhere/rules.yaml'], 'it does not exist'],
    ['a target that is not there', ['--reference', '@', '--target', 'y'], 'has no column "y"; there are id, age, plan'],
    ['a key that is not there', ['--reference', '@', '--key', 'k'], 'has no column "k"'],
    ['a reference that is not there', ['--reference', '/nowhere/before.csv'], 'cannot read /nowhere/before.csv'],
  ])('exits 2 for %s', async (_, argv, text) => {
    const { code, out, err } = await ratchet('quality', ages(), ...argv.map((word) => (word === '@' ? ages() : word)));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(text);
  });

  it('exits 2 for an unknown expectation with the nearest name, and for an empty list', async () => {
    const unknown = rules([{ expectation: 'expect_column_values_between', column: 'age' }]);
    expect(await ratchet('quality', ages(), '--expectations', unknown)).toMatchObject({
      code: 2,
      err: expect.stringContaining('expect_column_values_to_be_between'),
    });
    expect((await ratchet('quality', ages(), '--expectations', rules([]))).code).toBe(2);
  });
});
