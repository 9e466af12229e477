import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { RatchetError } from '../../core/errors';
import { inTransaction, rows } from './database';
import { createPool } from './pool';

export interface Migration {
  /** File name without `.sql`, e.g. `000001_base`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the SQL with line ends as LF. */
  readonly checksum: string;
}

/** Any number does, as long as it never changes: it keeps two migrating processes apart. */
const LOCK = 7_240_817;

/**
 * Applies what is missing, in order, each file in one transaction with its own record. Several processes may call it at
 * once. Rejects RATCHET_POSTGRES_SCHEMA when an applied file was edited since, or the database is newer than this package.
 */
export async function migrate(target: Pool | string): Promise<{ readonly applied: readonly string[] }> {
  if (typeof target !== 'string') return migratePool(target);
  const pool = createPool(target, { applicationName: 'ratchet-migrate', max: 1, statementTimeoutMs: 0 });
  try {
    return await migratePool(pool);
  } finally {
    await pool.end();
  }
}

/** Rejects RATCHET_POSTGRES_SCHEMA unless exactly this package's migrations are applied. Changes nothing. */
export async function checkSchema(pool: Pool): Promise<void> {
  const migrations = await readMigrations();
  const missing = pending(migrations, await appliedMigrations(pool));
  const first = missing[0];
  if (first !== undefined) {
    throw new RatchetError(
      'RATCHET_POSTGRES_SCHEMA',
      `the database lacks ${first.name} and ${missing.length - 1} more`,
      {
        details: { missing: missing.map((m) => m.name) },
      },
    );
  }
}

async function migratePool(pool: Pool): Promise<{ readonly applied: readonly string[] }> {
  const migrations = await readMigrations();
  return inTransaction(pool, 'migrating', async (client) => {
    // One transaction for all: a failure half-way leaves the database as it was.
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query('SET LOCAL statement_timeout = 0');
    await client.query('CREATE SCHEMA IF NOT EXISTS ratchet');
    await client.query(`CREATE TABLE IF NOT EXISTS ratchet.schema_migrations (
      name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
    const todo = pending(migrations, await readApplied(client));
    for (const migration of todo) {
      await client.query(migration.sql);
      await client.query('INSERT INTO ratchet.schema_migrations (name, checksum) VALUES ($1, $2)', [
        migration.name,
        migration.checksum,
      ]);
    }
    return { applied: todo.map((m) => m.name) };
  });
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
}

async function appliedMigrations(pool: Pool): Promise<readonly Applied[]> {
  const [there] = await rows<{ there: boolean }>(
    pool,
    'checking the schema',
    `SELECT to_regclass('ratchet.schema_migrations') IS NOT NULL AS there`,
  );
  return there?.there === true ? readApplied(pool) : [];
}

function readApplied(on: Parameters<typeof rows>[0]): Promise<readonly Applied[]> {
  return rows<Applied>(
    on,
    'reading the schema version',
    'SELECT name, checksum FROM ratchet.schema_migrations ORDER BY name',
  );
}

function pending(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  const known = new Map(migrations.map((m) => [m.name, m]));
  for (const { name, checksum } of applied) {
    const ours = known.get(name);
    if (ours === undefined) {
      throw new RatchetError('RATCHET_POSTGRES_SCHEMA', `the database has ${name}, which this package does not know`, {
        hint: 'Upgrade temporal-ratchet to the version that migrated this database.',
        details: { applied: applied.map((a) => a.name) },
      });
    }
    if (ours.checksum !== checksum) {
      throw new RatchetError('RATCHET_POSTGRES_SCHEMA', `${name} was changed after it had been applied`, {
        hint: 'Restore the file; put the change into a new migration.',
        details: { expected: checksum, observed: ours.checksum },
      });
    }
  }
  const done = new Set(applied.map((a) => a.name));
  return migrations.filter((m) => !done.has(m.name));
}

export async function readMigrations(folder = migrationsFolder()): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{6}_[a-z0-9_]+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
      return { name: file.slice(0, -4), sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Beside this file when run from TypeScript; in the package's own folder when run from dist/. */
function migrationsFolder(): string {
  const candidates = [join(__dirname, 'migrations'), join(__dirname, '../../../adapters/postgres/migrations')];
  const found = candidates.find((folder) => existsSync(folder));
  if (found === undefined) {
    throw new RatchetError('RATCHET_SETUP', 'the migrations are not in the package', {
      hint: 'Install temporal-ratchet again; adapters/postgres/migrations is missing.',
    });
  }
  return found;
}
