import type { DataPolicy } from '../../core/policy';

const QUARTER_MS = 900_000;

/**
 * Names the cluster of an event time: its day (`2013-12-08`) or hour (`2013-12-08T17`) in the policy's zone; with `none`
 * every row is its own (`row-00000012`). Every zone's offset is a multiple of a quarter of an hour since 1972, so
 * one formatting serves all rows of a quarter.
 */
export function clusterNamer(
  data: Pick<DataPolicy, 'clusterBy' | 'timeZone'>,
): (eventTime: number, row: number) => string {
  if (data.clusterBy === 'none') return (_eventTime, row) => `row-${String(row).padStart(8, '0')}`;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: data.timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  const names = new Map<number, string>();
  return (eventTime) => {
    const quarter = Math.floor(eventTime / QUARTER_MS);
    const known = names.get(quarter);
    if (known !== undefined) return known;
    const parts = Object.fromEntries(format.formatToParts(quarter * QUARTER_MS).map((p) => [p.type, p.value]));
    const day = `${parts['year']}-${parts['month']}-${parts['day']}`;
    const name = data.clusterBy === 'day' ? day : `${day}T${parts['hour']}`;
    names.set(quarter, name);
    return name;
  };
}
