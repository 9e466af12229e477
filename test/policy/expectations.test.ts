import { isRatchetError } from '../../core/errors';
import { EXPECTATION_NAMES } from '../../core/quality/expectation';
import { parseExpectations } from '../../policy/expectations';
import { resolvePolicy } from '../../policy/resolve';

function problemsOf(input: unknown): readonly { path: string; message: string }[] {
  try {
    parseExpectations(input);
  } catch (error) {
    if (!isRatchetError(error)) throw error;
    expect(error.code).toBe('RATCHET_INPUT_INVALID');
    return error.details['problems'] as readonly { path: string; message: string }[];
  }
  return [];
}

describe('expectations as they are written', () => {
  test('a short form is completed with every default', () => {
    expect(
      parseExpectations([{ expectation: 'expect_column_values_to_be_between', column: 'x', max_value: 3 }]),
    ).toEqual([
      {
        expectation: 'expect_column_values_to_be_between',
        column: 'x',
        min_value: null,
        max_value: 3,
        strict_min: false,
        strict_max: false,
        mostly: 1,
        severity: 'hard',
      },
    ]);
  });

  test('suites of Great Expectations 0.x and 1.x give the same as the short form', () => {
    const short = parseExpectations([
      {
        expectation: 'expect_column_values_to_be_in_set',
        column: 'c',
        value_set: ['a'],
        mostly: 0.9,
        severity: 'soft',
      },
    ]);
    const kwargs = { column: 'c', value_set: ['a'], mostly: 0.9, result_format: 'COMPLETE' };
    const type = 'expect_column_values_to_be_in_set';
    const suite = (entry: object) => parseExpectations({ name: 's', meta: {}, expectations: [entry] });
    expect(suite({ type, kwargs, severity: 'warning', id: '1', meta: {} })).toEqual(short);
    expect(suite({ expectation_type: type, kwargs, severity: 'info' })).toEqual(short);
    expect(suite({ type, kwargs, severity: 'critical' })[0]).toMatchObject({ severity: 'hard' });
  });

  test('all problems of a list are told at once, each with its place', () => {
    const problems = problemsOf([
      { expectation: 'expect_column_values_to_be_betwixt', column: 'x', min_value: 1 },
      { expectation: 'expect_column_values_to_be_between', column: 'x' },
      { expectation: 'expect_column_values_to_be_between', column: 'x', min_value: 3, max_value: 2 },
      { expectation: 'expect_column_values_to_match_regex', column: 'x', regex: '(a)\\1' },
      { expectation: 'expect_column_values_to_not_be_null', column: 'x', mostly: 1.5 },
      { expectation: 'expect_column_values_to_not_be_null', column: 'x', mosty: 0.5 },
      { expectation: 'expect_column_values_to_be_of_type', column: 'x', type_: 'datetime64' },
      {
        expectation: 'expect_column_quantile_values_to_be_between',
        column: 'x',
        quantile_ranges: {
          quantiles: [0.5],
          value_ranges: [
            [0, 1],
            [0, 1],
          ],
        },
      },
      7,
    ]);
    expect(problems.map(({ path }) => path)).toEqual([
      '0',
      '1.min_value',
      '2.min_value',
      '3.regex',
      '4.mostly',
      '5.mosty',
      '6.type_',
      '7.quantile_ranges.value_ranges',
      '8',
    ]);
    expect(problems[0]?.message).toMatch(/unknown expectation .*the nearest are expect_column_values_to_be_/);
    expect(problems[3]?.message).toContain('backreference');
  });

  test('nothing to check, and what is no list, are refused', () => {
    for (const input of [[], {}, null, 'x', { expectations: 'x' }]) expect(problemsOf(input)).toHaveLength(1);
  });

  test('every name of the list can be written', () => {
    const args = {
      column: 'a',
      column_A: 'a',
      column_B: 'b',
      column_list: ['a', 'b'],
      column_set: ['a'],
      value_set: ['a'],
      min_value: 1,
      regex: 'a',
      type_: 'int64',
      quantile_ranges: { quantiles: [0.5], value_ranges: [[null, 1]] },
    };
    for (const expectation of EXPECTATION_NAMES) {
      const unknown = problemsOf([{ expectation, ...args }]).filter(({ message }) => message !== 'unknown argument');
      expect({ expectation, unknown }).toEqual({ expectation, unknown: [] });
    }
  });

  test('a policy takes them, names the place of a bad one, and resolves again to itself', () => {
    const policy = (list: readonly unknown[]) => ({
      model: 'late',
      task: 'binary',
      classes: ['no', 'yes'],
      features: [{ name: 'x', kind: 'number' }],
      quality: { expectations: list },
    });
    const resolved = resolvePolicy(
      policy([{ expectation: 'expect_column_max_to_be_between', column: 'x', max_value: 9 }]),
    );
    expect(resolved.quality.expectations).toHaveLength(1);
    expect(resolvePolicy(JSON.parse(JSON.stringify(resolved)) as unknown)).toEqual(resolved);
    expect(() => resolvePolicy(policy([{ expectation: 'expect_column_max_to_be_between', column: 'x' }]))).toThrow(
      'quality.expectations.0.min_value',
    );
  });
});
