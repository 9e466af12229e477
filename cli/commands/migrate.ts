import type { Command } from 'commander';
import { RatchetError } from '../../core/errors';
import { loadPostgres } from '../lazy';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withConnection } from '../options';

interface MigrateFlags extends CommonFlags {
  readonly database?: string;
  readonly temporal: boolean;
}

export function registerMigrate(program: Command, io: CliIo): void {
  withConnection(program.command('migrate'))
    .description('create or update the tables in PostgreSQL and the search attributes in Temporal')
    .option('--database <url>', 'PostgreSQL (default: $DATABASE_URL)')
    .option('--no-temporal', 'leave Temporal alone')
    .addHelpText('after', examples('DATABASE_URL=postgres://… ratchet migrate', 'ratchet migrate --no-temporal --json'))
    .action(async (flags: MigrateFlags) => {
      const url = flags.database ?? io.env['DATABASE_URL'];
      if (url === undefined || url === '') {
        throw new RatchetError('RATCHET_USAGE', 'no database is named', {
          hint: 'Set DATABASE_URL, or give --database <url>.',
        });
      }
      const { migrate } = loadPostgres();
      const { applied } = await migrate(url);
      const searchAttributes = flags.temporal ? await migrateTemporal(io, flags) : [];
      const text = [
        applied.length === 0 ? 'tables are up to date' : `applied ${applied.join(', ')}`,
        ...(flags.temporal
          ? [searchAttributes.length === 0 ? 'search attributes are there' : `added ${searchAttributes.join(', ')}`]
          : []),
      ];
      answer(io, flags, { applied, searchAttributes }, text.join('\n'));
    });
}

async function migrateTemporal(io: CliIo, flags: MigrateFlags): Promise<readonly string[]> {
  const client = await io.connect(flags);
  try {
    return await client.ensureSearchAttributes();
  } finally {
    await client.close();
  }
}
