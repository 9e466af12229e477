/** Runs commands that need no server on files of their own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../cli/run';
import { temporaryFolder } from '../setup/temporary-folder';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function ratchet(...argv: readonly string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const code = await run(
    argv,
    {
      out: (text) => (out += text),
      err: (text) => (err += text),
      env: { RATCHET_ACTOR: 'ada' },
      terminal: false,
      interruption: () => new AbortController().signal,
      connect: () => Promise.reject(new Error('this command needs no server')),
    },
    '1.2.3',
  );
  return { code, out, err };
}

let folder: string | null = null;

export function fileOf(name: string, content: string | Uint8Array): string {
  folder ??= temporaryFolder('files');
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A CSV file of columns. */
export function csvOf(name: string, columns: Readonly<Record<string, readonly (string | number | null)[]>>): string {
  const headers = Object.keys(columns);
  const rows = Math.max(...Object.values(columns).map((values) => values.length));
  const lines = Array.from({ length: rows }, (_, i) => headers.map((header) => columns[header]![i] ?? '').join(','));
  return fileOf(name, `${[headers.join(','), ...lines].join('\n')}\n`);
}

export const range = (length: number, from = 0): readonly number[] => Array.from({ length }, (_, i) => from + i);
