import { parseArgs } from 'node:util';

/** `--quick` and whole numbers by name; exits 2 with the usage when it does not understand. */
export function benchArguments<Name extends string>(
  usage: string,
  defaults: Readonly<Record<Name, { readonly full: number; readonly quick: number }>>,
): Readonly<Record<Name, number>> & { readonly quick: boolean } {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const parsed = parseArgs({ options: { ...options, quick: { type: 'boolean' } } });
    const values = parsed.values as Readonly<Record<string, string | boolean | undefined>>;
    const quick = values['quick'] === true;
    const numbers = names.map((name): [Name, number] => {
      const given = values[name];
      const value = given === undefined ? defaults[name][quick ? 'quick' : 'full'] : Number(given);
      if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is "${String(given)}", not a whole number`);
      return [name, value];
    });
    return { ...(Object.fromEntries(numbers) as Record<Name, number>), quick };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: ${usage}\n`);
    process.exit(2);
  }
}
