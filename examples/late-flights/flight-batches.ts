import type { EpochMs } from '../../core/model';
import type { Flight, FlightSource } from './warehouse';

const PAGE_ROWS = 5_000;

export interface BatchOptions {
  /** At most so many flights in one request. */
  readonly maxRows: number;
  /** Flights further apart than this (ms of event time) do not share a request. */
  readonly maxSpanMs: number;
}

/** The flights of [from, to) in event order, in groups fit for one request each. */
export async function* flightBatches(
  source: FlightSource,
  from: EpochMs,
  to: EpochMs,
  options: BatchOptions,
): AsyncGenerator<readonly Flight[]> {
  let batch: Flight[] = [];
  for (let last: Flight | null = null; ;) {
    const page: readonly Flight[] = await source.read(from, to, last, PAGE_ROWS);
    for (const flight of page) {
      const first = batch[0];
      const isFull = batch.length >= options.maxRows;
      if (first !== undefined && (isFull || flight.eventTime - first.eventTime > options.maxSpanMs)) {
        yield batch;
        batch = [];
      }
      batch.push(flight);
    }
    last = page.at(-1) ?? null;
    if (last === null || page.length < PAGE_ROWS) break;
  }
  if (batch.length > 0) yield batch;
}
