import type { CountPlan, FeatureCounts, WindowCounts } from '../../core/drift/window-counts';
import type { ModelContract } from '../../core/model';
import { rows, type Queryable } from './database';
import {
  ANSWER,
  categoricalCounts,
  nothingOf,
  numberStatements,
  numericCounts,
  sourcesOf,
  stringStatement,
  type CountSources,
  type StringCountRow,
} from './count-statements';
import { HOUR_MS, type ServedRows } from './served-rows';

type NumberRow = Readonly<Record<string, readonly (number | null)[]>> & {
  readonly hour: number;
  readonly rows: number;
};

interface CountedHour {
  readonly rows: number;
  readonly counts: Map<string, FeatureCounts>;
}

/**
 * Counts the rows by UTC hour, one statement for the numbers and one for the strings (numbers again when a column holds
 * values that are not finite, which the first, faster statement cannot leave out). Hours without rows are absent.
 */
export async function countHours(
  on: Queryable,
  served: ServedRows,
  contract: ModelContract,
  plan: CountPlan,
): Promise<ReadonlyMap<number, WindowCounts>> {
  const sources = sourcesOf(contract, plan.features, plan.prediction);
  const hours =
    (await countNumbers(on, served, sources.numbers, false)) ??
    (await countNumbers(on, served, sources.numbers, true)) ??
    new Map<number, CountedHour>();
  await countStrings(on, served, sources.strings, hours);
  return new Map([...hours].map(([hour, counted]) => [hour, windowOf(plan, hour, counted)]));
}

async function countNumbers(
  on: Queryable,
  served: ServedRows,
  sources: CountSources['numbers'],
  onlyFinite: boolean,
): Promise<Map<number, CountedHour> | null> {
  const hours = new Map<number, CountedHour>();
  for (const statement of numberStatements(served, sources, onlyFinite)) {
    for (const row of await rows<NumberRow>(on, 'counting a window', statement.text)) {
      const counted = hours.get(row.hour) ?? { rows: row.rows, counts: new Map<string, FeatureCounts>() };
      hours.set(row.hour, counted);
      for (const [i, { name }] of statement.sources.entries()) {
        const counts = numericCounts(row.rows, row[`c${i}`] ?? []);
        if (counts === null) return null;
        counted.counts.set(name, counts);
      }
    }
  }
  return hours;
}

async function countStrings(
  on: Queryable,
  served: ServedRows,
  sources: CountSources['strings'],
  hours: ReadonlyMap<number, CountedHour>,
): Promise<void> {
  const statement = stringStatement(served, sources);
  if (statement === null) return;
  const groups = new Map<string, StringCountRow[]>();
  for (const row of await rows<Omit<StringCountRow, 'hour'> & { hour: number }>(on, 'counting categories', statement)) {
    const key = `${row.hour}/${row.col}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  for (const [hour, counted] of hours) {
    sources.forEach(({ name }, col) => {
      counted.counts.set(name, categoricalCounts(counted.rows, groups.get(`${hour}/${col}`) ?? []));
    });
  }
}

function windowOf(plan: CountPlan, hour: number, { rows: n, counts }: CountedHour): WindowCounts {
  const { key: planKey, features, prediction } = plan;
  return {
    schemaVersion: 1,
    planKey,
    from: hour,
    to: hour + HOUR_MS,
    rows: n,
    hours: [{ start: hour, rows: n }],
    // What the log has no column for is left out, never counted as zeros.
    features: Object.fromEntries(
      features.flatMap(({ name }) => {
        const found = counts.get(name);
        return found === undefined ? [] : [[name, found] as const];
      }),
    ),
    prediction: prediction === null ? null : (counts.get(ANSWER) ?? null),
  };
}

/** The counts of no rows. */
export function noCounts(contract: ModelContract, plan: CountPlan, from: number, to: number): WindowCounts {
  const { numbers, strings } = sourcesOf(contract, plan.features, plan.prediction);
  const counts = new Map(
    [...numbers, ...strings].map(({ name, plan: feature }) => [name, nothingOf(feature)] as const),
  );
  return { ...windowOf(plan, from, { rows: 0, counts }), from, to, hours: [] };
}
