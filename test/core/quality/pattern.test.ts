import { compilePattern } from '../../../core/quality/pattern';

describe('patterns', () => {
  test.each([
    ['^[A-Z]{2}$', 'UA', 'UAL'],
    ['^\\d{3}-\\d{4}$', '555-1234', '5551234'],
    ['colou?r', 'the color', 'the colr'],
    ['^(?:a|b(c|d)+)*$', 'abcdab d'.replace(' ', ''), 'abe'],
    ['^.$', '😀', '😀😀'],
    ['^[^a-z\\s]+$', 'ÄÖ9', 'Ä 9'],
    ['\\x41\\u00e9', 'xAéx', 'Ae'],
    ['^(ab){2,3}$', 'ababab', 'abababab'],
    ['a+?b', 'aab', 'ac'],
    ['^$', '', ' '],
    ['^x{0}y$', 'y', 'xy'],
    ['[]a]'.replace('[]', '[\\]'), ']', 'b'],
    ['^a.c$', 'abc', 'a\nc'],
    ['a$', 'ba', 'a\n'],
  ])('%s matches %j and not %j', (source, yes, no) => {
    const pattern = compilePattern(source);
    expect([pattern.matches(yes), pattern.matches(no)]).toEqual([true, false]);
  });

  test.each([
    ['(a)\\1', 'a backreference \\1'],
    ['(?=a)b', 'lookaround'],
    ['(?<!a)b', 'lookaround'],
    ['(?<year>\\d)', 'name'],
    ['(?i)a', 'flag'],
    ['\\bword', '\\b, which is not supported'],
    ['\\p{L}', '\\p, which is not supported'],
    ['a**', 'a repeat of a repeat'],
    ['*a', 'nothing before it'],
    ['a{3,2}', 'from 3 to 2'],
    ['a{256}', 'more than 255'],
    ['a{x', 'write \\{'],
    ['(a', 'without its )'],
    ['a)', 'unmatched )'],
    ['[b-a]', 'wrong way round'],
    ['[]', 'an empty class'],
    ['[[:alpha:]]', 'write \\['],
    ['[^\\s\\S]', 'nothing is in'],
    ['^*', 'a repeated ^'],
    ['\\', 'no end'],
    ['\\x4', 'fewer than 2 hex digits'],
    ['\\x00', 'NUL'],
    ['', 'is empty'],
    ['((a{200}){200}){200}', 'too large'],
    ['('.repeat(100), 'more than 50 groups'],
  ])('%s is refused: %s', (source, why) => {
    expect(() => compilePattern(source)).toThrow(why);
  });

  test('the classic bombs take linear time: 5,000 signs against (a+)+$ and (a|a)*b', () => {
    const text = `${'a'.repeat(5_000)}!`;
    expect(compilePattern('^(a+)+$').matches(text)).toBe(false);
    expect(compilePattern('^(a|a)*b').matches(text)).toBe(false);
  });

  test('for PostgreSQL every class is explicit and every sign escaped', () => {
    expect(compilePattern('^\\w.é$').postgres).toBe(
      '***:\\A[\\u0030-\\u0039\\u0041-\\u005a\\u005f\\u0061-\\u007a][^\\u000a]\\u00e9\\Z',
    );
    expect(compilePattern('(😀|b)+?').postgres).toBe('***:(?:(?:\\U0001f600|\\u0062))+');
  });
});
