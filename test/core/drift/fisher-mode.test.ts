import { fisherExact } from '../../../core/drift';

it.each([
  // The most probable table is the one at the end of the range. Of the 3 tables with these margins one is as improbable.
  [2, 0, 0, 1, 1 / 3],
  [0, 1, 2, 0, 1 / 3],
  [1, 0, 0, 2, 1 / 3],
  [0, 2, 1, 0, 1 / 3],
  [3, 0, 0, 1, 1 / 4],
])('Fisher’s p of [[%d, %d], [%d, %d]] is %d in every order of rows and columns', (a, b, c, d, p) => {
  for (const table of [fisherExact(a, b, c, d), fisherExact(c, d, a, b), fisherExact(b, a, d, c)])
    expect(table.pValue).toBeCloseTo(p, 12);
});
