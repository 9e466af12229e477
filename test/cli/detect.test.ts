import { DETECTOR_NAMES, DETECTORS, detectChanges, fewestValues } from '../../core/drift/streaming';
import { detectionDocument } from '../../policy/result-schemas';
import { csvOf, ratchet } from './command-line';

const PAGE_HINKLEY = ['--detector', 'page_hinkley', '--params', 'delta=0,threshold=2,alpha=1,min_instances=1,mode=up'];
/** 600 right answers of which each tenth is wrong, then 400 of which nine in ten are. */
const ERRORS = Array.from({ length: 1000 }, (_, i) => (i < 600 ? Number(i % 10 === 0) : Number(i % 10 !== 0)));
const errors = () => csvOf('errors.csv', { wrong: ERRORS });

async function detected(...argv: readonly string[]) {
  const { out, err } = await ratchet('detect', ...argv, '--json');
  expect(err).toBe('');
  return detectionDocument.parse(JSON.parse(out));
}

describe('ratchet detect', () => {
  it('finds by hand: ten zeros then ones make sums 10/11, +10/12, +10/13 = 2.51 > 2 at row 12', async () => {
    const path = csvOf('step.csv', { x: [...Array.from({ length: 10 }, () => 0), 1, 1, 1] });
    const document = await detected(path, '--column', 'x', ...PAGE_HINKLEY);
    expect(document).toMatchObject({ verdict: 'drift', detections: [{ index: 12, kind: 'drift' }] });
  });

  it('speaks of rows of the file where values are missing: 3 empty cells before move the detection from 12 to 15', async () => {
    const path = csvOf('gaps.csv', {
      row: Array.from({ length: 16 }, (_, i) => i),
      x: [null, null, 0, 0, null, ...Array.from({ length: 8 }, () => 0), 1, 1, 1],
    });
    const document = await detected(path, '--column', 'x', ...PAGE_HINKLEY);
    expect(document).toMatchObject({ rows: 16, values: 13, missing: 3, detections: [{ index: 15, kind: 'drift' }] });
  });

  it.each(DETECTOR_NAMES)('%s prints exactly what the engine finds in 1,000 errors', async (detector) => {
    const { detections, parameters } = await detected(errors(), '--detector', detector, '--column', 'wrong');
    expect(detections).toEqual(detectChanges({ detector }, ERRORS));
    expect(parameters).toEqual(DETECTORS[detector]);
    expect(detections.length).toBeGreaterThan(detector === 'eddm' ? -1 : 0);
  });

  it('exits 3 for drift, 0 for none', async () => {
    const drift = await ratchet('detect', errors(), '--detector', 'ddm', '--column', 'wrong');
    expect(drift.code).toBe(3);
    expect(drift.out).toMatch(/^drift: \d+ changes? in 1000 values\nddm on wrong\n\n *row +what\n/);
    const calm = csvOf('calm.csv', { wrong: ERRORS.slice(0, 600) });
    expect(await ratchet('detect', calm, '--detector', 'adwin', '--column', 'wrong')).toMatchObject({
      code: 0,
      out: 'no drift: 0 changes in 600 values\nadwin on wrong\n',
    });
  });

  it.each(DETECTOR_NAMES)('%s exits 4 for a stream one value shorter than what it needs', async (detector) => {
    const short = csvOf('short.csv', { x: Array.from({ length: fewestValues({ detector }) - 1 }, () => 0), y: [0] });
    const { code, out } = await ratchet('detect', short, '--detector', detector, '--column', 'x');
    expect(code).toBe(4);
    expect(out).toMatch(/^insufficient: \d+ values, /);
  });

  it('takes true and false as 1 and 0', async () => {
    const path = csvOf('words.csv', { wrong: ERRORS.map((value) => (value === 1 ? 'True' : 'False')) });
    const { detections } = await detected(path, '--detector', 'ddm', '--column', 'wrong');
    expect(detections).toEqual(detectChanges({ detector: 'ddm' }, ERRORS));
  });

  it.each([
    ['no such column', ['--detector', 'adwin', '--column', 'x'], 'has no column "x"; there are wrong'],
    ['no such detector', ['--detector', 'foo', '--column', 'wrong'], 'adwin, ddm, eddm'],
    ['no detector', ['--column', 'wrong'], '--detector'],
    [
      'no such parameter',
      ['--detector', 'ddm', '--column', 'wrong', '--params', 'foo=1'],
      'unknown parameter foo; known: warmStart',
    ],
    [
      'a parameter out of range',
      ['--detector', 'adwin', '--column', 'wrong', '--params', 'delta=7'],
      'delta must lie between 0 and 1',
    ],
    [
      'a parameter of another type',
      ['--detector', 'adwin', '--column', 'wrong', '--params', 'delta=low'],
      'delta must be a number',
    ],
  ])('exits 2 for %s and says what there is', async (_, argv, text) => {
    const { code, out, err } = await ratchet('detect', errors(), ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(text);
  });

  it('exits 2 naming the row of a value that the detector does not take, of text, and of 1e308', async () => {
    const half = csvOf('half.csv', { n: [1, 2, 3, 4], x: [0, null, 1, 0.5] });
    expect(await ratchet('detect', half, '--detector', 'ddm', '--column', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('row 3 of column "x" is 0.5, ddm takes 0 or 1'),
    });
    const text = csvOf('text.csv', { x: ['good', 'bad'] });
    expect((await ratchet('detect', text, '--detector', 'adwin', '--column', 'x')).err).toContain('such as "good"');
    const huge = csvOf('huge.csv', { x: [0, '1e308'] });
    expect((await ratchet('detect', huge, '--detector', 'adwin', '--column', 'x')).err).toContain(
      'row 1 of column "x" is 1e+308',
    );
  });
});
