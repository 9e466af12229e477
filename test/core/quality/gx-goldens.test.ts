/** Success, unexpected rows and observed values against a real Great Expectations run (test/golden/make-gx-goldens.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../core/frame';
import { checkFrame } from '../../../core/quality/check-frame';
import { parseExpectations } from '../../../policy/expectations';

interface Golden {
  readonly versions: Readonly<Record<string, string>>;
  readonly columns: Readonly<Record<string, readonly (number | string | null)[]>>;
  readonly cases: readonly {
    readonly given: Readonly<Record<string, unknown>>;
    readonly success: boolean;
    readonly unexpected: number | null;
    readonly observed: number | null;
    readonly raised: boolean;
  }[];
}

const golden = JSON.parse(readFileSync(join(__dirname, '../../golden/gx-goldens.json'), 'utf8')) as Golden;
const frame: Frame = {
  rows: 40,
  columns: new Map(
    Object.entries(golden.columns).map(([name, values]): [string, FrameColumn] => [
      name,
      values.some((v) => typeof v === 'string')
        ? stringColumn(values as (string | null)[])
        : numberColumn(values as (number | null)[]),
    ]),
  ),
};
const resultOf = (given: Readonly<Record<string, unknown>>) =>
  checkFrame(frame, parseExpectations([given])).expectations![0]!;

test('at least 200 cases of Great Expectations 1.x are compared', () => {
  expect(golden.versions['great_expectations']).toMatch(/^1\./);
  expect(golden.cases.length).toBeGreaterThanOrEqual(200);
});

test.each([...new Set(golden.cases.map((c) => String(c.given['expectation'])))])(
  '%s answers as Great Expectations does',
  (name) => {
    const cases = golden.cases.filter((c) => c.given['expectation'] === name);
    expect(cases.length).toBeGreaterThanOrEqual(2);
    for (const { given, success, unexpected, observed } of cases) {
      const result = resultOf(given);
      expect({ given, passed: result.verdict === 'pass' }).toEqual({ given, passed: success });
      if (unexpected !== null) expect({ given, unexpected: result.unexpected }).toEqual({ given, unexpected });
      if (observed !== null && typeof result.observed === 'number' && result.unexpected === null) {
        expect(Math.abs(result.observed - observed)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(observed)));
      }
    }
  },
);
