/** Files that people really have, given to every command that reads files: an exit code with a reason, no crash, no "fine". */
import { dirname } from 'node:path';
import { deflateSync } from 'node:zlib';
import { csvOf, fileOf, range, ratchet } from '../cli/command-line';

const good = () => csvOf('good.csv', { x: range(200), truth: range(200).map((i) => i % 2) });
const garbage = Uint8Array.from(deflateSync('a'.repeat(500) + Math.PI).map((byte, i) => (byte * 31 + i * 7) % 256));

const FILES: readonly (readonly [string, () => string])[] = [
  ['an empty file', () => fileOf('empty.csv', '')],
  ['a header alone', () => fileOf('header.csv', 'x,truth\n')],
  ['one row', () => fileOf('one.csv', 'x,truth\n1,1\n')],
  ['no column of that name', () => fileOf('other.csv', 'a,b\n1,2\n3,4\n')],
  ['nulls alone', () => csvOf('nulls.csv', { x: range(200).map(() => 'NA'), truth: range(200).map(() => null) })],
  ['binary garbage', () => fileOf('garbage.csv', garbage)],
  ['zeros', () => fileOf('zeros.csv', new Uint8Array(4096))],
  ['a folder', () => dirname(good())],
  ['a file that is not there', () => `${dirname(good())}/absent.csv`],
  ['an ending that nobody knows', () => fileOf('table.xlsx', 'x,truth\n1,1\n')],
  ['CSV called Parquet', () => fileOf('text.parquet', 'x,truth\n1,1\n')],
  ['an empty Parquet file', () => fileOf('empty.parquet', '')],
  ['a truncated Parquet file', () => fileOf('cut.parquet', Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100, 7)]))],
  ['text called gzip', () => fileOf('text.csv.gz', 'x,truth\n1,1\n')],
  ['rows of unequal length', () => fileOf('ragged.csv', 'x,truth\n1,1\n2\n')],
  ['an unclosed quote', () => fileOf('quote.csv', 'x,truth\n"1,1\n2,2\n')],
];

const COMMANDS: readonly (readonly [string, (path: string) => readonly string[]])[] = [
  ['compare, as reference', (path) => ['compare', path, good(), '--columns', 'x']],
  ['compare, as current', (path) => ['compare', good(), path, '--columns', 'x']],
  ['evaluate', (path) => ['evaluate', path, '--label', 'x', '--rule', 'accuracy<0']],
  ['detect', (path) => ['detect', path, '--detector', 'adwin', '--column', 'x']],
  ['quality', (path) => ['quality', path, '--reference', good()]],
];

const CASES = FILES.flatMap(([file, make]) => COMMANDS.map(([command, argv]) => [command, file, make, argv] as const));

// One labelled row can be evaluated (its interval says how little that is), and one row can keep a rule.
const MAY_BE_FINE = new Set(['evaluate of one row', 'quality of one row']);

it.each(CASES)('%s of %s ends with 2, 3 or 4 and says why', async (command, file, make, argv) => {
  const { code, out, err } = await ratchet(...argv(make()));
  const allowed = MAY_BE_FINE.has(`${command} of ${file}`) ? [0, 2, 3, 4] : [2, 3, 4];
  expect({ allowed: allowed.includes(code), err }).toEqual({ allowed: true, err });
  expect(`${out}${err}`).toMatch(/\S/);
  expect(err).not.toContain('RATCHET_INTERNAL');
  expect(out).not.toMatch(/NaN|Infinity|undefined/);
});

it('values of ±1e308 give a document without NaN from compare, evaluate and quality', async () => {
  const x = range(200).map((i) => (i % 2 === 0 ? '1e308' : '-1e308'));
  const huge = csvOf('huge.csv', { x, truth: x });
  const all = 'ks,cvm,anderson,mannwhitney,t,welch,energy,wasserstein,psi,kl,js,hellinger';
  for (const argv of [
    ['compare', good(), huge, '--methods', all],
    ['compare', huge, huge, '--methods', all],
    ['evaluate', huge, '--score', 'x', '--task', 'regression'],
    ['quality', huge, '--reference', good()],
  ]) {
    const { code, out, err } = await ratchet(...argv, '--json');
    expect({ argv, code: [0, 3, 4].includes(code), err }).toEqual({ argv, code: true, err: '' });
    expect(JSON.parse(out)).not.toHaveProperty('error');
    expect(out).not.toMatch(/NaN|Infinity/);
  }
});
