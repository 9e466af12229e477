import { readCsvFile } from '../../adapters/csv';
import { evaluatePredictions } from '../../core/performance';
import { evaluationDocument } from '../../policy/result-schemas';
import { csvOf, ratchet } from './command-line';

/** 3 true positives, 1 false positive, 2 false negatives, 4 true negatives, and 2 rows without truth. */
const TRUTH = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0, null, null];
const SCORE = [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0.1, 0, 0.5, 0.1];
const binary = () => csvOf('binary.csv', { truth: TRUTH, score: SCORE, plan: TRUTH.map((_, i) => 'ab'[i % 2]!) });

async function evaluated(...argv: readonly string[]) {
  const { out, err } = await ratchet('evaluate', ...argv, '--json');
  expect(err).toBe('');
  return evaluationDocument.parse(JSON.parse(out));
}

describe('ratchet evaluate', () => {
  it('prints what 3, 1, 2, 4 give by hand: accuracy 0.7, precision 0.75, recall 0.6, F1 2/3, FPR 0.2, AUC 23/25', async () => {
    const document = await evaluated(binary());
    expect(document).toMatchObject({ rows: 12, labelled: 10, task: 'binary', classes: ['0', '1'], verdict: 'pass' });
    const values = Object.fromEntries(document.metrics.map(({ name, value }) => [name, value]));
    expect(values['accuracy']).toBeCloseTo(0.7, 12);
    expect(values['precision']).toBeCloseTo(0.75, 12);
    expect(values['recall']).toBeCloseTo(0.6, 12);
    expect(values['f1']).toBeCloseTo(2 / 3, 12);
    expect(values['fpr']).toBeCloseTo(0.2, 12);
    expect(values['auc']).toBeCloseTo(23 / 25, 12);
  });

  it('prints what the engine says, slices included', async () => {
    const path = binary();
    const engine = evaluatePredictions(await readCsvFile(path), { truth: 'truth', score: 'score', slices: ['plan'] });
    const { verdict, reasons, columns, rules, ...rest } = await evaluated(path, '--slices', 'plan');
    expect(rest).toEqual(engine);
    expect({ verdict, reasons, rules }).toEqual({ verdict: 'pass', reasons: [], rules: [] });
    expect(columns).toEqual({ truth: 'truth', score: 'score', label: null });
  });

  it('exits 3 when a rule fires and 0 when none does; on the bound none does', async () => {
    const fires = await ratchet('evaluate', binary(), '--rule', 'f1<0.85');
    expect(fires).toMatchObject({ code: 3, out: expect.stringMatching(/^breach: f1<0.85 fires: f1 is 0.6667\n/) });
    expect((await ratchet('evaluate', binary(), '--rule', 'accuracy<0.7', '--rule', 'fpr > 0.2')).code).toBe(0);
    expect((await ratchet('evaluate', binary(), '--rule', 'accuracy<=0.7')).code).toBe(3);
    expect((await ratchet('evaluate', binary(), '--rule', 'coverage<0.9')).code).toBe(3);
  });

  it('lets a rule fire --with-confidence only when the interval breaks it too', async () => {
    expect((await ratchet('evaluate', binary(), '--rule', 'accuracy<0.85', '--with-confidence')).code).toBe(0);
    expect((await ratchet('evaluate', binary(), '--rule', 'accuracy<0.99', '--with-confidence')).code).toBe(3);
  });

  it('exits 4 without any label, and when a rule asks for a metric that these rows do not have', async () => {
    const none = csvOf('no-labels.csv', { truth: TRUTH.map(() => null), score: SCORE });
    const { code, out } = await ratchet('evaluate', none, '--task', 'binary', '--rule', 'f1<0.85');
    expect(code).toBe(4);
    expect(out).toContain('none of 12 rows has a usable label');
    const open = await evaluated(binary(), '--rule', 'rmse>3');
    expect(open).toMatchObject({ verdict: 'inconclusive', rules: [{ observed: null, fired: null }] });
  });

  it('a rule that fires outweighs one that is open', async () => {
    expect((await ratchet('evaluate', binary(), '--rule', 'rmse>3', '--rule', 'f1<0.85')).code).toBe(3);
  });

  it('evaluates regression (RMSE √(14/3) of errors 1, 2, 3) and multiclass by named columns', async () => {
    const regression = csvOf('regression.csv', { y: [10.5, 20.5, 30.5], p: [11.5, 18.5, 33.5] });
    const { metrics, task } = await evaluated(regression, '--truth', 'y', '--score', 'p');
    expect(task).toBe('regression');
    expect(metrics.find(({ name }) => name === 'rmse')!.value).toBeCloseTo(Math.sqrt(14 / 3), 12);
    const many = csvOf('many.csv', { y: ['a', 'b', 'c', 'c'], p: ['a', 'b', 'c', 'a'] });
    const multiclass = await evaluated(many, '--truth', 'y', '--label', 'p');
    expect(multiclass.metrics.find(({ name }) => name === 'accuracy')!.value).toBe(0.75);
  });

  it('takes the business value of decisions: 3·10 − 1 − 2·5 over 10 rows is 1.9', async () => {
    const { metrics } = await evaluated(binary(), '--values', '[[0, -1], [-5, 10]]');
    expect(metrics.find(({ name }) => name === 'businessValue')!.value).toBeCloseTo(1.9, 12);
  });

  it('shows metrics with intervals and slices aligned', async () => {
    const lines = (await ratchet('evaluate', binary(), '--slices', 'plan')).out.split('\n');
    expect(lines[0]).toBe('fine: measured, no --rule was given');
    expect(lines[1]).toBe('binary (read off the columns), classes 0, 1; 10 of 12 rows labelled');
    expect(lines[3]).toMatch(/^metric +value +from +to \(95 %\)$/);
    expect(lines[4]).toMatch(/^accuracy +0.7 +0\.\d+ +0\.\d+$/);
    expect(lines.find((line) => line.startsWith('slice'))).toMatch(/^slice +of +labelled +accuracy +from/);
  });

  it.each([
    ['a truth that is not there', ['--truth', 'y'], 'has no column "y"; there are truth, score, plan'],
    ['neither score nor label', ['--truth', 'score'], 'give the column of the score'],
    ['a metric that is none', ['--rule', 'f2<1'], 'There is no metric "f2"; there are accuracy'],
    ['a rule without a number', ['--rule', 'f1<low'], '"f1<0.85"'],
    ['values of another size', ['--values', '[[1]]'], 'values must be 2 rows of 2 numbers'],
    ['values that are no JSON', ['--values', '1;2'], 'It is no JSON'],
    ['an unknown task', ['--task', 'ranking'], 'regression'],
  ])('exits 2 for %s and says what is right', async (_, argv, text) => {
    const file = argv.includes('score') ? csvOf('truth-only.csv', { score: [1, 0] }) : binary();
    const { code, out, err } = await ratchet('evaluate', file, ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(text);
  });
});
