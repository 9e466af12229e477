import { checkParity } from '../../core/parity';

const native = Array.from({ length: 1000 }, (_, i) => i / 1000);

test('1000 equal rows pass', () => {
  expect(checkParity(native, native)).toMatchObject({ verdict: 'pass', maxDelta: 0, shareWithin: 1, flips: 0 });
});

test('1 row in 1000 off by 0.1 passes, 2 rows fail', () => {
  const off = (n: number): number[] => native.map((v, i) => (i < n ? v + 0.1 : v));
  expect(checkParity(native, off(1))).toMatchObject({ verdict: 'pass', shareWithin: 0.999 });
  const two = checkParity(native, off(2));
  expect(two).toMatchObject({ verdict: 'fail', shareWithin: 0.998 });
  expect(
    two.worst
      .slice(0, 2)
      .map((w) => w.row)
      .sort(),
  ).toEqual([0, 1]);
  expect(two.reasons[0]?.text).toContain('998 of 1000 rows agree within 0.00001');
});

test('a difference of 1e-5 is within, of 1.1e-5 is not', () => {
  expect(checkParity([0], [1e-5]).verdict).toBe('pass');
  expect(checkParity([0], [1.1e-5]).verdict).toBe('fail');
});

test('1 flipped label fails although every score agrees, unless the score lies within 1e-6 of the threshold', () => {
  expect(checkParity([0.500005], [0.499998], { threshold: 0.5 })).toMatchObject({ verdict: 'fail', flips: 1 });
  expect(checkParity([0.5000005], [0.4999999], { threshold: 0.5 })).toMatchObject({ verdict: 'pass', flips: 0 });
});

test('relative: 1e6 against 1e6 + 5 passes, absolute it fails', () => {
  expect(checkParity([1e6], [1e6 + 5], { scale: 'relative' }).verdict).toBe('pass');
  expect(checkParity([1e6], [1e6 + 5]).verdict).toBe('fail');
});

test('0 rows are inconclusive, never pass', () => {
  expect(checkParity([], [])).toMatchObject({ verdict: 'inconclusive', maxDelta: null, shareWithin: null });
});

test.each([
  ['NaN', [0.1, Number.NaN]],
  ['infinity', [0.1, Number.POSITIVE_INFINITY]],
  ['another length', [0.1]],
])('%s in the ONNX scores is an error', (_name, onnx) => {
  expect(checkParity([0.1, 0.2], onnx).verdict).toBe('error');
});

test('NaN on both sides is an error, not agreement', () => {
  expect(checkParity([Number.NaN], [Number.NaN]).verdict).toBe('error');
});
