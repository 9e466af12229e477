/**
 * `npm run bench:datasets -- --data <folder>`: what detection says about two public data sets, `occupancy.csv.gz` (D3Bench) and
 * `elec2.csv.gz`. Deterministic. Exit code 1 when a statement does not hold, 2 without a folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { readCsvBytes } from '../adapters/csv';
import { collapse } from './datasets/elec2';
import { compareWithRecorded, driftWithoutDegradation } from './datasets/occupancy';
import type { Finding } from './datasets/statement';
import type { Frame } from '../core/frame';
import { runBench } from './world/run-bench';

const FILES = ['occupancy.csv.gz', 'elec2.csv.gz'] as const;

const folder = folderOf();
runBench(async () => {
  const [occupancy, elec2] = await Promise.all(FILES.map((name) => read(join(folder, name))));
  const findings = [compareWithRecorded(occupancy!), driftWithoutDegradation(occupancy!), collapse(elec2!)];
  process.stdout.write(findings.map(textOf).join('\n'));
  const failed = findings.flatMap(({ statements }) => statements).filter(({ holds }) => !holds);
  if (failed.length > 0) process.exitCode = 1;
});

/** pandas leaves the header of its index empty; the reader wants a name for every column. */
function read(path: string): Promise<Frame> {
  const bytes = gunzipSync(readFileSync(path));
  const named = bytes[0] === 0x2c ? Buffer.concat([Buffer.from('row'), bytes]) : bytes;
  return readCsvBytes(named, { name: path, gzip: false });
}

function folderOf(): string {
  const usage = `usage: npm run bench:datasets -- --data <folder with ${FILES.join(' and ')}>\n`;
  try {
    const { values } = parseArgs({ options: { data: { type: 'string' }, quick: { type: 'boolean' } } });
    const given = values.data;
    if (given === undefined) throw new Error('--data is missing');
    for (const name of FILES) if (!existsSync(join(given, name))) throw new Error(`there is no ${join(given, name)}`);
    return given;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

function textOf({ title, table, notes, statements }: Finding): string {
  const width = (table[0] ?? []).map((_, c) => Math.max(...table.map((row) => row[c]?.length ?? 0)));
  const lines = table.map((row) => `| ${row.map((cell, c) => cell.padEnd(width[c] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `| ${width.map((w) => '-'.repeat(w)).join(' | ')} |`);
  const said = statements.map(({ text, holds }) => `${holds ? 'holds' : 'FAILS'}: ${text}`);
  return [`\n${title}\n`, ...lines, '', ...notes.map((note) => `· ${note}`), ...said, ''].join('\n');
}
