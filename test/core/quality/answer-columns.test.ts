import { withoutAnswerRules } from '../../../core/quality/answer-columns';
import { checkQuality } from '../../../core/quality/check';
import { testPolicy } from '../../workflows/fixtures';

const specs = [{ name: 'age', kind: 'number' as const }];
const { quality } = testPolicy({
  quality: {
    minRows: 1,
    expectations: [
      { expectation: 'expect_column_values_to_be_between', column: 'score', min_value: 0, max_value: 1 },
      { expectation: 'expect_column_values_to_be_in_set', column: 'label', value_set: ['no', 'yes'] },
      { expectation: 'expect_column_values_to_be_between', column: 'age', min_value: 0, max_value: 120 },
    ],
  },
});

describe('withoutAnswerRules', () => {
  it('leaves 1 of 3 hard rules to a training snapshot, which has neither score nor label, and that one still fails it', () => {
    const rules = withoutAnswerRules(quality, specs);
    expect(rules.expectations).toMatchObject([{ column: 'age' }]);
    const verdictOf = (age: number, policy = rules) => checkQuality({ age: [age] }, 1, specs, null, policy).verdict;
    expect(verdictOf(40, quality)).toBe('fail');
    expect(verdictOf(40)).toBe('pass');
    expect(verdictOf(400)).toBe('fail');
  });

  it('keeps a rule on a feature that is called score', () => {
    const rules = withoutAnswerRules(quality, [{ name: 'score', kind: 'number' }]);
    expect(rules.expectations).toMatchObject([{ column: 'score' }, { column: 'age' }]);
  });
});
