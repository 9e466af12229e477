import type { CustomTypesConfig, Pool, PoolConfig } from 'pg';
import { pg } from './peers';

export interface PoolOptions {
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Most connections. Default 10. */
  readonly max?: number;
  /** Longest one statement, milliseconds. Default 30 000; 0: no limit. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for a connection, milliseconds. Default 5 000. */
  readonly connectTimeoutMs?: number;
  /** Told about connections that die while idle; they are replaced by themselves. */
  readonly onIdleError?: (error: Error) => void;
}

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

/**
 * A connection pool whose results hold no surprises: bigint as a number (refused beyond 2^53), timestamps and dates as
 * milliseconds since 1970 (those without a zone are read as UTC), whatever the zone of this process or of the server.
 */
export function createPool(url: string, options: PoolOptions): Pool {
  const config: PoolConfig = {
    connectionString: url,
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    // A transaction that its process forgot must not hold locks for ever.
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    types: RESULT_TYPES,
  };
  const pool = new pg.Pool(config);
  // Without a listener an idle connection's death would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  // A connection in use has only this one: its statement rejects, and that is enough.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Reads PostgreSQL's ISO text of a timestamp or date as milliseconds since 1970; infinities stay infinities. */
export function parseTimestamp(text: string): number {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const match = /^(\d{4,6}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(\.\d+)?)?([+-]\d\d(?::?\d\d)?)?$/.exec(text);
  if (match === null) return NaN;
  const [, day, time = '00:00:00', fraction = '', zone = 'Z'] = match;
  const offset = zone === 'Z' || zone.length > 3 ? zone : `${zone}:00`;
  const whole = Date.parse(`${day}T${time}${offset}`);
  // Date.parse keeps three digits; PostgreSQL has six.
  return fraction === '' ? whole : whole + Number(`0${fraction}`) * 1000;
}

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53`);
  return value;
}

const RESULT_TYPES: CustomTypesConfig = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') => {
    if (format !== 'binary') {
      if (id === INT8) return parseBigint;
      if (id === TIMESTAMPTZ || id === TIMESTAMP || id === DATE) return parseTimestamp;
    }
    return pg.types.getTypeParser(id, format) as unknown;
  }) as CustomTypesConfig['getTypeParser'],
};
