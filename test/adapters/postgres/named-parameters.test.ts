import { bindNamedParameters } from '../../../adapters/postgres/named-parameters';

describe('bindNamedParameters', () => {
  const all = ':from :to :asOf';
  const bound = '$1::timestamptz $2::timestamptz $3::timestamptz';

  it('binds the three names wherever they stand, more than once too', () => {
    expect(bindNamedParameters(`SELECT ${all}, (:from)`)).toBe(`SELECT ${bound}, ($1::timestamptz)`);
    expect(bindNamedParameters(`${all} :from::date`)).toBe(`${bound} $1::timestamptz::date`);
  });

  it.each([
    `':from'`,
    `'it''s :from'`,
    `E'it\\'s :from'`,
    `":from"`,
    `$$ :from $$`,
    `$q$ :from $$ :to $q$`,
    `-- :from ;\n`,
    `/* :from; /* :to */ :asOf */`,
    `x::from`,
    `arr[lo:hi]`,
    `f(a := 1)`,
  ])('leaves %s as it is', (text) => {
    expect(bindNamedParameters(`${text} ${all}`)).toBe(`${text} ${bound}`);
  });

  it.each([
    ['', /does not use :from, :to, :asOf/],
    [`':from' :to :asOf`, /does not use :from/],
    [`${all} :until`, /names :until/],
    [`${all} :ASOF`, /names :ASOF/],
    [`${all} $1`, /positional parameter \$1/],
    [`${all}; SELECT 1`, /more than one statement/],
  ])('refuses %p with its reason', (query, reason) => {
    expect(() => bindNamedParameters(query)).toThrow(reason);
  });

  it('takes a semicolon at the end, with a comment after it', () => {
    expect(bindNamedParameters(`${all}; -- done`)).toBe(`${bound} -- done`);
  });
});
