/** Options that hold several things: lists and assignments, written with commas or as JSON where names hold commas. */
import { InvalidArgumentError } from 'commander';

/** `a,b` or `["a", "b"]`. */
export function names(text: string): readonly string[] {
  const list: readonly unknown[] = text.trimStart().startsWith('[')
    ? jsonArray(text)
    : text.split(',').map((name) => name.trim());
  if (list.length > 0 && list.every((name): name is string => typeof name === 'string' && name !== '')) return list;
  throw new InvalidArgumentError('Expected names separated by commas, or a JSON array of strings.');
}

/** `a=x,b=y` or `{"a": "x"}`; values stay text, or what they are in the JSON. */
export function assignments(text: string): Readonly<Record<string, unknown>> {
  if (text.trimStart().startsWith('{')) return jsonOf(text) as Record<string, unknown>;
  const pairs = text.split(',').map((part): [string, string] => {
    // A name may hold "=", a value does not.
    const at = part.lastIndexOf('=');
    const [name, value] = [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()];
    if (name === '' || value === '') throw new InvalidArgumentError('Expected name=value, separated by commas.');
    return [name, value];
  });
  return Object.fromEntries(pairs);
}

/** `{ x: 'string' }` */
export function kinds(text: string): Readonly<Record<string, 'number' | 'string'>> {
  const given = assignments(text);
  for (const kind of Object.values(given)) {
    if (kind !== 'number' && kind !== 'string') {
      throw new InvalidArgumentError('Expected column=number or column=string, separated by commas.');
    }
  }
  return given as Record<string, 'number' | 'string'>;
}

/** `{ x: 0.7 }`, none negative. */
export function weights(text: string): Readonly<Record<string, number>> {
  const given = Object.entries(assignments(text)).map(([name, value]): [string, number] => [name, Number(value)]);
  if (given.every(([, weight]) => Number.isFinite(weight) && weight >= 0)) return Object.fromEntries(given);
  throw new InvalidArgumentError('Expected column=weight with weights of at least 0, separated by commas.');
}

/** Rows of numbers: `[[0, -1], [-5, 10]]`. */
export function matrix(text: string): readonly (readonly number[])[] {
  const rows = jsonArray(text);
  const fits = rows.every((row) => Array.isArray(row) && row.every((value) => typeof value === 'number'));
  if (fits && rows.length > 0) return rows;
  throw new InvalidArgumentError('Expected rows of numbers as JSON, e.g. [[0, -1], [-5, 10]].');
}

/** For options that may be given several times. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** In (0, 1). */
export function openShare(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number between 0 and 1.');
}

export function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

function jsonArray(text: string): readonly unknown[] {
  const value = jsonOf(text);
  if (Array.isArray(value)) return value;
  throw new InvalidArgumentError('Expected a JSON array.');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${(error as Error).message}.`);
  }
}
