import { parseArgs } from 'node:util';

/** `--quick`, further `flags` (`--peers`), and whole numbers by name; exits 2 with the usage when it does not understand. */
export function benchArguments<Name extends string, Flag extends string = never>(
  usage: string,
  defaults: Readonly<Record<Name, { readonly full: number; readonly quick: number }>>,
  flags: readonly Flag[] = [],
): Readonly<Record<Name, number>> & Readonly<Record<Flag, boolean>> & { readonly quick: boolean } {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const switches = Object.fromEntries(['quick', ...flags].map((name) => [name, { type: 'boolean' as const }]));
  try {
    const parsed = parseArgs({ options: { ...options, ...switches } });
    const values = parsed.values as Readonly<Record<string, string | boolean | undefined>>;
    const quick = values['quick'] === true;
    const numbers = names.map((name): [Name, number] => {
      const given = values[name];
      const value = given === undefined ? defaults[name][quick ? 'quick' : 'full'] : Number(given);
      if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is "${String(given)}", not a whole number`);
      return [name, value];
    });
    const given = Object.fromEntries(flags.map((flag) => [flag, values[flag] === true]));
    return {
      ...(Object.fromEntries(numbers) as Record<Name, number>),
      ...(given as Record<Flag, boolean>),
      quick,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: ${usage}\n`);
    process.exit(2);
  }
}
